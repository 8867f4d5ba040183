package explore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Of locks that wait for ever not every run can be made, but every one with
// fewer switches and no more steps, or with as many switches and fewer steps:
// none of them is a violation. The search says how far it looked.
func TestNothingIsShorterThanTheShortest(t *testing.T) {
	for _, test := range []struct {
		lock, work, start string
		clients           int
		budget            trial.Budget
		shortest          cost
	}{
		{"posixage-v1", "lock inside unlock", "idle", 2, trial.Budget{}, cost{2, 12}},
		{"posixage-v1", "lock inside unlock", "none", 2, trial.Budget{Jumps: 1}, cost{1, 13}},
		{"posixage-v2a", "lock inside unlock", "idle", 2, trial.Budget{}, cost{2, 16}},
		{"posixage-v2", "lock inside unlock", "idle", 2, trial.Budget{}, cost{3, 18}},
		{"ctx-v0", "lock inside unlock", "none", 3, trial.Budget{}, cost{2, 8}},
	} {
		tr := contest(t, test.lock, "", test.work, test.start, test.clients, 0)
		tr.Budget = test.budget
		q := Question{Trial: tr, Profile: memory.Profile()}
		code := NewCode(tr.Lock, tr.Config)
		s, err := code.Shortest(context.Background(), q, -1)
		if err != nil || !s.Found {
			t.Errorf("%+v: found %+v, %v", test, s, err)
			continue
		}
		replay(t, tr, s)
		n := len(s.Moves)
		if found := (cost{s.Switches, n}); found != test.shortest || s.Covered != s.Switches-1 {
			t.Errorf("%+v: found the shortest violation of %+v, covered %d", test, found, s.Covered)
		}
		for _, b := range []*interleave.Bounded{interleave.NewBounded(s.Switches-1, n+4), interleave.NewBounded(s.Switches, n-1)} {
			if shorter := violating(t, tr, b); shorter != nil {
				t.Errorf("%+v: found a shorter one, of %d switches in %d steps", test, switches(shorter), len(shorter))
			}
		}
		less, err := code.Shortest(context.Background(), q, s.Switches-1)
		if err != nil || less.Found || less.All || less.Covered != s.Switches-1 {
			t.Errorf("%+v: found %+v, %v with a switch less", test, less, err)
		}
	}
}

// violating returns the steps to a violation of a run that the enumerator makes.
func violating(tb testing.TB, tr *trial.Trial, b *interleave.Bounded) []trial.Step {
	tb.Helper()
	var runner interleave.Runner
	defer runner.Close()
	j := judge{}
	for more := true; more; more = b.Next() {
		out, err := runner.Run(tr, memory, b)
		if err != nil {
			tb.Fatal(err)
		}
		if at, bad := j.violation(tb, out); bad {
			return slices.Clone(out.Steps[:out.After[at]])
		}
	}
	return nil
}

// Two processes that stand at the same call are one state whichever of them took
// the last step, but for that. The way is told by who takes the next one without
// a switch.
func TestAWayStaysWithWhoTookTheLastStep(t *testing.T) {
	tr := tiny(func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		_, _ = p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		_ = p.Unlink(trial.Path)
		p.Sleep(time.Second)
		return removes, nil
	}).clients(t, alike(2, "lock inside unlock")...)
	s, err := NewCode(tr.Lock, tr.Config).Shortest(context.Background(), Question{Trial: tr, Profile: memory.Profile()}, -1)
	if err != nil || !s.Found || s.Switches != 2 || len(s.Moves) != 7 {
		t.Fatalf("found %+v, %v, wanted 2 switches in 7 steps: one, the other, time, the other, one", s, err)
	}
	replay(t, tr, s)
}

// What ends a search before it found anything is told, and what was covered.
func TestASearchThatEndsEarlySaysWhy(t *testing.T) {
	tr := contest(t, "ktstr-block", "", "lock inside unlock lock inside unlock", "none", 4, 0)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		ctx context.Context
		q   Question
		why error
	}{
		{context.Background(), Question{States: 100}, ErrStates},
		{context.Background(), Question{Memory: 1000}, ErrMemory},
		{ended, Question{}, context.Canceled},
	} {
		test.q.Trial, test.q.Profile = tr, memory.Profile()
		s, err := NewCode(tr.Lock, tr.Config).Shortest(test.ctx, test.q, -1)
		if err != nil || s.Found || s.All || !errors.Is(s.Why, test.why) {
			t.Errorf("found %+v, %v, wanted it to end because %v", s, err, test.why)
		}
		a, err := NewCode(tr.Lock, tr.Config).Explore(test.ctx, test.q)
		if err != nil || !errors.Is(a.Why, test.why) || a.Verdict.String() != "undecided" {
			t.Errorf("found %s, %v, %v, wanted it undecided because %v", a.Verdict, a.Why, err, test.why)
		}
	}
}

// A bound of depth is kept, and is told: within it everything was covered.
func TestDepthIsABound(t *testing.T) {
	tr := contest(t, "ctx-v0", "", "lock inside unlock", "none", 2, 0)
	all := explored(t, tr, Question{})
	s, err := NewCode(tr.Lock, tr.Config).Shortest(context.Background(), Question{Trial: tr, Profile: memory.Profile()}, -1)
	if err != nil {
		t.Fatal(err)
	}
	states := 0
	for depth := 1; depth <= all.Depth+1; depth++ {
		a := explored(t, tr, Question{Depth: depth})
		if a.States <= states && depth <= all.Depth || a.Depth > depth || errors.Is(a.Why, ErrDepth) != (a.Depth < all.Depth || depth == all.Depth) {
			t.Errorf("depth %d: found %+v", depth, a)
		}
		if a.Violations > 0 != (depth >= len(s.Moves)) {
			t.Errorf("depth %d: found %d violations, and the first is after %d steps", depth, a.Violations, len(s.Moves))
		}
		states = a.States
	}
	if states != all.States {
		t.Errorf("found %d states, wanted %d", states, all.States)
	}
}
