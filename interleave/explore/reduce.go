package explore

import (
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Partial-order reduction, in its simplest form: where some thread's next step
// concerns nobody else, that step alone is explored (an ample set of one; see
// Clarke, Grumberg, Peled: Model Checking, chapter 10), together with the step
// that led there. Every schedule of the others' is still explored behind it, with
// the same states but for where that thread stands.
//
// Its conditions, and why they hold:
//
//   - Nothing that another could do first enables, disables or changes the step,
//     nor is changed by it. The step reads a clock, or is the return of a sleep
//     that is over, a mark, the start of a thread or the join of one that has
//     ended. The clocks move only while no thread can go on, and this one can.
//     While the budget has a pause or a jump, also of one clock, they may move earlier; then only
//     steps are taken that no clock has a part in (timeless): the return of a
//     sleep, a mark and a join, if what follows is no call that lasts and would
//     begin at the time of the step. A kill of its process leaves nothing of the
//     step, and one that is stopped before it might as well be stopped behind it.
//   - Nobody sees it: it changes no client's claim, and neither begins nor ends an
//     operation.
//   - No cycle of the graph consists of such steps alone, or what the others do
//     could be put off for ever: spots on a cycle of such spots are left out.

// alone reports whether the operation's calls concern nobody but their thread.
func alone(op sys.Op) bool {
	switch op {
	case sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame,
		sys.OpSleep, sys.OpInside, sys.OpGo, sys.OpJoin:
		return true
	}
	return false
}

// findLocal marks the spots whose step may be explored alone.
func (a *automaton) findLocal() {
	for _, s := range a.spots {
		s.local = !s.ended && alone(s.call.Op) && !s.begins && s.unseen(s.claim, map[*spot]bool{})
	}
	for _, s := range a.spots {
		if s.local && s.returns(s, map[*spot]bool{}) {
			s.local = false
		}
		s.timeless = s.local && clockless(s.call.Op) && !s.leadsToWait()
	}
}

// clockless reports whether the operation's calls are answered without a clock,
// once they can be carried out.
func clockless(op sys.Op) bool {
	return op == sys.OpSleep || op == sys.OpInside || op == sys.OpJoin
}

// leadsToWait reports whether the call after the spot's, whatever is silent in
// between, may be one that lasts.
func (s *spot) leadsToWait() bool {
	for _, e := range s.edges {
		if e.to.call.Op.Lasts() || silent(e.to.call.Op) && e.to.leadsToWait() {
			return true
		}
	}
	return false
}

// unseen reports whether the step from s, with all that is silent behind it,
// leaves the client with the claim, under way with the same operation or none.
func (s *spot) unseen(c claim, seen map[*spot]bool) bool {
	seen[s] = true
	for _, e := range s.edges {
		switch {
		case e.to.claim != c || e.to.ended || len(e.answers) > 0 || e.to.call.Op == opRest:
			return false
		case silent(e.to.call.Op) && !seen[e.to] && !e.to.unseen(c, seen):
			return false
		}
	}
	return true
}

// returns reports whether a way through local and silent spots leads from s to
// the target.
func (s *spot) returns(target *spot, seen map[*spot]bool) bool {
	for _, e := range s.edges {
		for _, to := range []*spot{e.to, e.child} {
			switch {
			case to == nil || !to.local && !silent(to.call.Op) || seen[to]:
				continue
			case to == target:
				return true
			}
			seen[to] = true
			if to.returns(target, seen) {
				return true
			}
		}
	}
	return false
}

// mayHurry reports whether the spot's step may be taken at once, where the clocks
// may move before it otherwise or may not.
func (s *spot) mayHurry(untimely bool) bool { return s.timeless || s.local && !untimely }

// hurry takes the steps that concern nobody else, of all threads that stand
// before one: states in between are not stored.
func (w *walker) hurry(s *state, c *counts) error {
	untimely := s.left.Pauses > 0 || s.left.Jumps > 0 || s.left.Walls > 0
	for p := range s.procs {
		for t := 0; t < len(s.procs[p].threads); t++ {
			at := place{int8(p), int8(t)}
			for w.enabled(s, p, t) && s.thread(at).at.mayHurry(untimely) {
				o := option{at: at}
				spot := s.thread(at).at
				if err := w.take(s, o); err != nil {
					return err
				}
				c.made(w, spot)
			}
		}
	}
	return nil
}
