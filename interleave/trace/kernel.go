//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A kernel is one trial of a machine.
type kernel struct {
	*tracer
	failed error // when it was asked whether a call is ready
}

var _ interleave.Stage = (*kernel)(nil)

// Ready implements sys.Kernel.
func (k *kernel) Ready(id sys.TID, c sys.Call) bool {
	p := k.programs[id.Proc]
	switch {
	case p.blocked:
		if k.failed = k.settle(p); k.failed != nil {
			return true // Do will tell
		}
		_, waits := k.announce(p)
		return !waits
	case p.at != nil && p.at.gate.waits:
		return p.at.could() || p.at.signalled()
	}
	return true
}

// Do implements sys.Kernel.
func (k *kernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	if k.failed != nil {
		return sys.Ret{}, k.failed
	}
	k.now = c.At
	if id == sys.Outside {
		return k.outside(c)
	}
	p := k.programs[id.Proc]
	if p.blocked || p.at == nil {
		return sys.OK(), nil // it waited for something else, and that has come
	}
	ret, err := k.make(p.at)
	if err != nil {
		if err = k.lost(err); err == nil {
			return k.ended(p.at)
		}
	}
	return ret, err
}

// outside makes a call of the environment's.
func (k *kernel) outside(c sys.Call) (sys.Ret, error) {
	var err error
	switch c.Op {
	case sys.OpKill:
		return sys.OK(), k.kill(k.programs[c.N])
	case sys.OpUnlink:
		err = unix.Unlink(k.path(c.Path))
		if err == nil {
			err = k.place.Settle(c.At.Wall)
		}
	case sys.OpLstat:
		var st unix.Stat_t
		if err = unix.Lstat(k.path(c.Path), &st); err == nil {
			return sys.Ret{Stat: k.place.Stat(&st)}, nil
		}
	default:
		return sys.Ret{}, fmt.Errorf("%s: the environment of programs does not make it", c)
	}
	if errno := unix.Errno(0); errors.As(err, &errno) {
		return sys.Fail(sys.Errno(errno)), nil
	}
	return sys.OK(), err
}

// Next implements interleave.Stage.
func (k *kernel) Next(proc int, now sys.Instant) (interleave.Announcement, error) {
	k.now = now
	p := k.programs[proc]
	if err := k.setClocks(p); err != nil {
		return interleave.Announcement{}, err
	}
	for {
		if err := k.goOn(p); err != nil {
			return interleave.Announcement{}, err
		}
		var c sys.Call
		if c, p.blocked = k.announce(p); c.Op == sys.OpSleep && c.Dur <= 0 {
			continue // the time of that wait has come already
		}
		if c.Op == 0 && !p.stepped {
			p.note("has ended without a call on the trial's directory")
		}
		p.stepped = p.stepped || c.Op != 0
		told, err := p.told()
		return interleave.Announcement{Told: told, Call: c}, err
	}
}

// goOn lets the program go on from its last step until it is settled.
func (k *kernel) goOn(p *program) error {
	if t := p.at; t != nil && t.state == called {
		if err := t.pass(); err != nil {
			return err
		}
	}
	p.at, p.blocked = nil, false
	if err := k.wake(p); err != nil {
		return err
	}
	return k.settle(p)
}

// announce returns the call that the settled program is about to make. It is zero
// where the program has ended; blocked reports that it waits for something else
// than the trial's.
//
// A program whose one task sleeps while another waits for a lock announces the
// sleep: the lock may be the first one's, and then nothing else would go on.
func (k *kernel) announce(p *program) (c sys.Call, blocked bool) {
	if len(p.tasks) == 0 {
		return sys.Call{}, false
	}
	next, free := p.ready()
	sleeper := p.sleeper()
	if next != nil && (free || sleeper == nil || !sleeper.spec.limit.sleeps) {
		p.at = next
		return next.gate.call, false
	}
	if sleeper != nil {
		return sys.Call{Op: sys.OpSleep, Dur: sleeper.until - k.now.Mono}, false
	}
	return foreignCall("wait", ""), true
}

// sleeper returns the task whose wait is over first, or nil.
func (p *program) sleeper() (first *task) {
	for _, t := range p.tasks {
		if t.timed && (first == nil || t.until < first.until) {
			first = t
		}
	}
	return first
}

// ready returns the task whose gate is the program's next step: the first whose
// call can be made, or else the first that waits for a lock, which is not free.
func (p *program) ready() (next *task, free bool) {
	for _, t := range p.tasks {
		switch {
		case t.state != gated:
		case !t.gate.waits || t.could() || t.signalled():
			return t, true
		case next == nil:
			next = t
		}
	}
	return next, false
}
