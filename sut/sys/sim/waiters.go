package sim

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A waiter is a thread that has asked for a record lock and was not answered.
//
// Linux queues it (__locks_insert_block): on the lock that is first in the way
// or, where it would hinder somebody who waits there already, behind that one.
// When a lock goes or shrinks, who waits on it is woken and asks again; who is
// queued behind one that gets the lock waits on that from then on.
type waiter struct {
	thread sys.TID
	asks   record
	spot
}

// A spot is where a thread waits. The zero spot is that of one who was woken.
type spot struct {
	at    spotKind
	lock  record  // atLock
	ahead sys.TID // behind that thread
}

type spotKind uint8

const (
	woken spotKind = iota // about to ask again
	atLock
	behind
)

// wait answers a request that a lock is in the way of.
func (s *State) wait(id sys.TID, r, first record) sys.Ret {
	if !r.owner.ofd && s.circle(r.owner, first.owner) {
		return sys.Fail(sys.EDEADLK)
	}
	w := waiter{id, r, onLock(first)}
	for next := 0; next >= 0; {
		next = slices.IndexFunc(s.waiters, func(o waiter) bool { return o.spot == w.spot && s.clash(o.asks, r) })
		if next >= 0 {
			w.spot = spot{at: behind, ahead: s.waiters[next].thread}
		}
	}
	s.waiters = append(s.waiters, w)
	return sys.Ret{Wait: true}
}

// maxCircle is how long a circle Linux looks for (MAX_DEADLK_ITERATIONS).
const maxCircle = 11

// circle reports whether who is in the way waits, itself or through others, for
// the one who asks (posix_locks_deadlock).
func (s *State) circle(asks, next owner) bool {
	for range maxCircle {
		var waits bool
		if next, waits = s.waitsOn(next); !waits || next == asks {
			return waits
		}
	}
	return false
}

// waitsOn returns whom the owner waits for, at the head of its queue. Of several
// threads that wait Linux looks at the one that began last, and at none that
// waits for a description, or right behind one.
func (s *State) waitsOn(o owner) (owner, bool) {
	for i := len(s.waiters) - 1; i >= 0; i-- {
		w := &s.waiters[i]
		if w.asks.owner != o || w.at == woken || s.hinders(w).ofd {
			continue
		}
		for w.at == behind {
			w = s.waiter(w.ahead)
		}
		return s.hinders(w), true
	}
	return owner{}, false
}

// hinders returns whom the thread waits on or behind; of one that was woken, its
// own owner.
func (s *State) hinders(w *waiter) owner {
	switch w.at {
	case atLock:
		return w.lock.owner
	case behind:
		return s.waiter(w.ahead).asks.owner
	}
	return w.asks.owner
}

// waiter returns what the thread waits for, or nil.
func (s *State) waiter(id sys.TID) *waiter {
	for i := range s.waiters {
		if s.waiters[i].thread == id {
			return &s.waiters[i]
		}
	}
	return nil
}

// onLock is the spot of those that wait on the lock itself.
func onLock(lock record) spot { return spot{at: atLock, lock: lock} }

// moveWaiters has those that wait on the lock wait elsewhere.
func (s *State) moveWaiters(from record, to spot) {
	for i := range s.waiters {
		if w := &s.waiters[i]; w.at == atLock && w.lock == from {
			w.spot = to
		}
	}
}

// handOn has those that are queued behind the thread wait elsewhere.
func (s *State) handOn(id sys.TID, to spot) {
	for i := range s.waiters {
		if w := &s.waiters[i]; w.at == behind && w.ahead == id {
			w.spot = to
		}
	}
}

// leave takes the thread out of the queue, and leaves those behind it for
// handOn. It returns what the thread asked for, if it was there.
func (s *State) leave(id sys.TID) (asked record, waited bool) {
	i := slices.IndexFunc(s.waiters, func(w waiter) bool { return w.thread == id })
	if i < 0 {
		return record{}, false
	}
	asked = s.waiters[i].asks
	s.waiters = slices.Delete(s.waiters, i, i+1)
	return asked, true
}

// endWait forgets that the thread waits.
func (s *State) endWait(id sys.TID) {
	if _, waited := s.leave(id); waited {
		s.handOn(id, spot{})
	}
}

// endWaits forgets what the threads wait for that the function names.
func (s *State) endWaits(which func(waiter) bool) {
	for i := slices.IndexFunc(s.waiters, which); i >= 0; i = slices.IndexFunc(s.waiters, which) {
		s.endWait(s.waiters[i].thread)
	}
}

// recordReady is Ready of a blocking request. Where a lock is in the way it is
// asked once, and once more when the thread was woken: then it may be queued
// elsewhere. And asking at all matters to those alone for whom somebody could
// wait in turn, because only they can be part of a circle.
func (s *State) recordReady(id sys.TID, c sys.Call) bool {
	f, errno := s.description(id, c.FD)
	if errno != 0 {
		return true
	}
	r, errno := s.request(id, f, c)
	if errno != 0 || !s.rules.OwnLocks && s.stale(f) || s.inTheWay(r) == nil {
		return true
	}
	if w := s.waiter(id); w != nil && w.asks == r {
		return w.at == woken
	}
	return slices.ContainsFunc(s.records, func(own record) bool { return own.owner == r.owner })
}

// Waiting reports whether some thread waits for a record lock.
func (s *State) Waiting() bool { return len(s.waiters) > 0 }
