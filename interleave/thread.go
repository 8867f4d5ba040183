package interleave

import (
	"fmt"
	"iter"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A thread is one coroutine of lock code, stopped before its next call.
type thread struct {
	id     sys.TID
	name   string
	client int
	state  threadState

	call      sys.Call // what it announced
	ret       sys.Ret  // what that call will be answered with
	body      func(*sys.Proc)
	cancelled bool

	next func() (sys.Call, bool)
	stop func()
}

type threadState uint8

const (
	waiting threadState = iota // before its call
	ended
	killed
)

// stopped is the panic that ends a thread which will not be resumed.
type stopped struct{}

// newThread returns a thread that has not begun; resume makes it announce its
// first call.
func newThread(t *thread, body func(*sys.Proc)) *thread {
	t.next, t.stop = iter.Pull(func(yield func(sys.Call) bool) {
		defer func() {
			if v := recover(); v != nil && v != (stopped{}) {
				panic(v)
			}
		}()
		body(sys.NewProc(&gate{thread: t, yield: yield}))
	})
	return t
}

// resume lets the thread go on until it announces its next call or ends.
func (t *thread) resume(now sys.Instant) {
	c, ok := t.next()
	if !ok {
		t.state = ended
		return
	}
	if c.Op.Lasts() {
		c.At = now
	}
	t.call = c
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

// Call implements sys.Host. Once the thread was stopped every call panics,
// those of deferred functions included.
func (g *gate) Call(c sys.Call) sys.Ret {
	if g.closed || !g.yield(c) {
		g.closed = true
		panic(stopped{})
	}
	return g.thread.ret
}

// Go implements sys.Host.
func (g *gate) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	g.thread.body = body
	return g.Call(c)
}

// guard turns a panic of lock code into an error that names the thread.
func guard(t *thread, err *error) {
	if v := recover(); v != nil {
		t.state = ended
		*err = fmt.Errorf("thread %s panicked after its call %s: %v", t.name, t.call, v)
	}
}
