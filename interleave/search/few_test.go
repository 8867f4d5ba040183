package search_test

import (
	"context"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// few runs the schedules of two clients that acquire once each.
func few(t *testing.T, ctx context.Context, name, start string, most int) search.Few {
	t.Helper()
	e, err := lock.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := trial.ParseWorkload("lock inside unlock")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{w, w}, 0)}
	if tr.Start, err = interleave.MakeStart(start, tr); err != nil {
		t.Fatal(err)
	}
	p, err := model.PropertyByName(model.ExclusionName)
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.FewSwitches(ctx, tr, sim.Machine{Rules: sim.RulesOf("tmpfs")}, p, most)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheFewestSwitchesThatShowAViolationAreFound(t *testing.T) {
	for _, test := range []struct {
		lock, start     string
		switches, steps int
	}{{"ctx-v0", "none", 2, 8}, {"posixage-v2", "idle", 3, 18}} {
		r := few(t, context.Background(), test.lock, test.start, 5)
		if r.Verdict != model.Violated || !r.Shortest || r.Switches != test.switches-1 {
			t.Errorf("%s: found %+v", test.lock, r)
			continue
		}
		if n, steps := search.Switches(r.Found.Steps), len(r.Found.Steps); n != test.switches || steps != test.steps {
			t.Errorf("%s: found %d switches and %d steps, wanted %d and %d", test.lock, n, steps, test.switches, test.steps)
		}
	}
}

func TestWhatHoldsWithFewSwitchesSaysWithHowMany(t *testing.T) {
	r := few(t, context.Background(), "posixage-v2", "idle", 2)
	if r.Verdict != model.Holds || r.Switches != 2 || r.All || r.Acquired == 0 {
		t.Errorf("within two switches: found %+v", r)
	}
	r = few(t, context.Background(), "ktstr-try", "none", 20)
	if r.Verdict != model.Holds || !r.All || r.Contended == 0 || r.Contended == r.Runs {
		t.Errorf("ktstr-try: found %+v, wanted all schedules, in some of which clients contend", r)
	}
}

func TestFewSwitchesThatEndEarlyAreUndecided(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := few(t, ctx, "ktstr-try", "none", 3); r.Verdict != model.Undecided || r.Why == nil || r.Switches != -1 {
		t.Errorf("found %+v", r)
	}
}
