#!/bin/sh
flock "$1" echo acquired && echo released
