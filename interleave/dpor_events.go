package interleave

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An observer follows a run step by step and orders its steps: one happens
// before another if they are of one thread, or conflict, or others lie between
// them for which that holds. (Mazurkiewicz 1986: runs with the same steps and
// the same order of these are one trace.)
type observer struct {
	reuse  bool                   // see world
	remote bool                   // on a server, where nothing is known of what calls touch
	could  func(*event, int) bool // what a race is, see reversible; nil where nobody asks
	run    *run
	world  *world
	told   int // events of the history before the step under way
	next   event
	events []event // the last run's; the next one may begin with the same
}

// An event is a step that was taken, and what came before it.
type event struct {
	id     optionID
	step   trial.Step
	print  *footprint
	past   bits // the events that happen before it, and it
	own    bits // those that happen before the step after which its thread announced it
	causes bits // own, and those that happen before what it races with
	before locks
	after  locks
	now    time.Duration // the monotonic clock before it
}

// An optionID names an option of a menu, in whatever run it is offered.
type optionID struct {
	env   trial.Env
	by    sys.TID // of a thread's step
	fault sys.Errno
	proc  int
	dur   time.Duration
}

// thread reports whether it is a step of a thread.
func (id optionID) thread() bool { return id.env == trial.None }

// process returns the process that the step is of or is done to.
func (id optionID) process() int {
	if id.thread() {
		return int(id.by.Proc)
	}
	return id.proc
}

func idOf(m *Menu, i int) optionID {
	o := m.Options[i]
	id := optionID{env: o.Env, fault: o.Fault, proc: o.Proc, dur: o.Dur}
	if o.Thread >= 0 {
		id.by = m.run.threads[o.Thread].id
	}
	return id
}

// chose notes the option that is about to be taken.
func (o *observer) chose(m *Menu, i int) {
	if m.Step == 0 {
		o.run, o.world = m.run, newWorld(m.run.trial, o.reuse)
		o.world.strange = o.remote
	}
	r := m.run
	o.told = len(r.out.History)
	o.next = event{id: idOf(m, i), before: o.world.held, now: r.now.Mono}
	if e := &o.next; !e.id.thread() {
		e.print = o.world.environment(r, r.step(m.Options[i]))
	}
}

// took notes the step that came of it. The event is new unless the run before
// had the same at that place; it is not yet one of events.
func (o *observer) took(s trial.Step) (e *event, fresh bool, err error) {
	e = &o.next
	e.step = s
	if e.id.thread() {
		e.print = o.world.step(e.id.by, s)
		o.run.around(e.print, e.id.by, s, o.run.out.History[o.told:])
	}
	e.after = o.world.held
	at := len(o.run.out.Steps) - 1
	if at == len(o.events) {
		return e, true, nil
	}
	if was := o.events[at].step; was != s {
		err = &Unsteady{at, s.String(), was.String()}
	}
	return e, false, err
}

// relate finds what happens before the event, which comes next, and returns
// those events that it races with, the latest first: it conflicts with them,
// nothing else orders the two, and it could as well have been taken before.
func (o *observer) relate(e *event) (races []int) {
	n := len(o.events)
	e.past = newBits(n + 1)
	if i := o.origin(e); i >= 0 {
		e.past.join(o.events[i].past)
	}
	e.own, e.causes = slices.Clone(e.past), slices.Clone(e.past)
	for i := n - 1; i >= 0; i-- {
		d := &o.events[i]
		if e.causes.has(i) || !d.print.conflicts(e.print) {
			continue
		}
		e.past.join(d.past)
		if o.could != nil && o.could(e, i) {
			races = append(races, i)
			e.causes.join(d.past)
		}
	}
	e.past.add(n)
	return races
}

// origin returns the step after which the thread announced the event's: its
// own last one, or the one that started it. It is -1 where there is none.
func (o *observer) origin(e *event) int {
	if !e.id.thread() {
		return -1
	}
	for i := len(o.events) - 1; i >= 0; i-- {
		d := &o.events[i]
		started := d.step.Call.Op == sys.OpGo && d.id.by.Proc == e.id.by.Proc && d.step.Ret.N == int64(e.id.by.Thread)
		if d.id.thread() && (d.id.by == e.id.by || started) {
			return i
		}
	}
	return -1
}

// bits is a set of small numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 != 0 }

func (b bits) add(i int) { b[i/64] |= 1 << (i % 64) }

// join adds the members of another set, which is no longer than b.
func (b bits) join(other bits) {
	for i, word := range other {
		b[i] |= word
	}
}

// meets reports whether the sets have a member in common.
func (b bits) meets(other bits) bool {
	for i := range min(len(b), len(other)) {
		if b[i]&other[i] != 0 {
			return true
		}
	}
	return false
}
