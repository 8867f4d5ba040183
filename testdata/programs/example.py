#!/usr/bin/python3
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("acquired", flush=True)
file.close()
print("released", flush=True)
