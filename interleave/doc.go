// Package interleave runs lock code under a schedule.
//
// Its words:
//
//   - [Run] runs one trial on one kernel. The clients' lock code runs as
//     coroutines: a thread announces its next call and waits.
//   - A [Menu] is what could happen next: the calls of the threads that could
//     go on, and what the environment may do within its budget.
//   - A [Chooser] picks one option from each menu. Nothing else makes a choice,
//     so a run is its trial and its chooser's picks: replaying is choosing the
//     same again.
//   - A switch is a change of the running thread between two steps of threads.
//     Steps of the environment are none.
//
// Time is virtual. Unless the budget allows jumps it is timely: it passes only
// when no thread could go on, to the next instant at which one can.
package interleave

import (
	"errors"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A Chooser picks what happens next.
type Chooser interface {
	// Choose returns the index of one of the menu's options. [ErrStop] ends the
	// run there; any other error ends it as failed.
	Choose(*Menu) (int, error)

	// Took tells the step that came of the choice, with its answer. An error
	// ends the run as failed.
	Took(trial.Step) error
}

// ErrStop is what a chooser returns to end the run.
var ErrStop = errors.New("stop")

// An End is why a run ended.
type End uint8

// The ends of a run.
const (
	Finished End = iota + 1 // every client did all of its workload, or was killed
	Stuck                   // somebody waits, and nothing can ever happen
	Stopped                 // the chooser ended it
	Cut                     // it took more steps than it may
)

func (e End) String() string {
	return [...]string{"", "finished", "stuck", "stopped", "cut"}[e]
}

// An Outcome is what happened in a run.
type Outcome struct {
	Steps   []trial.Step
	History history.History
	After   []int // of each event of History: how many steps came before it
	End     End
	Waits   []bool // of each client: it is in a call that others, who may be stopped, must end
}

// MaxSteps is how many steps a run may take before it is cut: far more than
// the longest wait of any lock's real durations takes, and few enough that a
// lock that loops for ever is noticed in a moment.
const MaxSteps = 20_000
