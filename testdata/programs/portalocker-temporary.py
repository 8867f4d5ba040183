#!/usr/bin/python3
import sys, portalocker
lock = portalocker.TemporaryFileLock(sys.argv[1])
try:
    with lock:
        print("acquired", flush=True)
    print("released", flush=True)
except portalocker.AlreadyLocked:
    print("busy", flush=True)
