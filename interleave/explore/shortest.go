package explore

import (
	"context"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A Shortest is what looking for a violation with as few switches, and then as
// few steps, as there can be has come to.
type Shortest struct {
	Found    bool
	Switches int          // of the violation
	Moves    []Move       // to the violation, and what shows it
	Beyond   trial.Budget // the faults among what shows it, which the trial may not allow
	Covered  int          // every schedule with at most so many switches was covered; -1: none
	All      bool         // and every other one
	States   int          // with who took the last step
	Why      error        // of neither Found nor All: what ended it
}

// An ordered search settles states, with who took the last step, in the order of
// switches and then steps: Dijkstra's algorithm, the costs being small enough for
// a list each.
type ordered struct {
	walker  *walker
	store   *store
	cost    []cost
	settled []bool
	lists   [][][]uint32 // by switches and steps: states that can be reached so
	here    state
	there   state
	menu    []option
	looked  int // states that were taken from the lists
}

type cost struct{ switches, steps int }

func (c cost) less(d cost) bool {
	return c.switches < d.switches || c.switches == d.switches && c.steps < d.steps
}

// Shortest looks for the violation with the fewest switches, and of those the
// one with the fewest steps. It goes on to at most so many switches, without
// bound where that is negative.
func (c *Code) Shortest(ctx context.Context, q Question, switches int) (Shortest, error) {
	var found Shortest
	_, err := c.learning(&q, func(auto *automaton) ([]lesson, error) {
		w, first, err := newWalker(&q, auto)
		if err != nil {
			return w.lessonsOf(), err
		}
		w.lastCounts = true
		o := &ordered{walker: w, store: newStore()}
		o.here.copyFrom(first)
		o.reach(&o.here, cost{}, noState)
		found, err = o.search(ctx, &q, switches)
		return w.lessons, err
	})
	return found, err
}

// search settles states until a violation is, or nothing is left.
func (o *ordered) search(ctx context.Context, q *Question, most int) (Shortest, error) {
	r := Shortest{Covered: -1}
	for k := 0; k < len(o.lists); k++ {
		if most >= 0 && k > most {
			r.States = o.store.len()
			return r, nil
		}
		for steps := 0; steps < len(o.lists[k]); steps++ {
			for _, id := range o.lists[k][steps] {
				bad, err := o.settle(id, cost{k, steps})
				if err != nil {
					return r, err
				}
				if bad {
					r.Found, r.Switches, r.States = true, k, o.store.len()
					r.Moves, r.Beyond, err = o.way(id)
					return r, err
				}
				if r.Why = o.paused(ctx, q); r.Why != nil {
					r.States = o.store.len()
					return r, nil
				}
			}
			o.lists[k][steps] = nil
		}
		r.Covered = k
		if len(o.walker.lessons) == 0 {
			q.tell(Progress{Switches: k, States: o.store.len()})
		}
	}
	r.All, r.States = true, o.store.len()
	return r, nil
}

// paused says, once in a batch of states, how far the search has come, and why
// it must not go on.
func (o *ordered) paused(ctx context.Context, q *Question) error {
	if o.looked++; o.looked%batch != 0 {
		return nil
	}
	q.tell(Progress{Switches: -1, States: o.store.len()})
	return o.over(ctx, q)
}

func (o *ordered) over(ctx context.Context, q *Question) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case q.States > 0 && o.store.len() > q.States:
		return ErrStates
	case q.Memory > 0 && o.store.memory()+24*len(o.cost) > q.Memory:
		return ErrMemory
	}
	return nil
}

// settle expands the state if that was not done at a lower cost. It reports
// whether the state violates the property.
func (o *ordered) settle(id uint32, at cost) (bad bool, err error) {
	if o.settled[id] {
		return false, nil
	}
	o.settled[id] = true
	w := o.walker
	w.decode(&o.here, o.store.get(id))
	if bad, err := w.bad(&o.here); bad || err != nil {
		return bad, err
	}
	o.menu = w.options(&o.here, o.menu[:0])
	for _, opt := range o.menu {
		o.there.copyFrom(&o.here)
		if err := w.take(&o.there, opt); err == errUnknown {
			continue
		} else if err != nil {
			return false, err
		}
		next := cost{at.switches, at.steps + 1}
		if o.here.switches(opt) {
			next.switches++
		}
		o.reach(&o.there, next, id)
	}
	return false, nil
}

// reach notes that the state can be reached at that cost.
func (o *ordered) reach(s *state, c cost, from uint32) {
	record := o.walker.encode(s)
	id, fresh := o.store.add(record, hashOf(record), from)
	switch {
	case fresh:
		o.cost, o.settled = append(o.cost, c), append(o.settled, false)
	case o.settled[id] || !c.less(o.cost[id]):
		return
	default:
		o.cost[id], o.store.from[id] = c, from
	}
	for len(o.lists) <= c.switches {
		o.lists = append(o.lists, nil)
	}
	for len(o.lists[c.switches]) <= c.steps {
		o.lists[c.switches] = append(o.lists[c.switches], nil)
	}
	o.lists[c.switches][c.steps] = append(o.lists[c.switches][c.steps], id)
}

// way returns the moves that lead to the state, and on to where a run shows what
// is wrong with it.
func (o *ordered) way(id uint32) ([]Move, trial.Budget, error) {
	moves, f, err := o.walker.retrace(o.store.records(id), func(*state, option) {})
	if err != nil {
		return nil, trial.Budget{}, err
	}
	o.walker.decode(&o.here, o.store.get(id))
	shows, beyond, err := o.walker.demonstrate(&o.here, f)
	return append(moves, shows...), beyond, err
}
