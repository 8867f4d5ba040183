package interleave

import (
	"math/rand/v2"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// silent is the half of a chooser that does not look at what it did.
type silent struct{}

func (silent) Took(trial.Step) error { return nil }

// nemesis picks steps of the environment at random. It comes before whatever
// picks among the threads.
type nemesis struct{ rng *rand.Rand }

// nemesisOdds is how seldom the environment acts: once in so many steps, so
// that a run of some twenty steps sees about two faults if it may.
const nemesisOdds = 10

// pick returns an option of the environment's, if it is to act now. Where no
// thread could go on it must; then time passes rather than anything else.
func (n nemesis) pick(m *Menu) (int, bool) {
	env := len(m.Options) - m.Threads
	switch {
	case env == 0:
		return 0, false
	case m.Threads == 0 && n.rng.IntN(4) != 0:
		return 0, true
	case m.Threads > 0 && n.rng.IntN(nemesisOdds) != 0:
		return 0, false
	}
	return m.Threads + n.rng.IntN(env), true
}

// Random picks each time among all threads alike: a uniform random walk.
type Random struct {
	silent
	nemesis
}

// NewRandom returns a random walk that draws from rng.
func NewRandom(rng *rand.Rand) *Random { return &Random{nemesis: nemesis{rng}} }

// Choose implements Chooser.
func (r *Random) Choose(m *Menu) (int, error) {
	if i, ok := r.pick(m); ok {
		return i, nil
	}
	return r.rng.IntN(m.Threads), nil
}

// RoundRobin lets the threads take turns, a step each, in the order of their
// start. The environment does nothing but let time pass, unless nobody can go
// on without it.
type RoundRobin struct{ silent }

// Choose implements Chooser.
func (RoundRobin) Choose(m *Menu) (int, error) {
	// Behind the thread that took the last step, which may not be there, the
	// others are in the order of their start.
	for i, o := range m.Options[:m.Threads] {
		if o.Thread > m.run.last {
			return i, nil
		}
	}
	if m.Same && m.Threads > 1 {
		return 1, nil
	}
	return 0, nil
}
