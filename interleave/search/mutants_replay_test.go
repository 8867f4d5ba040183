package search_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A client that goes on alone is alone: what another has locked stays locked.
func TestMutantAloneIsAlone(t *testing.T) {
	e := mutantBase("ktstr-block")
	m := mutant{base: e, works: []string{"lock inside unlock", "lock inside unlock"}}
	tr := m.trials(t, e, 1)[0]
	out, err := interleave.Run(tr, mutantMachine, interleave.NewBounded(1, 99))
	if err != nil {
		t.Fatal(err)
	}
	inside := slices.IndexFunc(out.Steps, func(s trial.Step) bool { return s.Call.Op == sys.OpInside })
	released := slices.IndexFunc(out.Steps, func(s trial.Step) bool { return s.Thread == "p1" })
	if inside < 0 || released < inside {
		t.Fatalf("found the steps %v, wanted p0's and then p1's", out.Steps)
	}
	if got, returned, err := interleave.Alone(tr, mutantMachine, out.Steps[:inside], 1, nil); returned || err != nil {
		t.Errorf("found %s, %v, wanted p1 to wait for ever for p0, which is stopped", got, err)
	}
	if got, returned, err := interleave.Alone(tr, mutantMachine, out.Steps[:released], 1, nil); !returned || got.Kind != history.Ok || err != nil {
		t.Errorf("found %s, %t, %v, wanted p1 to get what p0 released", got, returned, err)
	}
}

// Replay checks every call before it is made, and every answer.
func TestMutantReplaysAreChecked(t *testing.T) {
	e := mutantBase("posixage-v2")
	m := mutant{base: e, start: "idle", bounds: draw.Bounds{Budget: trial.Budget{Errors: 1, Kills: 1}}}
	run := search.Sampled(m.trials(t, e, 1), interleave.Strategies()[0], 1)
	times := 0
	for n := range 20 {
		tr, out, err := run(n, mutantMachine)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Steps) > 200 {
			t.Fatalf("schedule %d: found %d steps", n+1, len(out.Steps))
		}
		for i, s := range out.Steps {
			if s.Env == trial.Time {
				times++
			}
			for _, w := range wrong(s) {
				changed := slices.Clone(out.Steps)
				changed[i] = w
				again, err := interleave.Run(tr, mutantMachine, interleave.NewReplay(changed))
				made := i
				if w.Head() == s.Head() {
					made++ // only its answer is wrong
				}
				var d *interleave.Divergence
				if !errors.As(err, &d) || d.Index != i || len(again.Steps) != made {
					t.Errorf("step %d, %s for %s: found %v after %d steps, wanted a divergence after %d", i+1, w, s, err, len(again.Steps), made)
				}
			}
		}
	}
	if times == 0 {
		t.Error("found no run in which time passes")
	}
}

// wrong returns steps that are not s.
func wrong(s trial.Step) []trial.Step {
	if s.Env == trial.Time {
		s.Dur++
		return []trial.Step{s}
	}
	if s.Env != trial.None {
		return nil
	}
	other, thread, answer := s, s, s
	other.Call = sys.Call{Op: sys.OpFtruncate, FD: 7}
	thread.Thread = "p9"
	answer.Ret = sys.Ret{Err: sys.EXDEV, Fault: s.Ret.Fault}
	if s.Ret.Fault {
		return []trial.Step{other, thread}
	}
	return []trial.Step{other, thread, answer}
}

// A finding that is none is not confirmed.
func TestMutantConfirmRefuses(t *testing.T) {
	e := mutantBase("ctx-v2")
	m := mutant{base: e, works: []string{"lock inside unlock", "lock inside unlock"}}
	tr := m.trials(t, e, 1)[0]
	out, err := interleave.Run(tr, mutantMachine, interleave.NewBounded(1, 99))
	if err != nil {
		t.Fatal(err)
	}
	f := &search.Finding{Trial: *tr, Steps: out.Steps, Property: "exclusion", Profile: "any"}
	if n, err := search.Confirm(f, mutantMachine, 3); n != 0 || err == nil {
		t.Errorf("found %d confirmed, %v, wanted none", n, err)
	}
	f.Steps = slices.Clone(f.Steps)
	f.Steps[1].Ret = sys.Fail(sys.EXDEV)
	var d *interleave.Divergence
	if n, err := search.Confirm(f, mutantMachine, 3); n != 0 || !errors.As(err, &d) || d.Index != 1 {
		t.Errorf("found %d confirmed, %v, wanted a divergence at step 2", n, err)
	}
}
