package cost

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A turn is one order being carried out by a worker.
type turn struct {
	order  order
	how    lock.How
	kernel *linux.Free
	begin  time.Time     // what calls are stamped from
	length time.Duration // from begin to the round's end
	asking bool          // the client wants the lock and does not have it
	answer answer

	over   chan struct{} // closed at the turn's end
	others sync.WaitGroup

	mu      sync.Mutex // of the rest
	refusal error      // the first
	started []*started // by their numbers: any thread of the process may stop any other
}

// run makes pairs until the order is fulfilled. Where the order is to hold the
// lock, inside is called there, and does not return.
func (t *turn) run(l lock.Lock, inside func()) answer {
	start := time.Until(time.Unix(0, t.order.At))
	from := max(0, time.Since(t.begin)+start)
	t.length = from + t.order.For
	linux.Nap(max(0, start))
	t.guard(func() { t.pairs(l, from, inside) })
	if t.answer.Cut = t.asking; t.answer.Cut {
		t.answer.Took = int64(t.length - from)
	}
	close(t.over)
	t.answer.Left = !t.joined()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refusal != nil {
		t.answer.Err = t.refusal.Error()
	}
	return t.answer
}

// pairs counts a pair from the end of the one before it.
func (t *turn) pairs(l lock.Lock, from time.Duration, inside func()) {
	h := &host{turn: t, mine: true}
	p := sys.NewProc(h)
	a := &t.answer
	for last := from; last < t.length && (t.order.Pairs == 0 || len(a.Latencies) < t.order.Pairs); {
		t.asking = true
		held := t.acquire(h, p, l)
		t.asking = false
		if a.Acquired == 0 {
			a.Acquired = int64(time.Since(t.begin) - from)
		}
		if t.order.Hold {
			inside()
		}
		t.failed(held.Release(p))
		now := time.Since(t.begin)
		a.Latencies = append(a.Latencies, int64(now-last))
		a.Took = int64(now - from)
		last = now
	}
}

// acquire asks for the lock until it has it.
func (t *turn) acquire(h *host, p *sys.Proc, l lock.Lock) lock.Held {
	for {
		h.cutAfter(time.Since(t.begin)) // a lock may refuse without a call
		held, err := l.Acquire(p, trial.Path, t.how)
		t.answer.Tries++ // one that was cut short is none
		if err == nil {
			return held
		}
		t.failed(err)
		runtime.Gosched() // a heartbeat that was told to stop may have to end
		linux.Yield()
	}
}

// failed notes what is more than a refusal.
func (t *turn) failed(err error) {
	if err == nil || errors.Is(err, lock.ErrBusy) || errors.Is(err, lock.ErrTimeout) {
		return
	}
	t.answer.Failed++
	t.answer.Why = err.Error()
}

// refuse notes why the turn cannot be carried out.
func (t *turn) refuse(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refusal == nil {
		t.refusal = err
	}
}

// number adds a thread.
func (t *turn) number(s *started) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started = append(t.started, s)
	return int64(len(t.started) - 1)
}

func (t *turn) thread(n int64) *started {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.started[n]
}

// guard runs lock code that may be cut, or may panic by itself.
func (t *turn) guard(body func()) {
	defer func() {
		why := recover()
		if _, is := why.(cut); why != nil && !is {
			t.refuse(fmt.Errorf("the lock's code panics: %v", why))
		}
	}()
	body()
}

func (t *turn) isOver() bool {
	select {
	case <-t.over:
		return true
	default:
		return false
	}
}

// patience is how long threads that are told to end have for it. One that waits
// for a mutex of a client that was cut waits for ever.
const patience = 200 * time.Millisecond

// joined waits for the threads that lock code started.
func (t *turn) joined() bool {
	done := make(chan struct{})
	go func() {
		t.others.Wait()
		close(done)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
