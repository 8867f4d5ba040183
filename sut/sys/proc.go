package sys

import (
	"io/fs"
	"time"
)

// A Host runs one thread of lock code: it carries the thread's calls out, when
// it sees fit. A host may end the thread by panicking from Call or Go with a
// value of its own, which it recovers where it started the thread.
type Host interface {
	// Call carries a call out and returns its answer.
	Call(Call) Ret
	// Go carries out an OpGo or an OpFork; body is what the new thread, or the
	// new process, runs.
	Go(c Call, body func(*Proc)) Ret
}

// A Proc is one thread of lock code, seen from within: its system calls as
// methods. It reads like os and syscall: errors are *fs.PathError with an
// Errno inside, paths are relative to the trial's directory.
//
// A Proc is for its own thread alone; a thread started with Go gets another.
type Proc struct{ host Host }

// NewProc returns the Proc of a thread that host runs.
func NewProc(host Host) *Proc { return &Proc{host: host} }

// Host returns who runs the thread, for code that stands between the two and
// changes what it hears or says.
func (p *Proc) Host() Host { return p.host }

// A Thread is a thread started with [Proc.Go].
type Thread struct{ n int64 }

// Go starts a thread of the same process. The name is for people: the thread
// "hb" of p0 is shown as p0.hb. Whatever the two threads share must be fixed
// before Go or go through calls.
func (p *Proc) Go(name string, body func(*Proc)) Thread {
	return Thread{n: p.host.Go(Call{Op: OpGo, Path: name}, body).N}
}

// Cancel tells the thread to stop, as cancelling its context would.
func (p *Proc) Cancel(t Thread) { p.host.Call(Call{Op: OpCancel, N: t.n}) }

// Join waits until the thread has ended.
func (p *Proc) Join(t Thread) { p.host.Call(Call{Op: OpJoin, N: t.n}) }

// Cancelled waits until this thread is told to stop, and reports true; or for
// d, and reports false. It stands for a select over a context and a timer.
// Where Go's select would find both ready it may take either; here the
// cancellation wins, and the schedule in which the timer came first covers the
// other.
func (p *Proc) Cancelled(d time.Duration) bool {
	return p.host.Call(Call{Op: OpCancelled, Dur: d}).Yes()
}

// Inside is a step inside the critical section: between it and the steps
// around it the client holds the lock.
func (p *Proc) Inside() { p.host.Call(Call{Op: OpInside}) }

// Sleep returns when the monotonic clock has moved by d.
func (p *Proc) Sleep(d time.Duration) { p.host.Call(Call{Op: OpSleep, Dur: d}) }

// Deadline reads the monotonic clock and returns the time that lies d ahead.
func (p *Proc) Deadline(d time.Duration) Time {
	return p.host.Call(Call{Op: OpDeadline, Dur: d}).Time
}

// Expired reads the monotonic clock and reports whether it has reached t.
func (p *Proc) Expired(t Time) bool { return p.host.Call(Call{Op: OpExpired, T: t}).Yes() }

// Older reads the wall clock and reports whether it is at least d past t.
func (p *Proc) Older(t Time, d time.Duration) bool {
	return p.host.Call(Call{Op: OpOlder, T: t, Dur: d}).Yes()
}

// Same reports whether the times are equal.
func (p *Proc) Same(t, u Time) bool { return p.host.Call(Call{Op: OpSame, T: t, U: u}).Yes() }

// path carries out a call on c.Path.
func (p *Proc) path(c Call) (Ret, error) {
	return wrap(p.host.Call(c), c.Op, c.Path)
}

func wrap(r Ret, op Op, path string) (Ret, error) {
	if r.Err != 0 {
		return r, &fs.PathError{Op: op.String(), Path: path, Err: r.Err}
	}
	return r, nil
}
