package search

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Few is what running the schedules with few switches came to.
type Few struct {
	Verdict  model.Verdict // Holds: of every schedule with so few
	Why      error         // of Undecided: what ended it
	Found    *Finding      // of Violated: no schedule with fewer switches shows it
	Shortest bool          // and none with as many that has fewer steps
	Runs     int           // that were made
	First    int           // of Violated: the run that showed it first
	Took     time.Duration // until then
	Switches int           // every schedule with at most so many was run; -1: none
	All      bool          // and there are no others

	Acquired  int // runs in which somebody had the lock
	Contended int // runs in which somebody asked for it while another had it
}

// FewSwitches runs every schedule of the trial on the machine that has at most so
// many switches: first those without any, then those with one, and so on. Most races
// need two to five. It ends with the first bound that shows a violation of the
// property, and with the shortest schedule that does, if that is found in as much
// time again as the first one took.
//
// The error is an [interleave.Unsteady] where the same choices do not lead to the
// same steps.
func FewSwitches(ctx context.Context, t *trial.Trial, m sys.Machine, p model.Property, most int) (Few, error) {
	r := Few{Verdict: model.Holds, Switches: -1}
	var runner interleave.Runner
	defer runner.Close()
	f := &few{began: time.Now(), ctx: ctx, trial: t, machine: m, judge: NewJudge(m.Profile(), []model.Property{p}), runner: &runner, Few: &r}
	for bound := 0; bound <= most && r.Verdict == model.Holds && !r.All; bound++ {
		if err := f.bound(bound); err != nil {
			return r, err
		}
	}
	if r.Verdict == model.Holds && f.judge.Undecided > 0 {
		r.Verdict, r.Why = model.Undecided, errUnjudged
	}
	return r, nil
}

// errUnjudged is why schedules stay undecided that all were run.
var errUnjudged = errors.New("some histories could not be judged in time")

type few struct {
	began   time.Time
	ctx     context.Context
	trial   *trial.Trial
	machine sys.Machine
	judge   *Judge
	runner  *interleave.Runner
	*Few
}

// bound runs the schedules with at most so many switches.
func (f *few) bound(switches int) error {
	b := interleave.NewBounded(switches, interleave.MaxSteps)
	for more := true; more; more = b.Next() {
		switch {
		case f.Found != nil && (f.ctx.Err() != nil || time.Since(f.began) > 2*f.Took+time.Second):
			f.Switches = switches - 1
			return nil
		case f.ctx.Err() != nil:
			f.Verdict, f.Why = model.Undecided, context.Cause(f.ctx)
			return nil
		}
		out, err := f.runner.Run(f.trial, f.machine, b)
		if err != nil {
			return err
		}
		f.Runs++
		f.count(out.History)
		found, err := f.judge.Judge(f.trial, out)
		if err != nil {
			return err
		}
		if found != nil {
			if f.Found == nil {
				f.First, f.Took = f.Runs, time.Since(f.began)
			}
			f.Verdict, f.Found = model.Violated, found
			b.Shorten(len(found.Steps) - 1)
		}
	}
	f.Switches, f.All = switches, !b.Pruned()
	f.Shortest = f.Found != nil
	if f.Found != nil {
		f.Switches, f.All = switches-1, false
	}
	return nil
}

// count takes a run's history into account.
func (f *few) count(h history.History) {
	if slices.ContainsFunc(h, func(e history.Event) bool { return e.Kind == history.Ok && history.IsAcquire(e.F) }) {
		f.Acquired++
	}
	if contended(h) {
		f.Contended++
	}
}

// contended reports whether a client asked for the lock while another held it, or
// still asked when another got it.
func contended(h history.History) bool {
	asks, holds := map[string]bool{}, map[string]bool{}
	for _, e := range h {
		acquires := history.IsAcquire(e.F)
		switch {
		case e.Kind == history.Invoke && acquires:
			asks[e.Process] = true
		case e.Kind == history.Ok && acquires:
			holds[e.Process] = true
			delete(asks, e.Process)
		default: // the operation under way is over, or the client
			delete(asks, e.Process)
			if e.Kind != history.Invoke && e.Kind != history.Fail {
				delete(holds, e.Process)
			}
		}
		if len(holds) > 0 && len(asks) > 0 {
			return true
		}
	}
	return false
}
