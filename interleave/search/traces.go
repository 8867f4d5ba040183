package search

import (
	"context"
	"errors"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Traced is what making one run of every trace came to.
type Traced struct {
	Verdict model.Verdict
	Why     error    // of Undecided: what ended it
	Found   *Finding // of Violated: the first one, not made small
	Runs    int      // that were made
	Blocked int      // of them, those that were given up: another run stands for them
}

// errLong is why traces stay undecided that have runs of too many steps.
var errLong = errors.New("some runs take more steps than a run may")

// Traces makes one run of every trace of the trial on the machine: of all runs
// that differ only in the order of steps that do not conflict, one. Where a run
// is dear, with real processes, that takes fewer runs than there are schedules by
// orders of magnitude. The property must be one that is about the clients'
// history (not Replays). It ends with the first violation.
func Traces(ctx context.Context, t *trial.Trial, m sys.Machine, p model.Property) (Traced, error) {
	d := interleave.NewDPOR(m, interleave.MaxSteps)
	judge := NewJudge(m.Profile(), []model.Property{p})
	var runner interleave.Runner
	defer runner.Close()
	r := Traced{Verdict: model.Holds}
	for more := true; more; more = d.Next() {
		if ctx.Err() != nil {
			r.Verdict, r.Why = model.Undecided, context.Cause(ctx)
			break
		}
		out, err := runner.Run(t, m, d)
		if err != nil {
			return r, err
		}
		if r.Found, err = judge.Judge(t, out); err != nil || r.Found != nil {
			r.Verdict = model.Violated
			r.Runs, r.Blocked = d.Runs(), d.Blocked()
			return r, err
		}
	}
	r.Runs, r.Blocked = d.Runs(), d.Blocked()
	if r.Verdict == model.Holds && (d.Pruned() || judge.Undecided > 0) {
		r.Verdict, r.Why = model.Undecided, errLong
	}
	return r, nil
}

// ShrinkInMemory is Shrink on the simulated machine of the finding's file system.
func ShrinkInMemory(ctx context.Context, f *Finding) (*Shrunk, error) {
	s, err := Shrink(ctx, f, solo(f.Profile))
	return &s, err
}
