package interleave

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Stage is a kernel whose processes are programs: they make their calls of
// their own accord, and it stops each before the next one.
type Stage interface {
	sys.Kernel

	// Next lets the program of a process go on until it is about to make its next
	// call. It goes on from the one that it announced last, which Do has carried
	// out; a sleep is over by now. The error is the harness's.
	Next(proc int, now sys.Instant) (Announcement, error)
}

// An Announcement is what a program comes to.
type Announcement struct {
	Told []history.Event // by the program on its way there: Kind, F and Error of each
	Call sys.Call        // that it is about to make; zero where it has ended
}

// A program is a client that is a program. What it tells of its operations is the
// history; what it does not tell follows from its calls: an acquire is invoked with
// its first call, a release with the first one behind a step inside.
type program struct {
	*client
	stage Stage

	next  Announcement // what it came to, as far as that was not yet taken up
	comes bool         // there is such
	holds bool
	exact bool // it tells of invocations too
}

// startProgram adds the thread of a client that is a program. The first call of
// such a client may be far into it, and is no lock's.
func (r *run) startProgram(c *client) error {
	stage, ok := r.kernel.(Stage)
	if !ok {
		return errors.New("found a trial of programs, wanted a kernel that runs them")
	}
	proc := r.trial.Clients[c.index].Proc
	t := &thread{id: sys.TID{Proc: uint8(proc)}, name: c.name, client: c.index, program: &program{client: c, stage: stage}}
	r.threads = append(r.threads, t)
	c.pending = history.Lock
	return r.resume(t)
}

// resume lets the program go on to its next call. A step inside comes behind what it
// says of an acquire, and before whatever else it says.
func (p *program) resume(t *thread) (err error) {
	if !p.comes {
		if p.next, err = p.stage.Next(int(t.id.Proc), p.run.now); err != nil {
			return err
		}
	}
	for i, e := range p.next.Told {
		entered, err := p.told(e)
		if err != nil {
			return err
		}
		if entered {
			p.next.Told, p.comes = p.next.Told[i+1:], p.next.Call.Op != 0 || i+1 < len(p.next.Told)
			t.call = sys.Call{Op: sys.OpInside}
			return nil
		}
	}
	p.comes = false
	p.expect()
	t.call = p.next.Call
	switch {
	case t.call.Op == 0:
		t.state = ended
		if p.holds {
			p.killed()
		}
	case t.call.Op.Lasts():
		t.call.At = p.run.now
	}
	return nil
}

// told writes what the program says of an operation, and reports whether it has
// entered the critical section with that.
func (p *program) told(e history.Event) (entered bool, err error) {
	if e.Kind == history.Ok && e.F == history.Unlock && !p.holds {
		return false, fmt.Errorf("%s says that it has released the lock, wanted it to say before that it has acquired it", p.name)
	}
	if e.Kind == history.Invoke {
		p.exact = true
	}
	if p.asked == "" {
		p.pending = e.F
		p.invoked()
	}
	if e.Kind == history.Invoke {
		return false, nil
	}
	e.F = p.answered(e)
	p.record(e)
	p.asked = ""
	acquires := history.IsAcquire(e.F)
	if e.Kind == history.Ok || !acquires {
		p.holds = acquires // a release that failed is not tried again
	}
	return p.holds && e.Kind == history.Ok, nil
}

// answered returns the operation that the answer is to.
func (p *program) answered(e history.Event) string {
	if e.F == "" || history.IsAcquire(e.F) && history.IsAcquire(p.asked) {
		return p.asked
	}
	return e.F
}

// expect says which operation the next call begins, where none is under way and
// the program does not say so itself.
func (p *program) expect() {
	switch {
	case p.exact || p.asked != "":
	case p.holds:
		p.pending = history.Unlock
	default:
		p.pending = history.Lock
	}
}
