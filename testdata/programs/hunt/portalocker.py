#!/usr/bin/python3
import os, sys, portalocker
try:
    with portalocker.TemporaryFileLock(sys.argv[1]):
        os.mkdir(sys.argv[1] + ".inside")  # which fails where somebody is inside
        os.rmdir(sys.argv[1] + ".inside")
except portalocker.AlreadyLocked:
    print("busy")
except FileExistsError:
    print("violated")
