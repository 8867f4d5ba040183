//go:build linux && (amd64 || arm64)

package trace

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data of linux/seccomp.h.
const (
	dataNumber  = 0
	dataMachine = 4
	dataArgs    = 16
)

// A condition is the part of a filter that says of a call, whose number is known,
// whether to stop it. It ends with one of both answers.
type condition func() []unix.SockFilter

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func loadArg(i int) unix.SockFilter { return load(uint32(dataArgs + 8*i)) }

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

// tell ends the filter: the call is stopped, or not. Why is what the tracer finds.
func tell(stops bool, why uint32) unix.SockFilter {
	if stops {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_TRACE | why}
	}
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
}

// given: the argument is a pointer to something.
func given(arg int) condition {
	return func() []unix.SockFilter {
		high := loadArg(arg)
		high.K += 4
		return []unix.SockFilter{
			loadArg(arg), jump(unix.BPF_JEQ, 0, 0, 2),
			high, jump(unix.BPF_JEQ, 0, 1, 0),
			tell(true, 0), tell(false, 0),
		}
	}
}

// positive: the argument is a number above 0.
func positive(arg int) condition {
	return func() []unix.SockFilter {
		return []unix.SockFilter{
			loadArg(arg), jump(unix.BPF_JEQ, 0, 2, 0), jump(unix.BPF_JGT, 1<<31-1, 1, 0),
			tell(true, 0), tell(false, 0),
		}
	}
}

// among: the argument is one of these.
func among(arg int, these ...int) condition {
	return func() []unix.SockFilter {
		f := []unix.SockFilter{loadArg(arg)}
		for i, n := range these {
			f = append(f, jump(unix.BPF_JEQ, uint32(n), uint8(len(these)-i), 0))
		}
		return append(f, tell(false, 0), tell(true, 0))
	}
}

// The commands of futex(2) that wait; flags are above.
const (
	futexWait       = 0
	futexWaitBitset = 9
	futexCommands   = 127
)

// futexWaits: it is a wait, and has a time-out.
func futexWaits() []unix.SockFilter {
	f := []unix.SockFilter{
		loadArg(1), {Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: futexCommands},
		jump(unix.BPF_JEQ, futexWait, 2, 0), jump(unix.BPF_JEQ, futexWaitBitset, 1, 0), tell(false, 0),
	}
	return append(f, given(3)()...)
}

// foreign is what the tracer finds where the call is not of this machine's kind.
const foreign = 1

// filter returns what stops the calls of these classes. Calls of another machine's
// kind, as 32-bit programs make them, are all stopped.
func filter(classes ...class) []unix.SockFilter {
	f := []unix.SockFilter{load(dataMachine), jump(unix.BPF_JEQ, machine, 1, 0), tell(true, foreign), load(dataNumber)}
	if alien != 0 {
		f = append(f, jump(unix.BPF_JGE, alien, 0, 1), tell(true, foreign))
	}
	for _, nr := range slices.Sorted(maps.Keys(specs)) {
		s := specs[nr]
		if !slices.Contains(classes, s.class) {
			continue
		}
		then := []unix.SockFilter{tell(true, 0)}
		if s.when != nil {
			then = s.when()
		}
		f = append(append(f, jump(unix.BPF_JEQ, uint32(nr), 0, uint8(len(then)))), then...)
	}
	return append(f, tell(false, 0))
}
