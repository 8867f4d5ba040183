// Package search puts runs to work: it looks for schedules that violate a
// property, makes them as small as can be, and confirms them.
//
// Its words:
//
//   - A [Finding] is a violation: the trial, the schedule up to the step that
//     completes it, and what is broken.
//   - Its signature is the property and the [Pattern]; shrinking keeps both.
//   - A finding is confirmed when it replays on the real kernel.
package search

import (
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A Finding is a violation of a property.
type Finding struct {
	Trial    trial.Trial
	Steps    []trial.Step // up to the one that completes the violation
	History  history.History
	After    []int // of each event of History: how many steps came before it
	Property string
	Why      string   // "p0 and p1 both hold the lock"
	Holders  []string // the clients that are concerned
	Profile  string   // the file system that the schedule's answers are right on, or trial.AnyProfile
	Pattern  Pattern
	Where    string // where the pattern shows, in a sentence; empty for Other
}

// Case returns the finding as a case.
func (f *Finding) Case(comment string) *trial.Case {
	return &trial.Case{
		Comment: comment,
		Trial:   f.Trial,
		Profile: f.Profile,
		Steps:   f.Steps,
		Verdict: trial.Verdict{
			Property: f.Property,
			Verdict:  model.Violated,
			Why:      fmt.Sprintf("%s after step %d", f.Why, len(f.Steps)),
		},
	}
}

// Faults returns how many of the schedule's steps are faults.
func (f *Finding) Faults() int {
	var spent trial.Budget
	for _, s := range f.Steps {
		spent.Spend(s)
	}
	return -spent.Total()
}

// Switches returns how often the running thread changes in the schedule.
func Switches(steps []trial.Step) int {
	n, last := 0, ""
	for _, s := range steps {
		if s.Env != trial.None {
			continue
		}
		if last != "" && s.Thread != last {
			n++
		}
		last = s.Thread
	}
	return n
}

// judgeTime bounds what porcupine may spend on one history. Histories of a
// trial are short; one that takes longer is undecided.
const judgeTime = 10 * time.Second

// solo returns the simulated machine on which an acquire is run alone.
func solo(profile string) sys.Machine { return sim.Machine{Rules: sim.RulesOf(profile)} }

// replayed runs the schedule and returns what happened.
func replayed(t *trial.Trial, m sys.Machine, steps []trial.Step) (interleave.Outcome, error) {
	return interleave.Run(t, m, interleave.NewReplay(steps))
}
