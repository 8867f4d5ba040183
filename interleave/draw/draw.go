// Package draw lets rapid draw trials and schedules.
//
// rapid shrinks towards zero, so every draw is coded so that zero means the
// least: the fewest clients, one acquire, a plain lock, the same thread goes
// on, no fault, no jump.
package draw

import (
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Bounds say what trials may be drawn.
type Bounds struct {
	Lock       lock.Entry
	Config     lock.Config
	MinClients int // at least 1
	MaxClients int
	Acquires   int           // of each client, at most
	Threads    int           // how many clients share the first process; 0 and 1 mean none do
	Starts     [][]sys.Entry // one of them
	Budget     trial.Budget
	Skew       time.Duration // of the file server's clock
	Work       time.Duration // how long a holder may work inside, and others rest; 0: steps only
}

// Trials returns a generator of trials within the bounds.
func Trials(b Bounds) *rapid.Generator[*trial.Trial] {
	return rapid.Custom(func(t *rapid.T) *trial.Trial {
		n := rapid.IntRange(b.MinClients, b.MaxClients).Draw(t, "clients")
		works := make([]trial.Workload, n)
		for i := range works {
			works[i] = workload(t, b)
		}
		return &trial.Trial{
			Lock:    b.Lock,
			Config:  b.Config,
			Start:   b.Starts[rapid.IntRange(0, len(b.Starts)-1).Draw(t, "start")],
			Clients: trial.Place(works, min(b.Threads, n)),
			Budget:  b.Budget,
			Skew:    b.Skew,
		}
	})
}

func workload(t *rapid.T, b Bounds) trial.Workload {
	var w trial.Workload
	for range rapid.IntRange(1, b.Acquires).Draw(t, "acquires") {
		if b.Work > 0 && rapid.Bool().Draw(t, "rests") {
			w = append(w, trial.Action{Verb: trial.Rest, Dur: max(b.Config.Stale, time.Second)})
		}
		verb := rapid.SampledFrom(acquires(b.Lock)).Draw(t, "verb")
		inside := trial.Action{Verb: trial.Inside}
		if b.Work > 0 && rapid.Bool().Draw(t, "works") {
			inside = trial.Action{Verb: trial.Work, Dur: b.Work}
		}
		w = append(w, trial.Action{Verb: verb}, inside, trial.Action{Verb: trial.Unlock})
	}
	return w
}

// acquires returns the ways in which the lock can be asked for, the plain one
// first.
func acquires(e lock.Entry) []trial.Verb {
	verbs := []trial.Verb{trial.Lock}
	if e.Waits {
		verbs = append(verbs, trial.TryLock)
	}
	if e.Readers {
		verbs = append(verbs, trial.RLock)
	}
	return verbs
}

// A Chooser takes its choices from rapid's draws. Menus begin with the thread
// that took the last step and end with faults, so rapid's zero means: the same
// thread goes on, no fault, no jump.
type Chooser struct{ T *rapid.T }

// Choose implements interleave.Chooser.
func (c Chooser) Choose(m *interleave.Menu) (int, error) {
	if len(m.Options) == 1 {
		return 0, nil
	}
	return rapid.IntRange(0, len(m.Options)-1).Draw(c.T, "step"), nil
}

// Took implements interleave.Chooser.
func (Chooser) Took(trial.Step) error { return nil }

// Runner returns the runner in which rapid draws both the trial and the
// schedule of each run, from the seed and the run's number.
func Runner(b Bounds, seed int) search.Runner {
	return func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
		var t *trial.Trial
		var out interleave.Outcome
		var err error
		rapid.Custom(func(r *rapid.T) bool {
			t = Trials(b).Draw(r, "trial")
			out, err = interleave.Run(t, m, Chooser{r})
			return true
		}).Example(seed<<32 + n)
		return t, out, err
	}
}

// Schedules returns the runner in which rapid draws the schedule of each run of the
// trial, from the seed and the run's number.
func Schedules(t *trial.Trial, seed int) search.Runner {
	return func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
		var out interleave.Outcome
		var err error
		rapid.Custom(func(r *rapid.T) bool {
			out, err = interleave.Run(t, m, Chooser{r})
			return true
		}).Example(seed<<32 + n)
		return t, out, err
	}
}

// Delays returns a generator of n pauses of at most the given length, for runs
// without gates.
func Delays(n int, longest time.Duration) *rapid.Generator[[]time.Duration] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(longest)).Draw(t, "delay"))
	}), n, n)
}
