package search

import (
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// trimmed returns the finding without what its schedule never came to: the
// acquires that no client began, and faults that the budget allowed and nobody
// met.
func trimmed(f *Finding) *Finding {
	t := *f
	t.Trial.Budget = trial.Spent(f.Steps)
	t.Trial.Clients = slices.Clone(f.Trial.Clients)
	for i, c := range t.Trial.Clients {
		if harmed(f.Steps, c.Proc) {
			continue // who has nothing left to do cannot be killed or stopped
		}
		t.Trial.Clients[i].Work = begun(c.Work, acquires(f.History, c.Name()))
	}
	return &t
}

// harmed reports whether the process is killed or stopped.
func harmed(steps []trial.Step, proc int) bool {
	return slices.ContainsFunc(steps, func(s trial.Step) bool {
		return (s.Env == trial.Kill || s.Env == trial.Pause) && s.Proc == proc
	})
}

// acquires returns how many acquires the client began.
func acquires(h history.History, client string) int {
	n := 0
	for _, e := range h {
		if e.Process == client && e.Kind == history.Invoke && history.IsAcquire(e.F) {
			n++
		}
	}
	return n
}

// begun returns the workload up to the release of its n-th acquire. What comes
// before the first acquire stays.
func begun(w trial.Workload, n int) trial.Workload {
	for i, a := range w {
		if _, acquires := a.Verb.Acquires(); acquires {
			if n--; n < 0 {
				return w[:i]
			}
		}
		if n == 0 && a.Verb == trial.Unlock {
			return w[:i+1]
		}
	}
	return w
}
