package explore

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Steps that concern nobody else need not be interleaved: the verdicts are the
// same, and the states fewer.
func TestAReducedGraphHasTheSameVerdicts(t *testing.T) {
	fewer := 0
	for _, e := range program.Locks() {
		for _, work := range []string{"lock inside unlock", "lock work 31s unlock"} {
			for _, b := range []trial.Budget{{}, {Kills: 1}, {Pauses: 1, Jumps: 1}, {Unlinks: 1}} {
				if b.Pauses > 0 && work != "lock inside unlock" {
					continue // takes long
				}
				for _, property := range []string{model.ExclusionName, model.HonestyName} {
					tr := contest(t, e.Name, "", work, "idle", 2, 0)
					tr.Budget = b
					whole := explored(t, tr, Question{Property: property, NoCount: true})
					reduced := explored(t, tr, Question{Property: property, Reduce: true})
					if errors.Is(whole.Why, ErrStates) {
						continue // too large for a test
					}
					name := fmt.Sprint(e.Name, " ", work, " ", b, " ", property)
					if whole.Verdict != reduced.Verdict || whole.Verdict == model.Undecided {
						t.Errorf("%s: found %s, and %s with reduction", name, whole.Verdict, reduced.Verdict)
					}
					if reduced.States > whole.States || whole.Stuck > 0 != (reduced.Stuck > 0) || whole.Aged > 0 != (reduced.Aged > 0) {
						t.Errorf("%s: found %+v, and %+v with reduction", name, whole, reduced)
					}
					if reduced.States < whole.States {
						fewer++
					}
				}
			}
		}
	}
	if fewer < 30 {
		t.Errorf("found fewer states in %d trials, wanted 30 at least", fewer)
	}
}

// A loop that does nothing but read a clock would put off for ever what others
// do, so its steps are interleaved like all.
func TestALoopOfSuchStepsIsInterleaved(t *testing.T) {
	older := func() *spot { return &spot{call: sys.Call{Op: sys.OpOlder}} }
	one, two, out := older(), older(), &spot{call: sys.Call{Op: sys.OpStat}}
	one.edges = []path{{to: two}, {obs: sys.Bool(true), to: out}}
	two.edges = []path{{to: one}}
	straight := older()
	straight.edges = []path{{to: out}}
	a := &automaton{spots: []*spot{one, two, out, straight}}
	a.findLocal()
	if one.local && two.local || out.local || !straight.local {
		t.Errorf("found %v, %v, %v, %v", one.local, two.local, out.local, straight.local)
	}
}
