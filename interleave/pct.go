package interleave

import "math/rand/v2"

// PCT is probabilistic concurrency testing: every thread has a random priority
// and the highest goes; at depth-1 steps, chosen at random, the thread that
// would go falls below all others. A bug that depends on the order of depth
// steps is found with probability at least 1/(n·k^(depth-1)) a run of n threads
// and k steps. (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized
// Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010.)
type PCT struct {
	silent
	nemesis
	priority map[int]int // of each thread; higher goes first
	changes  []int       // the steps at which the running thread falls
	lowest   int
}

// NewPCT returns a scheduler of that depth (at least 1) for runs of about so
// many steps, drawing from rng.
func NewPCT(rng *rand.Rand, depth, steps int) *PCT {
	p := &PCT{nemesis: nemesis{rng}, priority: map[int]int{}}
	for range depth - 1 {
		p.changes = append(p.changes, rng.IntN(max(steps, 1)))
	}
	return p
}

// Choose implements Chooser.
func (p *PCT) Choose(m *Menu) (int, error) {
	if i, ok := p.pick(m); ok {
		return i, nil
	}
	best := p.highest(m)
	for _, at := range p.changes {
		if at == m.Step {
			p.lowest--
			p.priority[m.Options[best].Thread] = p.lowest
			best = p.highest(m)
		}
	}
	return best, nil
}

func (p *PCT) highest(m *Menu) int {
	best := 0
	for i, o := range m.Options[:m.Threads] {
		if _, ok := p.priority[o.Thread]; !ok {
			p.priority[o.Thread] = 1 + p.rng.IntN(1<<30)
		}
		if p.priority[o.Thread] > p.priority[m.Options[best].Thread] {
			best = i
		}
	}
	return best
}
