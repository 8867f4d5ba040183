#!/usr/bin/python3
import sys, filelock
lock = filelock.FileLock(sys.argv[1], timeout=0.1)
try:
    with lock:
        print("acquired", flush=True)
    print("released", flush=True)
except filelock.Timeout:
    print("timeout", flush=True)
