package interleave

import "github.com/ghostlock/ghostlock/interleave/trial"

// Retrace lets the threads take their steps in the order of a schedule, whatever
// calls those are and whatever is answered.
type Retrace struct {
	silent
	steps []trial.Step
	at    int
}

// NewRetrace returns a chooser that takes steps in this order and then stops the
// run.
func NewRetrace(steps []trial.Step) *Retrace { return &Retrace{steps: steps} }

// Choose implements Chooser. Where the thread has no step to take the error is a
// [*Divergence].
func (r *Retrace) Choose(m *Menu) (int, error) {
	if r.at == len(r.steps) {
		return 0, ErrStop
	}
	want := r.steps[r.at]
	for i := range m.Options {
		if m.offers(i, want) && (want.Env == trial.None || m.Head(i) == want.Head()) {
			r.at++
			return i, nil
		}
	}
	return 0, &Divergence{Index: r.at, Want: want.Head(), Found: m.absent(want.Thread)}
}
