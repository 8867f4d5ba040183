package interleave

import (
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A thread is lock code on a coroutine, or a program, stopped before its next
// call.
type thread struct {
	id     sys.TID
	name   string
	client int
	state  threadState

	call      sys.Call        // what it announced
	ret       sys.Ret         // what that call will be answered with
	child     func(*sys.Proc) // what an announced OpGo or OpFork is to run
	cancelled bool

	on   *coroutine // nil of a program's
	gate gate

	program *program // nil of lock code
}

type threadState uint8

const (
	waiting threadState = iota // before its call
	ended
	killed
)

// newThread puts the body on the coroutine. The first resume makes it announce
// its first call.
func newThread(t *thread, on *coroutine, body func(*sys.Proc)) *thread {
	t.on = on
	t.gate.thread = t
	on.body = func(yield func(sys.Call) bool) {
		t.gate.yield = yield
		body(sys.NewProc(&t.gate))
	}
	return t
}

// resume lets the thread go on until it announces its next call or ends.
func (t *thread) resume(now sys.Instant) {
	c, ok := t.on.next()
	if !ok || c == idle {
		t.state = ended
		return
	}
	if c.Op.Lasts() {
		c.At = now
	}
	t.call = c
}

// halt ends the thread where it is. Its deferred functions run, and make no
// call.
func (t *thread) halt(state threadState) {
	if t.state != waiting {
		return
	}
	t.state = state
	if t.program != nil {
		return // its kernel ends it
	}
	t.gate.closed, t.on.halted = true, true
	t.on.next()
}

// deadline returns the instant at which a call that lasts is over.
func (t *thread) deadline() (at int64, ok bool) {
	return int64(t.call.At.Mono + t.call.Dur), t.state == waiting && t.call.Op.Lasts()
}

// A gate is the sys.Host of a thread under control.
type gate struct {
	thread *thread
	yield  func(sys.Call) bool
	closed bool
}

// Call implements sys.Host. Once the thread was halted every call panics, those
// of deferred functions included.
func (g *gate) Call(c sys.Call) sys.Ret {
	if g.closed || !g.yield(c) || g.closed {
		g.closed = true
		panic(stopped{})
	}
	return g.thread.ret
}

// Go implements sys.Host.
func (g *gate) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	g.thread.child = body
	return g.Call(c)
}

// guard turns a panic of lock code into an error that names the thread.
func guard(t *thread, err *error) {
	if v := recover(); v != nil {
		t.state = ended
		t.on = nil // its coroutine is gone
		where := "before its first call"
		if t.call.Op != 0 {
			where = "after its call " + t.call.String()
		}
		*err = fmt.Errorf("thread %s panicked %s: %v", t.name, where, v)
	}
}
