package interleave

import (
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Runner runs trials one after the other. It keeps what a run needs for the
// next one, so an outcome is valid until then. A Runner is for one goroutine;
// its zero value is ready.
type Runner struct {
	free []*coroutine
	out  Outcome
}

// Run boots a kernel for the trial, runs the trial under the chooser and
// returns what happened. The trial must be valid. An error is the harness's or
// the chooser's; the outcome then holds what had happened so far.
func (rn *Runner) Run(t *trial.Trial, m sys.Machine, ch Chooser) (Outcome, error) {
	k, err := m.Boot(t.Setup())
	if err != nil {
		return Outcome{}, err
	}
	r := &run{runner: rn, trial: t, kernel: k, chooser: ch, paused: make([]bool, t.Procs()), left: t.Budget, last: -1, only: -1}
	r.offered.run = r
	r.out = Outcome{Steps: rn.out.Steps[:0], History: rn.out.History[:0], After: rn.out.After[:0]}
	defer r.haltAll()
	if err = r.begin(); err == nil {
		err = r.loop()
	}
	r.out.Waits = r.waits()
	rn.out = r.out
	return r.out, err
}

// Close ends the coroutines that the runner keeps.
func (rn *Runner) Close() {
	for _, c := range rn.free {
		c.stop()
	}
	rn.free = nil
}

// coroutine returns one that is idle.
func (rn *Runner) coroutine() *coroutine {
	if n := len(rn.free); n > 0 {
		c := rn.free[n-1]
		rn.free = rn.free[:n-1]
		return c
	}
	return newCoroutine()
}

// Run runs one trial; see [Runner.Run]. The outcome is the caller's.
func Run(t *trial.Trial, m sys.Machine, ch Chooser) (Outcome, error) {
	var rn Runner
	defer rn.Close()
	return rn.Run(t, m, ch)
}

// A run is one trial under way.
type run struct {
	runner  *Runner
	trial   *trial.Trial
	kernel  sys.Kernel
	chooser Chooser
	threads []*thread
	clients []*client
	paused  []bool // of each process
	left    trial.Budget
	now     sys.Instant
	last    int // the thread that took the last step, or -1
	only    int // the client whose threads alone may run, or -1 for all
	offered Menu
	out     Outcome
}

// begin starts each client's thread and lets it announce its first call.
func (r *run) begin() error {
	locks := newLocks(r.trial)
	for i, c := range r.trial.Clients {
		cl := &client{run: r, index: i, name: c.Name(), work: c.Work, lock: locks[c.Proc]}
		r.clients = append(r.clients, cl)
		var err error
		if c.Program != nil {
			err = r.startProgram(cl)
		} else {
			err = r.start(c.Proc, i, c.Name(), cl.body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxThreads is the highest number that a thread of a process can have.
const maxThreads = 255

// start adds a thread to a process.
func (r *run) start(proc, client int, name string, body func(*sys.Proc)) error {
	n := r.threadsOf(proc)
	if n > maxThreads {
		return fmt.Errorf("start thread %s: p%d has %d threads already", name, proc, n)
	}
	id := sys.TID{Proc: uint8(proc), Thread: uint8(n)}
	t := newThread(&thread{id: id, name: r.uniqueName(name), client: client}, r.runner.coroutine(), body)
	r.threads = append(r.threads, t)
	return r.resume(t)
}

func (r *run) threadsOf(proc int) (n int) {
	for _, t := range r.threads {
		if int(t.id.Proc) == proc {
			n++
		}
	}
	return n
}

// uniqueName numbers the threads of one name: p0.hb, p0.hb2, …
func (r *run) uniqueName(name string) string {
	taken := func(s string) bool {
		for _, t := range r.threads {
			if t.name == s {
				return true
			}
		}
		return false
	}
	unique := name
	for n := 2; taken(unique); n++ {
		unique = fmt.Sprintf("%s%d", name, n)
	}
	return unique
}

func (r *run) resume(t *thread) (err error) {
	if t.program != nil {
		return t.program.resume(t)
	}
	defer guard(t, &err)
	t.resume(r.now)
	return nil
}

// haltAll ends what still runs and gives the coroutines back.
func (r *run) haltAll() {
	for _, t := range r.threads {
		t.halt(ended)
		if t.on != nil {
			r.runner.free = append(r.runner.free, t.on)
		}
	}
}

// loop takes steps until the run ends.
func (r *run) loop() error {
	for {
		m := r.menu()
		switch {
		case r.finished():
			r.out.End = Finished
			return nil
		case len(m.Options) == 0:
			r.out.End = Stuck
			return nil
		case len(r.out.Steps) >= MaxSteps:
			r.out.End = Cut
			return nil
		}
		i, err := r.chooser.Choose(m)
		if err == ErrStop {
			r.out.End = Stopped
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.take(m.Options[i]); err != nil {
			return err
		}
	}
}

// waits says of each client whether its thread is in a call that cannot return,
// and that no time ends.
func (r *run) waits() []bool {
	all := make([]bool, len(r.clients))
	for i := range min(len(all), len(r.threads)) { // a run may end before all have begun
		t := r.threads[i]
		all[i] = t.state == waiting && !r.stopped(t) && !r.enabled(t) && !t.call.Op.Lasts()
	}
	return all
}

// finished reports whether every client's own thread has ended. A thread that
// a lock left behind does not keep the run going.
func (r *run) finished() bool {
	for i := range r.clients {
		if r.threads[i].state == waiting {
			return false
		}
	}
	return true
}

// sibling returns the thread of the same process with that number, or nil.
func (r *run) sibling(t *thread, n int64) *thread {
	for _, other := range r.threads {
		if other.id.Proc == t.id.Proc && int64(other.id.Thread) == n {
			return other
		}
	}
	return nil
}
