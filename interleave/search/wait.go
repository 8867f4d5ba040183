package search

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// wait returns how long the acquire took, by the schedule's time, and how one
// that is under way would go on alone.
func (j *Judge) wait(t *trial.Trial, out interleave.Outcome, op history.Operation) (model.Wait, error) {
	w := waitOf(t, out, op)
	client := slices.Index(t.Names(), op.Client)
	if op.Outcome != 0 || !w.Bounded || w.Took > w.Bound || !runs(out.Steps, t.Clients[client].Proc) {
		return w, nil
	}
	_, returned, err := interleave.Alone(t, solo(j.profile), out.Steps, client, nil)
	w.Never = !returned
	return w, err
}

// runs reports whether the process is neither stopped nor killed behind the
// steps.
func runs(steps []trial.Step, proc int) bool {
	for _, s := range slices.Backward(steps) {
		if s.Proc == proc && (s.Env == trial.Pause || s.Env == trial.Resume || s.Env == trial.Kill) {
			return s.Env == trial.Resume
		}
	}
	return true
}

// waitOf returns how long the acquire took.
func waitOf(t *trial.Trial, out interleave.Outcome, op history.Operation) model.Wait {
	from, to := out.After[op.Invoked], len(out.Steps)
	if op.Outcome != 0 {
		to = out.After[op.Returned]
	}
	steps := out.Steps[from:to]
	w := model.Wait{Circles: op.Outcome == 0 && circles(t, steps, op.Client)}
	w.Bound, w.Bounded = t.Bound(op.F)
	for _, s := range steps {
		if s.Env == trial.Time || s.Env == trial.Jump {
			w.Took += s.Dur
		}
	}
	return w
}

// circles reports whether the steps end in the same ones twice, call by call and
// answer by answer, which are the client's and the clock's alone, and would go on
// like that. Times, and which file is which, differ each time where a file is made
// and removed.
func circles(t *trial.Trial, steps []trial.Step, client string) bool {
	for n := 1; 2*n <= len(steps); n++ {
		once, again := steps[len(steps)-2*n:len(steps)-n], steps[len(steps)-n:]
		if sameSteps(once, again) && own(t, again, client) && !comesDue(once, again) {
			return true
		}
	}
	return false
}

func sameSteps(a, b []trial.Step) bool {
	for i := range a {
		if a[i].Env != b[i].Env || a[i].Thread != b[i].Thread || timeless(a[i].Call) != timeless(b[i].Call) || nameless(a[i].Ret) != nameless(b[i].Ret) {
			return false
		}
	}
	return true
}

// comesDue reports whether what is not yet so in two rounds of a loop, that a
// deadline is over or a file old, will be in a later one: the clocks go on, and
// what they are compared with does not keep up with them.
func comesDue(once, again []trial.Step) bool {
	var round time.Duration
	for _, s := range again {
		if s.Env.Passes() {
			round += s.Dur
		}
	}
	for i, s := range again {
		waits := s.Call.Op == sys.OpExpired || s.Call.Op == sys.OpOlder
		if waits && !s.Ret.Yes() && s.Call.T.At-once[i].Call.T.At < round {
			return true
		}
	}
	return false
}

func timeless(c sys.Call) sys.Call {
	c.At, c.T, c.U = sys.Instant{}, sys.Time{}, sys.Time{}
	return c
}

func nameless(r sys.Ret) sys.Ret {
	r.Ino, r.Time, r.Stat.Ino, r.Stat.Mtime = sys.Ino{}, sys.Time{}, sys.Ino{}, sys.Time{}
	return r
}

// own reports whether the steps are the client's, one at least, or time's.
func own(t *trial.Trial, steps []trial.Step, client string) bool {
	called := false
	for _, s := range steps {
		switch {
		case s.Env.Passes():
		case s.Env == trial.None && t.Clients[t.ClientOf(s.Thread)].Name() == client:
			called = true
		default:
			return false
		}
	}
	return called
}
