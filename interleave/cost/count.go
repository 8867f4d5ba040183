package cost

import (
	"fmt"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Calls counts the system calls of a client's first pair in an empty directory,
// and of a pair that finds what the one before it left.
func Calls(e lock.Entry) (first, pair int, err error) {
	const once = "lock inside unlock"
	if first, err = callsOf(e, once); err != nil {
		return 0, 0, err
	}
	both, err := callsOf(e, once+" "+once)
	return first, both - first, err
}

// callsOf counts the calls of a client alone, and of the threads that lock code
// starts for it, in memory.
func callsOf(e lock.Entry, work string) (n int, err error) {
	w, err := trial.ParseWorkload(work)
	if err != nil {
		return 0, err
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{w}, 1)}
	out, err := interleave.Run(t, sim.Machine{Rules: sim.RulesOf("tmpfs")}, interleave.RoundRobin{})
	if err != nil {
		return 0, err
	}
	if out.End != interleave.Finished {
		return 0, fmt.Errorf("alone: the client does not come to an end: %v", out.End)
	}
	for _, event := range out.History {
		if event.Kind == history.Fail {
			return 0, fmt.Errorf("alone: %s fails: %s", event.F, event.Error)
		}
	}
	for _, s := range out.Steps {
		if s.Env == trial.None && isReal(s.Call.Op) {
			n++
		}
	}
	return n, nil
}

// isReal reports whether the operation is a system call. Clocks are read
// without one; a sleep is one but does no work; threads are the language's.
func isReal(op sys.Op) bool {
	switch op {
	case sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame, sys.OpSleep,
		sys.OpGo, sys.OpJoin, sys.OpCancel, sys.OpCancelled, sys.OpInside, sys.OpInterrupt, sys.OpKill:
		return false
	}
	return !op.InMemory()
}
