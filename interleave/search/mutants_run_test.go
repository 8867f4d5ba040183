package search_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// The tests of this file hold runs to what they must be, whatever the lock:
// each is there for a flaw that would make Ghostlock blind, and was seen to
// fail with that flaw put in.

// everyRun calls check with runs of every lock, by every strategy that draws,
// within the budget.
func everyRun(t *testing.T, b trial.Budget, check func(*testing.T, *trial.Trial, interleave.Outcome)) {
	t.Helper()
	for _, e := range program.Locks() {
		m := mutant{base: e, bounds: draw.Bounds{Budget: b}}
		trials := m.trials(t, e, 1)
		for _, s := range interleave.Strategies()[:3] {
			run := search.Sampled(trials, s, 7)
			for n := range 40 {
				tr, out, err := run(n, mutantMachine)
				if err != nil {
					t.Fatalf("%s, %s, schedule %d: %v", e.Name, s.Name, n+1, err)
				}
				if check(t, tr, out); t.Failed() {
					t.Fatalf("%s, %s, schedule %d:\n%s", e.Name, s.Name, n+1, (&trial.Case{Trial: *tr, Steps: out.Steps}).Format())
				}
			}
		}
	}
}

var fullBudget = trial.Budget{Kills: 1, Pauses: 2, Jumps: 2, Errors: 2, Unlinks: 1}

// An operation's interval is as short as can be: its invocation comes right
// before the client's first step in it, its response right after the last.
func TestMutantHistoriesAreTight(t *testing.T) {
	everyRun(t, trial.Budget{}, func(t *testing.T, tr *trial.Trial, out interleave.Outcome) {
		for i, e := range out.History {
			at := out.After[i]
			if e.Kind != history.Invoke {
				at--
			}
			if out.Steps[at].Thread != e.Process {
				t.Errorf("found event %d, %s, at the step %s", i, e, out.Steps[at])
			}
		}
	})
}

