package mutate

import (
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A seam is the host of one thread of a lock's code while it is in one part. It
// hands calls on to the host beneath, and takes a guard out, or takes note of the
// calls.
//
// It is a Learner whatever is beneath, so that it is told of rounds: what it
// remembers of a round is gone with the next one, as what the code remembers is.
type seam struct {
	beneath sys.Host
	part    string
	tamper  *tamper   // nil: nothing is changed
	seen    sightings // nil: nothing is noted
	memory  *memory
	rounds  []round
	unasked int // answers in a row that the host beneath was not asked for
}

// A tamper is the change that makes a mutant.
type tamper struct {
	removal *removal
	guard   site
}

// A round is a loop under way.
type round struct {
	backoff sys.Backoff
	pause   time.Duration
	begun   *memory // what was remembered when the loop began
}

// over returns the Proc of the part's code.
func (s *seam) over(p *sys.Proc) *sys.Proc {
	s.beneath = p.Host()
	return sys.NewProc(s)
}

// nobody is the number of a thread that was not started.
const nobody = -1

// Call implements sys.Host.
func (s *seam) Call(c sys.Call) sys.Ret {
	if (c.Op == sys.OpJoin || c.Op == sys.OpCancel) && c.N == nobody {
		return s.answer(sys.OK())
	}
	at := site{s.part, c.Op, kindOf(c), s.memory.roleOf(c)}
	var r sys.Ret
	if t := s.tamper; t != nil && t.reaches(at) {
		r = t.removal.do(s, at, c)
	} else {
		r = s.ask(c)
	}
	if s.seen != nil {
		s.seen.add(s, at, c, r)
	}
	s.memory.add(at, c, r)
	return r
}

// reaches reports whether calls at the site are changed.
func (t *tamper) reaches(at site) bool {
	if t.removal.with != nil && t.removal.with(t.guard, at) {
		return true
	}
	return at == t.guard
}

// ask has the host beneath carry the call out.
func (s *seam) ask(c sys.Call) sys.Ret {
	s.unasked = 0
	if c.Op == sys.OpSleep && c.Dur < 0 && s.learner() == nil {
		c.Dur = s.rounds[-c.Dur-1].pause
	}
	return s.beneath.Call(c)
}

// mostUnasked is how many calls are answered in a row and not made, at most. Code
// that goes on without a call that is made does not end, and nobody could stop it.
const mostUnasked = 1000

// answer is what the code is told of a call that is not made.
func (s *seam) answer(r sys.Ret) sys.Ret {
	if s.unasked++; s.unasked > mostUnasked {
		panic("without its guard the code goes round and makes no call")
	}
	return r
}

// Go implements sys.Host. A thread is a part of its own.
func (s *seam) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	at := site{s.part, c.Op, "", c.Path}
	if t := s.tamper; t != nil && t.reaches(at) {
		return t.removal.do(s, at, c)
	}
	s.unasked = 0
	child := seam{part: c.Path, tamper: s.tamper, seen: s.seen}
	begun := s.memory.next()
	r := s.beneath.Go(c, func(p *sys.Proc) {
		own := child
		own.memory = begun.clone()
		body(own.over(p))
	})
	if s.seen != nil {
		s.seen.add(s, at, c, r)
	}
	return r
}

// learner returns the host beneath where it is one.
func (s *seam) learner() sys.Learner {
	l, _ := s.beneath.(sys.Learner)
	return l
}

// SameFile implements sys.Learner.
func (s *seam) SameFile(a, b sys.Stat) bool {
	at := site{part: s.part, op: opSame}
	if s.seen != nil {
		s.seen.add(s, at, sys.Call{}, sys.OK())
	}
	switch l := s.learner(); {
	case s.tamper != nil && s.tamper.reaches(at):
		return s.answer(sys.Bool(true)).Yes()
	case l != nil:
		return l.SameFile(a, b)
	}
	return sys.SameFile(a, b)
}

// Look implements sys.Learner.
func (s *seam) Look(st sys.Stat) sys.Stat {
	at := site{part: s.part, op: opLook}
	if s.seen != nil {
		s.seen.add(s, at, sys.Call{}, sys.OK())
	}
	if l := s.learner(); l != nil {
		st = l.Look(st)
	}
	if s.tamper != nil && s.tamper.reaches(at) {
		st = s.tamper.removal.look(st)
	}
	return st
}

// Loop implements sys.Learner. Where the host beneath is none, pauses are
// stand-ins: so they can be told from what the code sleeps besides.
func (s *seam) Loop(b sys.Backoff) time.Duration {
	s.rounds = append(s.rounds, round{b, b.Initial, s.memory.clone()})
	if l := s.learner(); l != nil {
		return l.Loop(b)
	}
	return -time.Duration(len(s.rounds))
}

// Again implements sys.Learner.
func (s *seam) Again(pause time.Duration) time.Duration {
	r := &s.rounds[len(s.rounds)-1]
	s.memory = r.begun.clone()
	if l := s.learner(); l != nil {
		return l.Again(pause)
	}
	r.pause = r.backoff.After(r.pause)
	return pause
}

// Done implements sys.Learner. It is also called while the code is unwound.
func (s *seam) Done() {
	s.rounds = s.rounds[:len(s.rounds)-1]
	if l := s.learner(); l != nil {
		l.Done()
	}
}
