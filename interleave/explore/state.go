package explore

import (
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A state is all that the future depends on. Its instant is 0 when it was read
// from the store, and moves only within a step.
type state struct {
	kernel sim.State
	procs  []process
	left   trial.Budget
	now    sys.Instant
	last   place  // who took the last step; nobody where that is not asked for
	broken bool   // the property that is asked about was violated, for good
	tally  uint32 // what else the monitor keeps
}

// A process is what a state has of one, besides what its kernel has.
type process struct {
	paused  bool
	threads []thread // its clients' own ones first
}

// A thread is a spot of the automaton and the values that are kept there.
type thread struct {
	at        *spot
	status    status
	cancelled bool
	invoked   bool          // an operation of its is under way, which the spot may not tell: each round of a loop begins at one
	asked     bool          // its call has taken a step and was not answered
	begun     time.Duration // on the monotonic clock: when a call that lasts was
	values    [maxKept]int64
	client    int8          // of its process, whose thread it is
	segment   int8          // of its workload, of a client's own thread
	note      uint32        // what the monitor keeps of a client, at its own thread
	since     time.Duration // on the monotonic clock: when its acquire was invoked, if the monitor asks
}

type status uint8

const (
	free status = iota // a place for a thread
	waiting
	ended
)

// maxKept is how many values a thread may have to keep.
const maxKept = 8

// A place is where in a state a thread stands.
type place struct{ proc, thread int8 }

var nobody = place{-1, -1}

func (s *state) copyFrom(o *state) {
	s.kernel.CopyFrom(&o.kernel)
	s.left, s.now, s.last, s.broken, s.tally = o.left, o.now, o.last, o.broken, o.tally
	s.grow(len(o.procs))
	for i := range o.procs {
		threads := append(s.procs[i].threads[:0], o.procs[i].threads...)
		s.procs[i] = process{o.procs[i].paused, threads}
	}
}

func (s *state) grow(procs int) {
	for len(s.procs) < procs {
		s.procs = append(s.procs, process{})
	}
	s.procs = s.procs[:procs]
}

// call returns the thread's call with the values of its tokens, stamped.
func (s *state) call(t *thread) sys.Call {
	c := t.at.call
	for _, a := range t.at.args {
		a.field.set(&c, t.values[a.token])
	}
	c.At = s.now
	if c.Op.Lasts() {
		c.At = sys.Instant{Mono: t.begun}
	}
	return c
}

// deadline returns how far ahead the end of a call that lasts is.
func (s *state) deadline(t *thread) (ahead time.Duration, ok bool) {
	if t.status != waiting || !t.at.call.Op.Lasts() {
		return 0, false
	}
	return t.begun + t.lasts() - s.now.Mono, true
}

// holds returns what the thread's client has by its acquires. A release that
// was asked for has ended that, also while it waits.
func (t *thread) holds() claim {
	if t.asked {
		return nothing
	}
	return t.at.claim
}

// removable reports whether unlink(2) would remove what is there: any file but a
// directory.
func (s *state) removable(path string) bool {
	r, err := s.kernel.Do(sys.Outside, sys.Call{Op: sys.OpLstat, Path: path})
	return err == nil && r.Err == 0 && r.Stat.Kind != sys.Directory
}

// lasts returns how long the thread's call takes, which is one that lasts.
func (t *thread) lasts() time.Duration {
	for _, a := range t.at.args {
		if a.field == fieldDur {
			return time.Duration(t.values[a.token])
		}
	}
	return t.at.call.Dur
}
