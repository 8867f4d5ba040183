package explore

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// What lock code tells its learner reads as a call like the others. These are
// silent: answered at once, by the explorer, and no step of a schedule.
const (
	opLoop  sys.Op = 200 + iota // a loop begins, its first pause being Dur
	opAgain                     // its next round does, the last one's pause having been Dur
	opRest                      // the client is between two segments of its workload
	opSame                      // are T and U, which stand for inodes, of the same number?
	opLook                      // what did the stat that T stands for say of the file?
)

func silent(op sys.Op) bool { return op >= opLoop }

// A puppet is one thread of lock code, run on nothing but recorded answers.
// Handles that it is given (descriptors, times, …) are serial numbers, so that
// whatever the code does with them can be followed.
type puppet struct {
	next  func() (sys.Call, bool)
	halt  func()
	yield func(sys.Call) bool

	ret     sys.Ret
	child   func(*sys.Proc) // what the announced OpGo or OpFork is to run
	backoff sys.Backoff     // of the announced loop
	stopped bool
	crash   any

	tokens  tokens
	loops   []*node
	op      trial.Verb // the operation under way, or 0
	calls   int        // made in it so far
	claim   claim
	answers []history.Event
}

// A claim is what a client has by its acquires, as package model defines it.
type claim uint8

const (
	nothing claim = iota
	sharing
	owning
)

// unwound is the panic that ends lock code which will not be resumed.
type unwound struct{}

func newPuppet(body func(*sys.Proc, *puppet)) *puppet {
	p := &puppet{}
	p.next, p.halt = iter.Pull(func(yield func(sys.Call) bool) {
		defer func() {
			if v := recover(); v != nil && v != (unwound{}) && !p.stopped {
				p.crash = v
			}
		}()
		p.yield = yield
		body(sys.NewProc(p), p)
	})
	return p
}

// newClient returns the puppet of a client's own thread.
func newClient(work trial.Workload, l lock.Lock) *puppet {
	return newPuppet(func(proc *sys.Proc, p *puppet) {
		work.Perform(proc, l, p.operation)
	})
}

// newChild returns the puppet of a thread that was started with Go.
func newChild(body func(*sys.Proc), t tokens) *puppet {
	p := newPuppet(func(proc *sys.Proc, _ *puppet) { body(proc) })
	p.tokens = t.clone()
	return p
}

// operation is trial.Workload.Perform's: it notes what a client asks and is
// told.
func (p *puppet) operation(v trial.Verb, do func() (string, error)) error {
	p.op, p.calls = v, 0
	value, err := do()
	if p.stopped {
		return err
	}
	p.answers = append(p.answers, trial.Response("", v, value, err))
	how, acquires := v.Acquires()
	switch {
	case acquires:
		if err == nil && how.Shared {
			p.claim = sharing
		} else if err == nil {
			p.claim = owning
		}
	case v == trial.Upgrade && err == nil:
		p.claim = owning
	case v == trial.Downgrade && err == nil:
		p.claim = sharing
	case v == trial.Unlock:
		p.claim = nothing
	}
	p.op, p.calls = 0, 0
	if v == trial.Unlock || acquires && err != nil {
		p.announce(sys.Call{Op: opRest})
	}
	return err
}

// announce hands the call over and returns what it is answered.
func (p *puppet) announce(c sys.Call) sys.Ret {
	if p.stopped || !p.yield(c) || p.stopped {
		p.stopped = true
		panic(unwound{})
	}
	return p.ret
}

// Call implements sys.Host.
func (p *puppet) Call(c sys.Call) sys.Ret {
	r := p.announce(c)
	if c.Op == sys.OpExit {
		p.stopped = true
		panic(unwound{})
	}
	return r
}

// Go implements sys.Host.
func (p *puppet) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	p.child = body
	return p.announce(c)
}

// SameFile implements sys.Learner.
func (p *puppet) SameFile(a, b sys.Stat) bool {
	return p.announce(sys.Call{Op: opSame, T: standFor(a.Ino), U: standFor(b.Ino)}).Yes()
}

// standFor puts an inode's number where a call keeps times.
func standFor(i sys.Ino) sys.Time { return sys.Time{At: time.Duration(i.Num)} }

// Loop implements sys.Learner.
func (p *puppet) Loop(b sys.Backoff) time.Duration {
	p.backoff = b
	return p.announce(sys.Call{Op: opLoop, Dur: b.Initial}).Time.At
}

// Again implements sys.Learner.
func (p *puppet) Again(pause time.Duration) time.Duration {
	return p.announce(sys.Call{Op: opAgain, Dur: pause}).Time.At
}

// Look implements sys.Learner.
func (p *puppet) Look(s sys.Stat) sys.Stat {
	return p.announce(sys.Call{Op: opLook, T: sys.Time{At: time.Duration(s.Size)}}).Stat
}

// Done implements sys.Learner. It is also called while the code is unwound.
func (p *puppet) Done() {
	if !p.stopped && len(p.loops) > 0 {
		p.loops = p.loops[:len(p.loops)-1]
	}
}

// stop ends the code where it is. Its deferred functions run, and make no call.
func (p *puppet) stop() {
	p.stopped = true
	p.halt()
}

// begin lets the code run to its first call.
func (p *puppet) begin() (symbol, error) { return p.resume() }

// feed answers the call of the node at, at which the puppet stands, and lets
// the code run to its next one.
func (p *puppet) feed(at *node, obs sys.Ret) (symbol, error) {
	switch op := at.call.Op; {
	case op == opLoop:
		p.loops = append(p.loops, at)
	case op == opAgain:
		p.tokens.forget(at.loop.tokens)
	case op == opRest:
		p.tokens.forget(nil)
	case !silent(op):
		p.calls++
	}
	var err error
	if p.ret, err = p.tokens.give(at.call.Op, obs); err != nil {
		return symbol{}, err
	}
	p.answers = nil
	return p.resume()
}

// resume lets the code run until it announces a call or ends.
func (p *puppet) resume() (symbol, error) {
	c, more := p.next()
	if p.crash != nil {
		return symbol{}, &Crash{p.crash}
	}
	if !more {
		return symbol{ended: true}, nil
	}
	s, err := p.tokens.symbolic(c)
	if err != nil {
		return s, err
	}
	if s.call.Op == opAgain && len(p.loops) == 0 {
		return s, fmt.Errorf("lock code began a round of a loop that is over")
	}
	return s, nil
}

// standing describes the node that the puppet stands at.
func (p *puppet) standing(n *node) {
	n.tokens = slices.Clone(p.tokens.kinds)
	n.op, n.invoked, n.claim = p.op, p.calls > 0, p.claim
	if _, converts := p.op.Converts(); (p.op == trial.Unlock || converts) && p.calls > 0 {
		n.claim = nothing
	}
	if len(p.loops) > 0 {
		n.loop = p.loops[len(p.loops)-1]
	}
}

// A Crash is the error of lock code that panicked.
type Crash struct{ Value any }

func (e *Crash) Error() string { return fmt.Sprintf("lock code panicked: %v", e.Value) }

func acquiring(v trial.Verb) bool {
	_, acquires := v.Acquires()
	return acquires
}
