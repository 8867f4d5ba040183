package explore

import (
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// counts are what a shard met.
type counts struct {
	transitions, terminal, stuck int
	contended, timers, aged      int // transitions, see Answer
	violations                   int
	reached                      []bool // spots whose call was made
}

// took counts a transition from the state.
func (c *counts) took(w *walker, s *state, o option) {
	c.transitions++
	if o.env != trial.None {
		return
	}
	t := s.thread(o.at)
	c.made(w, t.at)
	if (t.at.begins || t.at.asks) && w.held(s) {
		c.contended++
	}
	if t.at.call.Op == sys.OpCancelled && !t.cancelled {
		c.timers++
	}
}

// made counts a call that was made at the spot.
func (c *counts) made(w *walker, at *spot) {
	for len(c.reached) <= at.id {
		c.reached = append(c.reached, false)
	}
	c.reached[at.id] = true
	if w.old {
		c.aged++
	}
}

// held reports whether a client holds the lock.
func (w *walker) held(s *state) bool {
	for p := range s.procs {
		for t := range w.clients[p] {
			if s.procs[p].threads[t].holds() != nothing {
				return true
			}
		}
	}
	return false
}

// A coverage is what of the code an exploration has reached.
type coverage struct {
	auto    *automaton
	reached []bool // spots
}

func (g *graph) coverage() coverage {
	c := coverage{auto: g.shards[0].walker.auto}
	c.reached = make([]bool, len(c.auto.spots))
	for _, sh := range g.shards {
		for id, reached := range sh.count.reached {
			c.reached[id] = c.reached[id] || reached
		}
	}
	return c
}

// has reports whether the code was seen to make such a call, ever.
func (c coverage) has(op sys.Op) bool {
	return slices.ContainsFunc(c.auto.spots, func(s *spot) bool { return s.call.Op == op })
}

// made returns the calls that the code was seen to make, ever, and of each
// whether it was made in this exploration.
func (c coverage) made() map[string]bool {
	made := map[string]bool{}
	for _, s := range c.auto.spots {
		if !s.ended && !silent(s.call.Op) {
			text := s.call.String()
			made[text] = made[text] || c.reached[s.id]
		}
	}
	return made
}

// unreached returns the calls that were not made, in order.
func unreached(made map[string]bool) []string {
	var calls []string
	for text, reached := range made {
		if !reached {
			calls = append(calls, text)
		}
	}
	slices.Sort(calls)
	return calls
}
