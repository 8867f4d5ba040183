package search_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Who polls does the same again and again, but not for ever: the deadline comes
// due. So wherever such a run is cut off, the client is not impatient.
func TestAPollWithADeadlineIsNoEndlessLoop(t *testing.T) {
	h := hunt{lock: "ktstr-timeout", start: "none", clients: []string{"p0: lock", "p1: lock"}}
	tr, m := h.trial(t), sim.Machine{Rules: sim.RulesOf("ext4")}
	out, err := interleave.Run(tr, m, interleave.RoundRobin{})
	if err != nil {
		t.Fatal(err)
	}
	if last := out.History[len(out.History)-1]; last.Error != "timeout" {
		t.Fatalf("the run ends with %v, wanted a client that polls until its time is over", last)
	}
	for n := range 100 {
		c := &trial.Case{
			Trial: *tr, Steps: out.Steps[:n],
			Verdict: trial.Verdict{Property: model.PatienceName, Verdict: model.Violated},
		}
		if r, err := search.Replay(c, m); err != nil || r.Violation != nil {
			t.Fatalf("cut behind step %d: found it violated, %v", n, err)
		}
	}
}
