package interleave

import (
	"iter"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A coroutine runs bodies of threads, one after the other. It is kept from run
// to run: making one, and letting its stack grow in the middle of a lock's
// calls, costs as much as the rest of a short run in memory.
type coroutine struct {
	body   func(yield func(sys.Call) bool)
	halted bool // the body is being unwound
	next   func() (sys.Call, bool)
	stop   func()
}

// stopped is the panic that ends a body which will not be resumed.
type stopped struct{}

// idle is what a coroutine yields between two bodies. It is no call.
var idle = sys.Call{}

func newCoroutine() *coroutine {
	c := &coroutine{}
	c.next, c.stop = iter.Pull(func(yield func(sys.Call) bool) {
		for {
			c.perform(yield)
			if !yield(idle) {
				return
			}
		}
	})
	return c
}

// perform runs the body to its end, or until it is halted. A panic of its own
// reaches whoever resumed it; that of a body being unwound is heard by nobody:
// a process that is dead does not complain.
func (c *coroutine) perform(yield func(sys.Call) bool) {
	defer func() {
		if v := recover(); v != nil && v != (stopped{}) && !c.halted {
			panic(v)
		}
		c.halted = false
	}()
	c.body(yield)
}
