#!/bin/sh
if mkdir "$1" 2>/dev/null; then
	echo acquired
	rmdir "$1"
	echo released
else
	echo busy
fi
