#!/usr/bin/python3
import sys, fasteners
lock = fasteners.InterProcessLock(sys.argv[1])
if lock.acquire(timeout=0.1):
    print("acquired", flush=True)
    lock.release()
    print("released", flush=True)
else:
    print("timeout", flush=True)
