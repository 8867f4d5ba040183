#!/bin/sh
# run.sh searches every state of posixage-v1.pml with Spin, and prints what pan
# reports, the time and the peak memory of the search alone.
#
#	run.sh N [-Dname...] [pan option...]
#
#	run.sh 4                        4 processes
#	run.sh 4 -DPLAIN                without what the model does to be small
#	run.sh 4 -DPLAIN -DNOREDUCE     nor partial-order reduction: every state
#	run.sh 6 -w27                   a larger hash table
#
# Options that begin with -D go to spin and to the compiler, the others to pan.
# Needs spin (written with 6.5.2) and a C compiler.
#
# How pan is built was chosen for time, at N=5 and -w22. CPU seconds, the best
# of three (0.3 more or less means nothing), and peak memory:
#
#	-O2                                  1.9   115 MB
#	-O3                                  1.7   115 MB
#	-O2 -march=native                    1.5   115 MB, and 1.7 at another time
#	-O2 -DSFH                            1.7   115 MB   a faster hash function
#	-O2 -DNOBOUNDCHECK                   1.7   115 MB
#	-O2 -DNOCOMP                         1.8   173 MB   states are not packed
#	-O2 -DSFH -DNOBOUNDCHECK             1.8   115 MB
#	-O2 -DSFH -DNOBOUNDCHECK -DNOCOMP    1.6   173 MB   used here
#	-O2 -DSFH -DNOBOUNDCHECK -DCOLLAPSE  2.5    97 MB
#	-O2 -DNOBOUNDCHECK -DMA=60           13     26 MB   a minimized automaton
#
# -DSAFETY is for searches without cycles. The hash table has 2 to the w slots;
# w is chosen by N, and any that is near does as well. -m bounds the depth,
# which is 48 for N=5. -c0 goes on behind a violated assertion and counts it,
# -E takes every end of a process for valid, -n leaves out the listing of
# unreached code.

set -eu

if [ $# -lt 1 ]; then
	echo "usage: $0 N [-Dname...] [pan option...]" >&2
	exit 2
fi
n=$1
shift
model=$(cd "$(dirname "$0")" && pwd)/posixage-v1.pml

case $n in
2 | 3 | 4) hash=-w18 ;;
5) hash=-w22 ;;
*) hash=-w26 ;;
esac

defines= options=
for o; do
	case $o in
	-D*) defines="$defines $o" ;;
	*) options="$options $o" ;;
	esac
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir"

# Unquoted on purpose: each option is a word.
spin -a -DN="$n" $defines "$model"
${CC:-gcc} -O2 -w -DSAFETY -DNOCOMP -DSFH -DNOBOUNDCHECK -DMEMLIM="${MEMLIM:-12000}" $defines -o pan pan.c

set -- ./pan -c0 -E -n -m10000 $hash $options
if env time -f '' true 2>/dev/null; then
	env time -f 'wall %e s, cpu %U+%S s, peak memory %M kB' "$@"
else
	"$@" # pan says itself how long it took, and how much memory it counts
fi
