package interleave

import (
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// Replay follows a schedule step by step and checks every answer.
type Replay struct {
	steps []trial.Step
	at    int
}

// NewReplay returns a chooser that takes these steps and then stops the run.
func NewReplay(steps []trial.Step) *Replay { return &Replay{steps: steps} }

// Choose implements Chooser. Where the schedule's step is not on the menu the
// error is a [*Divergence].
func (r *Replay) Choose(m *Menu) (int, error) {
	if r.at == len(r.steps) {
		return 0, ErrStop
	}
	want := r.steps[r.at]
	found := ""
	for i := range m.Options {
		if !m.offers(i, want) {
			continue
		}
		if found = m.Head(i); found == want.Head() {
			return i, nil
		}
	}
	if found == "" {
		found = m.absent(want.Thread)
	}
	return 0, &Divergence{Index: r.at, Want: want.Head(), Found: found}
}

// Took implements Chooser.
func (r *Replay) Took(s trial.Step) error {
	want := r.steps[r.at].String()
	if found := s.String(); found != want {
		return &Divergence{Index: r.at, Want: want, Found: found}
	}
	r.at++
	return nil
}

// offers reports whether option i is a step of the same thread's, or of the same
// kind of the environment's, and fails the same way if the step was made to fail.
func (m *Menu) offers(i int, want trial.Step) bool {
	o := m.Options[i]
	if o.Env != want.Env || (o.Fault != 0) != want.Ret.Fault || o.Fault != 0 && o.Fault != want.Ret.Err {
		return false
	}
	return o.Env != trial.None || m.Thread(i) == want.Thread
}

// absent says what a thread does that cannot take a step.
func (m *Menu) absent(thread string) string {
	for _, t := range m.run.threads {
		switch {
		case t.name != thread:
		case t.state == waiting:
			return fmt.Sprintf("%s waiting in %s", thread, t.call)
		default:
			return thread + " at its end"
		}
	}
	if thread == "" {
		return "no such step possible"
	}
	return "no thread " + thread
}

// A Divergence is a schedule that the code under test did not follow.
type Divergence struct {
	Index       int // of the step, from 0
	Want, Found string
}

func (d *Divergence) Error() string {
	return fmt.Sprintf("step %d: wanted %s, found %s", d.Index+1, d.Want, d.Found)
}
