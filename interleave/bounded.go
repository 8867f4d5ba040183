package interleave

import (
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// Bounded enumerates every run with at most so many switches, one run after
// the other, depth first: run, then Next, until that reports false. Steps of
// the environment cost no switch; the trial's budget bounds them.
type Bounded struct {
	switches int
	steps    int
	path     []choice
	made     []trial.Step // of the path, as far as this run has it from the one before
	at       int
	pruned   bool
}

// A choice is one menu of the current run and the option taken from it.
type choice struct {
	taken, options int
	switches       []bool // whether each option is a switch
	before         int    // switches spent before it
}

// NewBounded returns an enumerator of the runs with at most so many switches,
// each cut after so many steps.
func NewBounded(switches, steps int) *Bounded { return &Bounded{switches: switches, steps: steps} }

// Choose implements Chooser. A run in which every option would be a switch too
// many stops there: what lies behind belongs to a larger bound.
func (b *Bounded) Choose(m *Menu) (int, error) {
	if m.Step >= b.steps {
		b.pruned = true
		return 0, ErrStop
	}
	if b.at == len(b.path) {
		c := choice{taken: -1, options: len(m.Options), before: b.spent()}
		for i := range m.Options {
			c.switches = append(c.switches, m.Switches(i))
		}
		if !b.advance(&c) {
			return 0, ErrStop
		}
		b.path = append(b.path, c)
	} else if found, wanted := len(m.Options), b.path[b.at].options; found != wanted {
		return 0, &Unsteady{m.Step, fmt.Sprintf("%d things that could happen", found), fmt.Sprint(wanted)}
	}
	b.at++
	return b.path[b.at-1].taken, nil
}

// Took implements Chooser. A step that was made before must come of the same
// choices again.
func (b *Bounded) Took(s trial.Step) error {
	if i := b.at - 1; i < len(b.made) {
		if b.made[i] != s {
			return &Unsteady{i, s.String(), b.made[i].String()}
		}
		return nil
	}
	b.made = append(b.made, s)
	return nil
}

// An Unsteady is the error of a run that begins with the same choices as one before
// and goes on otherwise: what is run hangs on more than the schedule.
type Unsteady struct {
	Index         int // of the step, from 0
	Found, Wanted string
}

func (u *Unsteady) Error() string {
	return fmt.Sprintf("step %d: found %s, wanted %s as in the run before: it hangs on more than the schedule", u.Index+1, u.Found, u.Wanted)
}

// spent returns the switches of the path so far.
func (b *Bounded) spent() int {
	if len(b.path) == 0 {
		return 0
	}
	last := b.path[len(b.path)-1]
	return last.before + last.cost()
}

func (c *choice) cost() int {
	if c.switches[c.taken] {
		return 1
	}
	return 0
}

// advance moves the choice to its next option within the bound.
func (b *Bounded) advance(c *choice) bool {
	for c.taken++; c.taken < c.options; c.taken++ {
		if c.before+c.cost() <= b.switches {
			return true
		}
		b.pruned = true
	}
	return false
}

// Skip leaves out the runs that begin with the same steps, so many of them, as
// the one that was just made.
func (b *Bounded) Skip(steps int) { b.path = b.path[:min(len(b.path), steps)] }

// Shorten lowers the number of steps after which runs are cut.
func (b *Bounded) Shorten(steps int) {
	b.steps = steps
	b.Skip(steps)
}

// Pruned reports whether a larger bound would give more runs.
func (b *Bounded) Pruned() bool { return b.pruned }

// Next prepares the next run. It reports false when there is none.
func (b *Bounded) Next() bool {
	b.at = 0
	for len(b.path) > 0 {
		last := &b.path[len(b.path)-1]
		if b.advance(last) {
			b.made = b.made[:min(len(b.made), len(b.path)-1)]
			return true
		}
		b.path = b.path[:len(b.path)-1]
	}
	return false
}
