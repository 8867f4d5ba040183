package explore

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// Some acquires are one loop from their first call on. All rounds begin at one
// spot, and who begins another round has asked for the lock before: a probe is no
// judge of what is left behind then.
func TestAnAcquireIsUnderWayInEachRoundOfItsLoop(t *testing.T) {
	e, err := lock.Find("pid-aside-return")
	if err != nil {
		t.Fatal(err)
	}
	work, err := trial.ParseWorkload("lock inside unlock lock inside unlock")
	if err != nil {
		t.Fatal(err)
	}
	probe, err := trial.ParseWorkload("trylock inside unlock")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{work, work, probe}, 0)}
	if tr.Start, err = interleave.MakeStart("leftover", tr); err != nil {
		t.Fatal(err)
	}
	if a := explored(t, tr, Question{Property: model.PhantomName, Reduce: true, NoCount: true}); a.Verdict != model.Holds {
		t.Errorf("found %s, %v", a.Verdict, a.Why)
	}
}
