package interleave

import (
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// reversible reports whether the event could have been taken without event i
// and all that happens after i, so that the two may be in the other order.
//
// This is where a lock that waits needs care. Its acquire conflicts with the
// release before it, but cannot be moved before that: while the lock is held
// the call does not return. What it can be moved before is the acquire that the
// release belongs to. So a search that takes the release for the racing step
// and looks no further finds no other order, and loses most of the traces
// (Flanagan and Godefroid, POPL 2005, ask for steps that "may be co-enabled").
// The release still happens before the acquire; it only hides no race.
func (o *observer) reversible(e *event, i int) bool {
	c := e.step.Call
	switch {
	case e.id.env == trial.Time:
		return false // while a thread could go on, time does not pass
	case !e.id.thread():
		return true
	case c.Op == sys.OpJoin:
		return o.happened(i, func(d *event) bool {
			return d.print.has(touch{ofThread(endedKind, sys.TID{Proc: e.id.by.Proc, Thread: uint8(c.N)}), write})
		})
	case c.Op == sys.OpCancelled:
		told := touch{ofThread(cancelledKind, e.id.by), write}
		return o.events[i].now >= c.At.Mono+c.Dur || o.happened(i, func(d *event) bool { return d.print.has(told) })
	case waits(c) && e.step.Ret.Err != sys.EINTR:
		return o.grantable(e, i)
	}
	return true
}

// without calls visit with the events after i that do not happen after it.
func (o *observer) without(i int, visit func(k int, d *event)) {
	for k := i + 1; k < len(o.events); k++ {
		if d := &o.events[k]; !d.past.has(i) {
			visit(k, d)
		}
	}
}

// happened reports whether there is such an event before i, or one that does
// not happen after it.
func (o *observer) happened(i int, is func(*event) bool) (yes bool) {
	for k := range i {
		yes = yes || is(&o.events[k])
	}
	o.without(i, func(_ int, d *event) { yes = yes || is(d) })
	return yes
}

// grantable reports whether the flock would be granted, or could be asked for,
// without event i and what happens after it.
func (o *observer) grantable(e *event, i int) bool {
	d := descriptor{int(e.id.by.Proc), e.step.Call.FD}
	if e.before.of(d) != 0 {
		return true // a conversion may be asked for at any time
	}
	ino, ok := o.world.fds[d]
	if !ok {
		return true // it fails, and needs not wait for that
	}
	held := o.events[i].before
	o.without(i, func(_ int, k *event) { held = held.replay(k.before, k.after) })
	return !held.block(d, ino, e.step.Call.Flags)
}

// replay returns the locks after a step that was seen to change others from
// before to after.
func (l locks) replay(before, after locks) locks {
	for _, f := range before {
		if after.of(f.by) != f.mode {
			l = l.set(f.by, f.ino, 0)
		}
	}
	for _, f := range after {
		if before.of(f.by) != f.mode {
			l = l.set(f.by, f.ino, f.mode)
		}
	}
	return l
}

// reverse makes sure that the event, which races with event i, is also taken
// before it. What it takes to get there are the events that happen before the
// event and not after i: of those that can begin, one is to go where i went.
//
// If one of them is to go there anyway, or sleeps there, all is well. That one
// is a beginning of every run that has these steps without i, for they do there
// what they did here. Where there are none of them the event itself is to go
// there, and of that the same cannot be said: an open that found its file behind
// i may make it before i, and then conflicts with what it did not conflict with
// here. So it stands for those runs only if it touches no more there than here,
// and if it does every option is tried. The proofs of source-DPOR need no such
// care, as to them which steps conflict does not hang on what comes of them.
func (d *DPOR) reverse(i int, e *event) {
	n := &d.nodes[i]
	first, free := d.beginnings(i, e)
	for _, id := range first {
		if k := n.index(id); n.asleep(id) != nil || k >= 0 && n.wanted[k] {
			return
		}
	}
	k := n.index(e.id)
	switch {
	case len(first) > 0 && n.index(first[0]) >= 0:
		n.want(n.index(first[0]))
	case free && k >= 0:
		n.want(k)
		n.stands(k, e.print)
	default:
		n.wantAll()
	}
}

// beginnings returns the events that happen before e, and not after i, and not
// after one another. It reports true if there is none of those: then e itself
// is to be taken in place of i.
//
// Of a flock that waited, what its thread did is all that counts: it may have
// been granted only after steps that it would not have needed without i.
func (d *DPOR) beginnings(i int, e *event) (first []optionID, free bool) {
	before := e.causes
	waited := waits(e.step.Call)
	if waited {
		before = e.own
	}
	begun := newBits(len(d.events) + 1)
	free = true
	d.without(i, func(k int, at *event) {
		if waited && e.causes.has(k) && !e.own.has(k) {
			free = false
		}
		if !before.has(k) {
			return
		}
		if !at.past.meets(begun) {
			first = append(first, at.id)
		}
		begun.add(k)
	})
	return first, free && first == nil
}

// denied looks for races of calls that may never be answered: who waits for a
// lock when the run is over or given up, or when somebody is interrupted or
// killed, might have got it before another did.
func (d *DPOR) denied() {
	for _, w := range d.waiting {
		e := event{id: optionID{by: w.by}, step: trial.Step{Call: w.call}, before: d.world.held, print: d.world.granted(w.by, w.call)}
		for _, i := range d.relate(&e) {
			d.reverse(i, &e)
		}
	}
}

// granted returns the footprint that the flock would have if it were granted.
func (w *world) granted(by sys.TID, c sys.Call) *footprint {
	f := &footprint{everything: w.strange}
	f.looks(ofProcess(processKind, int(by.Proc)))
	if _, ino, ok := (look{w, f, by, c, sys.OK()}).file(write); ok {
		f.touch(map[int]access{sys.LOCK_SH: share, sys.LOCK_EX: write}[c.Flags], ofInode(flockKind, ino))
	}
	return f
}
