package cost

import (
	"fmt"
	"sync"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A host is the sys.Host of one thread: it makes each call when the code does.
type host struct {
	turn *turn
	mine bool // the client's own thread, no other of its process

	ended bool          // the thread is on its way out: it makes no more calls
	stop  chan struct{} // closed when this thread is told to stop
}

// started is a thread that lock code started.
type started struct {
	cancel func() // may be called more than once
	done   chan struct{}
}

// cut is what a thread is ended by.
type cut struct{}

// Call implements sys.Host.
func (h *host) Call(c sys.Call) sys.Ret {
	now := time.Since(h.turn.begin)
	h.cutAfter(now)
	c.At = sys.Instant{Wall: now, Mono: now}
	if ret, ok := c.Told(); ok {
		return ret
	}
	switch c.Op {
	case sys.OpInside:
	case sys.OpSleep:
		h.sleep(now, c.Dur)
	case sys.OpCancel:
		h.turn.thread(c.N).cancel()
	case sys.OpJoin:
		h.join(now, h.turn.thread(c.N))
	case sys.OpCancelled:
		return sys.Bool(h.await(c.Dur))
	default:
		return h.carryOut(c)
	}
	return sys.OK()
}

func (h *host) carryOut(c sys.Call) sys.Ret {
	ret, err := h.turn.kernel.Do(c)
	if err != nil {
		h.turn.refuse(err)
		h.end()
	}
	return ret
}

// cutAfter ends the thread where the round is over: the client's own while it
// asks for the lock, any other in any case. A client that is inside goes on to
// the end of its release.
func (h *host) cutAfter(now time.Duration) {
	switch {
	case h.ended:
		panic(cut{}) // a deferred call of a thread that was ended before
	case h.mine && h.turn.asking && now >= h.turn.length:
		h.end()
	case !h.mine && h.turn.isOver():
		h.end()
	}
}

func (h *host) end() {
	h.ended = true
	panic(cut{})
}

// sleep sleeps, for no longer than the round lasts where it is cut then.
func (h *host) sleep(now, d time.Duration) {
	switch {
	case !h.mine:
		h.await(d)
	case !h.turn.asking:
		linux.Nap(d)
	default:
		linux.Nap(min(d, h.turn.length-now))
		h.cutAfter(time.Since(h.turn.begin))
	}
}

// await waits until the thread is told to stop, for d at most.
func (h *host) await(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-h.stop:
		return true
	case <-timer.C:
	case <-h.turn.over:
		h.end()
	}
	return false
}

// join waits for the thread, and no longer than for the round where the client
// is cut then.
func (h *host) join(now time.Duration, t *started) {
	var late <-chan time.Time
	if h.mine && h.turn.asking {
		timer := time.NewTimer(h.turn.length - now)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-t.done:
	case <-late:
		h.end()
	case <-h.turn.over:
		h.end()
	}
}

// Go implements sys.Host.
func (h *host) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	if c.Op != sys.OpGo {
		h.turn.refuse(fmt.Errorf("%s: a process that goes on with lock code cannot be made in real time", c))
		h.end()
	}
	h.cutAfter(time.Since(h.turn.begin))
	stop := make(chan struct{})
	t := &started{cancel: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{})}
	h.turn.others.Add(1)
	go func() {
		defer h.turn.others.Done()
		defer close(t.done)
		h.turn.guard(func() { body(sys.NewProc(&host{turn: h.turn, stop: stop})) })
	}()
	return sys.Ret{N: h.turn.number(t)}
}
