package interleave

import (
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A node is a menu on the way of the current run.
type node struct {
	ids      []optionID   // its options
	wanted   []bool       // the options to be tried
	explored []*footprint // of those that were: what they touched
	sleep    []sleeper    // what need not be tried
	provided []provision
	taken    int
}

// A provision is an option that stands for others, provided that it touches no
// more than this.
type provision struct {
	option int
	print  *footprint
}

// A sleeper is a step after which everything was explored before.
type sleeper struct {
	id    optionID
	print *footprint
}

// newNode returns the node of a menu that the run before did not come to.
//
// To begin with it wants one thread, and what belongs to that; races will ask
// for others. Everything is wanted where no thread can go on, or none that does
// not sleep, and while the environment may do more than kill processes and fail
// calls: its other steps could come anywhere, and are hidden by steps that they
// need not conflict with.
func (d *DPOR) newNode(m *Menu) node {
	n := node{
		ids: make([]optionID, len(m.Options)), wanted: make([]bool, len(m.Options)), explored: make([]*footprint, len(m.Options)),
		sleep: d.stillAsleep(m.Step),
	}
	for i := range n.ids {
		n.ids[i] = idOf(m, i)
	}
	if d.every || m.run.unsettled() {
		n.wantAll()
		return n
	}
	for i := range m.Threads {
		if n.asleep(n.ids[i]) == nil {
			n.want(i)
			return n
		}
	}
	n.wantAll()
	return n
}

// unsettled reports whether the environment may yet do what is not done to a
// thread's call or to a process for good.
func (r *run) unsettled() bool {
	for _, paused := range r.paused {
		if paused {
			return true
		}
	}
	return r.left.Pauses+r.left.Jumps+r.left.Unlinks+r.left.Walls > 0
}

// stillAsleep returns what sleeps after the last step: what slept or was
// explored before it, and does not conflict with it.
func (d *DPOR) stillAsleep(at int) []sleeper {
	if at == 0 {
		return nil
	}
	before, e := &d.nodes[at-1], &d.events[at-1]
	var still []sleeper
	keep := func(s sleeper) {
		if !(s.id.thread() && e.id.thread() && s.id.by == e.id.by) && !s.print.conflicts(e.print) {
			still = append(still, s)
		}
	}
	for _, s := range before.sleep {
		keep(s)
	}
	for i, print := range before.explored {
		if print != nil {
			keep(sleeper{before.ids[i], print})
		}
	}
	return still
}

// asleep returns the footprint of the option if it sleeps, and else nil.
func (n *node) asleep(id optionID) *footprint {
	for _, s := range n.sleep {
		if s.id == id {
			return s.print
		}
	}
	return nil
}

// index returns which option it is, or -1 where it is none.
func (n *node) index(id optionID) int {
	for i := range n.ids {
		if n.ids[i] == id {
			return i
		}
	}
	return -1
}

// next returns the next option to be tried, or -1 where there is none.
func (n *node) next() int {
	for i, wanted := range n.wanted {
		if wanted && n.explored[i] == nil && n.asleep(n.ids[i]) == nil {
			return i
		}
	}
	return -1
}

func (n *node) wantAll() {
	for i := range n.wanted {
		n.wanted[i] = true
	}
}

// want adds an option, and those that it would hide. A thread's call may go
// well, or be made to fail in this way or that: what is left out is gone when
// the thread has gone on. In the same way a process's steps and its kill hide
// one another. An interrupt hides what its call would do once it could return,
// which conflicts with it and not with what lets it return; so it is wanted
// together with everything.
//
// That other kills and failures are hidden because the budget is spent does no
// harm: as a step of a thread costs nothing, the run that shows the race with it
// can be afforded whenever the one that is asked for can.
func (n *node) want(i int) {
	id := n.ids[i]
	killed := n.index(optionID{env: trial.Kill, proc: id.process()}) >= 0
	for k, other := range n.ids {
		if k != i && !(killed && other.process() == id.process()) && !(id.thread() && other.thread() && other.by == id.by) {
			continue
		}
		n.wanted[k] = true
		if interrupt := other.thread() && n.index(optionID{by: other.by}) < 0; interrupt {
			n.wantAll()
			return
		}
	}
}

// stands notes that the option stands for others if it touches no more than
// that. If it does, or will be seen to, everything is wanted.
func (n *node) stands(k int, print *footprint) {
	touched := n.explored[k]
	if touched == nil {
		touched = n.asleep(n.ids[k])
	}
	stricter := func(p provision) bool { return p.option == k && print.covers(p.print) }
	switch {
	case touched != nil && !print.covers(touched):
		n.wantAll()
	case touched == nil && !slices.ContainsFunc(n.provided, stricter):
		n.provided = append(n.provided, provision{k, print})
	}
}

// touched looks at the provisions for the option that was taken.
func (n *node) touched(print *footprint) {
	for _, p := range n.provided {
		if p.option == n.taken && !p.print.covers(print) {
			n.wantAll()
		}
	}
}
