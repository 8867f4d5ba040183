#!/usr/bin/python3
import sys, portalocker
lock = portalocker.Lock(sys.argv[1], timeout=0.5)
try:
    with lock:
        print("acquired", flush=True)
    print("released", flush=True)
except portalocker.LockException:
    print("timeout", flush=True)
