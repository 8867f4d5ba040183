package search_test

import (
	"context"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// The probe could run all the while and holds up the clocks, where it takes part:
// posixage-v0 sleeps between its tries, and so could not be led along any way on
// which somebody waits. A child has a number behind the probe's.
func TestWhatHoldsOfAProbeIsConfirmedThoughTimePasses(t *testing.T) {
	e, err := lock.Find("posixage-v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, acquisition := range []string{"lock inside unlock", "lock spawn inside unlock"} {
		w, err := trial.ParseWorkload(acquisition)
		if err != nil {
			t.Fatal(err)
		}
		probe := trial.Workload{{Verb: trial.TryLock}, {Verb: trial.Inside}, {Verb: trial.Unlock}}
		c := &search.Confirmer{Machine: sim.Machine{Rules: sim.RulesOf("tmpfs")}}
		done, err := c.Holds(context.Background(), explore.NewCode(e, e.Defaults), explore.Question{
			Trial:   &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{w, w, probe}, 0)},
			Profile: "tmpfs", Property: model.PhantomName, NoCount: true,
		})
		c.Close()
		if err != nil || done.Pairs == 0 {
			t.Errorf("%s: found %+v, %v, wanted pairs", acquisition, done, err)
		}
	}
}
