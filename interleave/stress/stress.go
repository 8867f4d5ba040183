// Package stress runs a trial without gates: threads run freely and in
// parallel, calls are made when the code makes them, clocks are real.
//
// It is for comparison, for the reader who wants to see a race happen by
// itself. Nothing it finds can be replayed, and finding nothing says little.
package stress

import (
	"runtime"
	"sync"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A Kernel carries calls out from many threads at once. Its calls may block.
type Kernel interface {
	// Start makes the setup's files and returns the instant that calls are to
	// be stamped from.
	Start(sys.Setup) (time.Time, error)

	// Do carries a call out. The error is the harness's.
	Do(sys.Call) (sys.Ret, error)
}

// Run runs the trial's clients once, each in a thread of its own of this
// process, and returns their history with real times. Before each call a
// client pauses for the next of its delays, over and over; nil means never.
// It starts the kernel anew.
//
// The order of the history's events is the order in which they were noted: an
// invocation before the operation's first call, a response after its last.
func Run(t *trial.Trial, k Kernel, delays [][]time.Duration) (history.History, error) {
	begin, err := k.Start(t.Setup())
	if err != nil {
		return nil, err
	}
	r := &round{kernel: k, begin: begin, over: make(chan struct{})}
	var ready, done sync.WaitGroup
	ready.Add(len(t.Clients))
	l := t.Lock.New(t.Config)
	for i, c := range t.Clients {
		h := &host{round: r, number: i}
		if len(delays) > 0 {
			h.delays = delays[i%len(delays)]
		}
		done.Go(func() {
			ready.Done()
			ready.Wait() // all set off together
			r.client(sys.NewProc(h), c, l)
		})
	}
	done.Wait()
	r.abandon()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.history, r.err
}

// Alone runs the trial's one client in this process, as a program of its own would,
// and tells each event as it comes, one at a time. The kernel is started for it.
// Threads that lock code has left behind are not waited for: they end with the
// process.
func Alone(t *trial.Trial, k Kernel, tell func(history.Event)) error {
	begin, err := k.Start(t.Setup())
	if err != nil {
		return err
	}
	r := &round{kernel: k, begin: begin, tell: tell, over: make(chan struct{})}
	r.client(sys.NewProc(&host{round: r}), t.Clients[0], t.Lock.New(t.Config))
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// grace is how long those that lock code has left behind may go on.
const grace = 200 * time.Millisecond

// abandon waits for the threads that lock code has left behind. Those that do not
// end by themselves end before their next call. One that waits for a lock is not
// waited for: it may get it when the kernel is started anew, and makes no call
// then.
func (r *round) abandon() {
	ended := make(chan struct{})
	go func() {
		r.others.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-time.After(grace):
	}
	close(r.over)
	select {
	case <-ended:
	case <-time.After(grace):
	}
}

// A round is one run of the clients.
type round struct {
	kernel Kernel
	begin  time.Time
	tell   func(history.Event) // of a client alone: it is told each event, and no history is kept
	others sync.WaitGroup      // threads that lock code started
	over   chan struct{}       // closed when who is left behind is to end

	mu      sync.Mutex
	history history.History
	err     error      // the kernel's first
	started []*started // by their numbers, which any thread may know
}

// do carries a call out. What the kernel cannot do fails as EIO would, and
// fails the round.
func (r *round) do(c sys.Call) sys.Ret {
	ret, err := r.kernel.Do(c)
	if err == nil {
		return ret
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	return sys.Fail(sys.EIO)
}

// now returns what a call is stamped with. A client alone goes by both clocks of its
// process, which may be set apart.
func (r *round) now() sys.Instant {
	now := time.Now()
	at := sys.Instant{Mono: now.Sub(r.begin)}
	at.Wall = at.Mono
	if r.tell != nil {
		at.Wall = now.Round(0).Sub(r.begin.Round(0))
	}
	return at
}

// sleep sleeps; that of a client alone is one call, as C's libraries make it, and no
// timer of Go's: whoever traces the process sees how long it is.
func (r *round) sleep(d time.Duration) {
	if r.tell != nil {
		linux.Nap(d)
		return
	}
	select {
	case <-r.over:
	case <-time.After(d):
	}
}

func (r *round) note(e history.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Time = int64(time.Since(r.begin))
	if r.tell != nil {
		r.tell(e)
		return
	}
	r.history = append(r.history, e)
}

// client works through the workload and notes what it asks and is told.
func (r *round) client(p *sys.Proc, c trial.Client, l lock.Lock) {
	c.Work.Perform(p, l, func(v trial.Verb, do func() (string, error)) error {
		r.note(history.Event{Kind: history.Invoke, Process: c.Name(), F: v.String()})
		value, err := do()
		r.note(trial.Response(c.Name(), v, value, err))
		return err
	})
}

// A host is the sys.Host of a thread that runs freely.
type host struct {
	round  *round
	delays []time.Duration
	calls  int
	stop   chan struct{} // closed when this thread is told to stop
	number int           // of the client, whose own thread it is
}

// started is a thread that lock code started.
type started struct {
	cancel func() // may be called more than once
	done   chan struct{}
}

// Call implements sys.Host.
func (h *host) Call(c sys.Call) sys.Ret {
	h.pause()
	select {
	case <-h.round.over:
		runtime.Goexit()
	default:
	}
	c.At = h.round.now()
	if ret, ok := c.Told(); ok {
		return ret
	}
	switch c.Op {
	case sys.OpInside:
		runtime.Gosched()
	case sys.OpGettid:
		return sys.Ret{N: int64(h.number)}
	case sys.OpSleep:
		h.round.sleep(c.Dur)
	case sys.OpCancel:
		h.round.thread(c.N).cancel()
	case sys.OpJoin:
		select {
		case <-h.round.over:
		case <-h.round.thread(c.N).done:
		}
	case sys.OpCancelled:
		select {
		case <-h.stop:
			return sys.Bool(true)
		case <-h.round.over:
		case <-time.After(c.Dur):
		}
	default:
		return h.round.do(c)
	}
	return sys.OK()
}

// Go implements sys.Host.
func (h *host) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	if c.Op != sys.OpGo {
		return h.Call(c) // a process of its own is refused
	}
	stop := make(chan struct{})
	t := &started{cancel: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{})}
	n := h.round.add(t)
	h.round.others.Go(func() {
		defer close(t.done)
		body(sys.NewProc(&host{round: h.round, delays: h.delays, stop: stop}))
	})
	return sys.Ret{N: n}
}

func (r *round) add(t *started) (number int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = append(r.started, t)
	return int64(len(r.started) - 1)
}

func (r *round) thread(n int64) *started {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started[n]
}

// pause spins for the next delay: a sleep would last far longer than the
// windows that are looked for.
func (h *host) pause() {
	if len(h.delays) == 0 {
		return
	}
	until := time.Now().Add(h.delays[h.calls%len(h.delays)])
	h.calls++
	for time.Now().Before(until) {
		runtime.Gosched()
	}
}