// Without jumps time passes only when nobody could go on, and then to the
// first instant at which somebody can: so nobody ever sleeps too long.
func TestMutantTimeIsTimely(t *testing.T) {
	timely := fullBudget
	timely.Jumps, timely.Pauses = 0, 0
	everyRun(t, timely, func(t *testing.T, _ *trial.Trial, out interleave.Outcome) {
		var now time.Duration
		for i, s := range out.Steps {
			if s.Env == trial.Time {
				now += s.Dur
			}
			if end := s.Call.At.Mono + s.Call.Dur; s.Env == trial.None && s.Call.Op == sys.OpSleep && now != end {
				t.Errorf("step %d: found a sleep until %s ending at %s", i+1, end, now)
			}
		}
	})
	for _, e := range program.Locks() {
		m := mutant{base: e, works: []string{"lock work 31s unlock", "rest 5s lock inside unlock"}}
		if _, err := interleave.Run(m.trials(t, e, 1)[0], mutantMachine, untimely{}); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// untimely takes turns, and fails where time could pass while a thread could
// go on.
type untimely struct{ interleave.RoundRobin }

func (u untimely) Choose(m *interleave.Menu) (int, error) {
	for _, o := range m.Options {
		if o.Env == trial.Time && m.Threads > 0 {
			return 0, fmt.Errorf("step %d: found time on a menu of %d threads", m.Step+1, m.Threads)
		}
	}
	return u.RoundRobin.Choose(m)
}

// The environment does no more than it may, and all that it may does happen.
func TestMutantBudgetsAreSpent(t *testing.T) {
	most := map[string]int{}
	everyRun(t, fullBudget, func(t *testing.T, tr *trial.Trial, out interleave.Outcome) {
		spent := map[string]int{}
		for _, s := range out.Steps {
			switch {
			case s.Env == trial.Kill || s.Env == trial.Pause || s.Env == trial.Jump || s.Env == trial.Unlinked:
				spent[fmt.Sprint("env ", s.Env)]++
			case s.Ret.Fault:
				spent["error"]++
			}
		}
		for what, n := range spent {
			most[what] = max(most[what], n)
		}
	})
	wanted := map[string]int{
		fmt.Sprint("env ", trial.Kill): 1, fmt.Sprint("env ", trial.Pause): 2, fmt.Sprint("env ", trial.Jump): 2,
		fmt.Sprint("env ", trial.Unlinked): 1, "error": 2,
	}
	if !maps.Equal(most, wanted) {
		t.Errorf("found at most %v, wanted %v", most, wanted)
	}
}

// Who is paused takes no step, and who was killed takes none either.
func TestMutantStoppedStayStopped(t *testing.T) {
	everyRun(t, fullBudget, func(t *testing.T, tr *trial.Trial, out interleave.Outcome) {
		stopped := map[int]bool{}
		for i, s := range out.Steps {
			switch s.Env {
			case trial.Pause, trial.Kill:
				stopped[s.Proc] = true
			case trial.Resume:
				delete(stopped, s.Proc)
			case trial.None:
				if stopped[tr.Clients[tr.ClientOf(s.Thread)].Proc] {
					t.Errorf("step %d: found %s going on", i+1, s.Thread)
				}
			}
		}
	})
}

// A call that the environment makes fail is not carried out: the next open gets
// the descriptor that the failed one did not, and what is there is told by stat.
func TestMutantFaultsDoNothing(t *testing.T) {
	everyRun(t, trial.Budget{Errors: 2}, func(t *testing.T, tr *trial.Trial, out interleave.Outcome) {
		open := map[string]int{}
		for i, s := range out.Steps {
			// (That a failed close leaves its descriptor open is not counted on.)
			if s.Call.Op == sys.OpClose && s.Ret.Fault {
				return
			}
			if s.Ret.Err != 0 {
				continue
			}
			switch s.Call.Op {
			case sys.OpOpen:
				if want := int64(3 + open[s.Thread]); s.Ret.N != want {
					t.Errorf("step %d: found descriptor %d, wanted %d", i+1, s.Ret.N, want)
				}
				open[s.Thread]++
			case sys.OpClose:
				if s.Call.FD != 3 {
					return
				}
				open[s.Thread]--
			}
		}
	})
}

// A wait in the kernel ends when it is granted, and not before; a kill gives
// what the process had locked to those who wait.
func TestMutantWaitersAreServed(t *testing.T) {
	e := mutantBase("ktstr-block")
	m := mutant{base: e, bounds: draw.Bounds{Budget: trial.Budget{Kills: 1}}}
	run := search.Sampled(m.trials(t, e, 3), interleave.Strategies()[1], 3)
	for n := range 500 {
		tr, out, err := run(n, mutantMachine)
		if err != nil {
			t.Fatal(err)
		}
		waits := slices.ContainsFunc(out.Steps, func(s trial.Step) bool { return s.Ret.Wait })
		if out.End != interleave.Finished || waits {
			t.Fatalf("schedule %d: found it %s, asked in vain %t\n%s", n+1, out.End, waits, (&trial.Case{Trial: *tr, Steps: out.Steps}).Format())
		}
	}
}

// Each strategy lets every client be first, and last.
func TestMutantStrategiesLeaveNobodyOut(t *testing.T) {
	e := mutantBase("ctx-v2")
	one := "lock inside unlock"
	m := mutant{base: e, works: []string{one, one, one}}
	for _, s := range interleave.Strategies()[:3] {
		run := search.Sampled(m.trials(t, e, 1), s, 1)
		orders := map[string]bool{}
		for n := range 500 {
			_, out, err := run(n, mutantMachine)
			if err != nil {
				t.Fatal(err)
			}
			var order []string
			for _, s := range out.Steps {
				if !slices.Contains(order, s.Thread) {
					order = append(order, s.Thread)
				}
			}
			orders[fmt.Sprint(order)] = true
		}
		if len(orders) != 6 {
			t.Errorf("%s: found first steps in the orders %v, wanted 6 orders of 3 clients", s.Name, slices.Sorted(maps.Keys(orders)))
		}
	}
}

// The starts idle and leftover are older than what any lock calls stale.
func TestMutantStartsAreOld(t *testing.T) {
	for _, e := range program.Locks() {
		for _, name := range []string{"idle", "leftover"} {
			files, err := interleave.MakeStart(name, &trial.Trial{Lock: e, Config: e.Defaults})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if f.Age <= e.Defaults.Stale || f.Age < interleave.OldAge {
					t.Errorf("%s, %s: found %s", e.Name, name, trial.FormatEntry(f))
				}
			}
		}
	}
}
