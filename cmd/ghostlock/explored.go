package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An explored is what exploring a lock for one property came to.
type explored struct {
	settled
	lock    lock.Entry
	task    task
	answer  answer
	covered []covered // of each plan
	now     atomic.Pointer[covered]
	proved  *search.Confirmation // on Linux, where that was asked for
	seconds float64
	matters bool // a violation of it, or that it stays open, is a failure
}

func newExplored(e lock.Entry, t task) *explored {
	return &explored{lock: e, task: t, covered: make([]covered, len(t.Plans))}
}

// verdict returns what came of it.
func (r *explored) verdict() model.Verdict { return verdict(r.answer.Verdict) }

// open reports whether the property is still open: undecided, or nothing
// happened that could have shown a violation.
func (r *explored) open() bool {
	return r.verdict() == model.Undecided || r.verdict() == model.Holds && len(r.answer.Vacuous) > 0
}

// undecided ends it without an answer: what was told must do.
func (r *explored) undecided(why string) {
	r.answer = answer{Verdict: model.Undecided.String(), Why: why}
	for _, c := range r.covered {
		r.answer.States += c.States
	}
}

// told notes how far the exploration of a trial has come.
func (r *explored) told(c covered) {
	r.covered[c.Trial] = c
	r.now.Store(&c)
}

// progress is the line on the terminal.
func (r *explored) progress(time.Duration) string {
	c := r.now.Load()
	if c == nil {
		return fmt.Sprintf("%s: %s", r.lock.Name, r.task.Property)
	}
	return fmt.Sprintf("%s: %s, trial %d of %d: %d states, no violation; covered: %s",
		r.lock.Name, r.task.Property, c.Trial+1, len(r.task.Plans), c.States, c)
}

// explore lets the explorer's child answer. What ends the child, or the context,
// leaves the property undecided; then over is the reason why nothing more should
// be asked about the lock.
func (r *explored) explore(ctx context.Context, x *explorer) (over string, err error) {
	begin := time.Now()
	a, err := x.ask(ctx, &r.task, r.told)
	r.seconds = time.Since(begin).Seconds()
	var killed *stopped
	switch {
	case err == nil:
		r.answer = *a
	case errors.As(err, &killed):
		r.undecided(killed.why)
		return killed.why, nil
	case ctx.Err() != nil:
		r.undecided("interrupted")
		return "interrupted", nil
	default:
		return "", err
	}
	if a.Found != nil {
		r.Found, err = a.Found.unpack()
	}
	return "", err
}

// An exploration is what an explore command is about.
type exploration struct {
	*app
	flags    *exploreFlags
	kernel   kernelFlag // of the machine
	machine  sys.Machine
	explorer *explorer

	failed, open bool // some property that matters is
	told         bool // something was printed
}

// all explores lock after lock, until the interrupt.
func (x *exploration) all(ctx context.Context, locks [][]*explored) error {
	for _, properties := range locks {
		if err := x.lock(ctx, properties); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case x.failed:
		return status(exitViolated)
	case x.open:
		return status(exitUndecided)
	}
	return nil
}

// lock explores one lock, property after property, for as long as a lock may
// take.
func (x *exploration) lock(ctx context.Context, properties []*explored) error {
	end := time.Now().Add(x.flags.Time)
	over := ""
	for _, r := range properties {
		if ctx.Err() != nil {
			return nil
		}
		r.matters = x.flags.matters(r.lock, r.task.Property)
		r.task.Profile, r.task.Time = x.machine.Profile(), time.Until(end)
		if over == "" && r.task.Time <= 0 {
			over = errTime.Error()
		}
		if over != "" {
			r.undecided(over)
		} else if err := x.one(ctx, r, &over); err != nil {
			return err
		}
		x.failed = x.failed || r.matters && r.verdict() == model.Violated
		x.open = x.open || r.matters && r.open()
		if err := x.tell(r); err != nil {
			return err
		}
	}
	return nil
}

// one explores one property, and settles what is found.
func (x *exploration) one(ctx context.Context, r *explored, over *string) (err error) {
	stop := x.progress(r.progress)
	*over, err = r.explore(ctx, x.explorer)
	stop()
	switch {
	case err == nil && r.Found != nil:
		return x.settle(ctx, r)
	case err == nil && r.verdict() == model.Holds && x.flags.prove:
		return x.proveOnLinux(ctx, r)
	}
	return err
}

// settle confirms the finding on the kernel and writes its case.
func (x *exploration) settle(ctx context.Context, r *explored) error {
	found := r.Found
	m, shared := x.machine, found.Trial.Shared()
	if shared && found.Trial.Budget.Kills == 0 {
		var err error
		if m, _, err = x.flags.open(m.Profile(), true); err != nil {
			return err
		}
		defer m.Close()
	} else {
		shared = false
	}
	r.where = x.kernel.describe(m, shared)
	r.confirm(ctx, m, x.flags.confirm)
	return r.write(x.flags.out)
}

// result returns what exploring came to as an object.
func (r *explored) result(f *exploreFlags) result {
	a := &r.answer
	out := result{
		Lock: r.lock.Name, Property: r.task.Property, Verdict: r.verdict().String(), Why: a.Why,
		Start: strings.Join(r.starts(), ", "), Clients: f.clients, Acquires: f.acquires, Threads: f.threads, Shapes: r.shapes(),
		Kernel: f.kernel, By: byGraph, Seconds: r.seconds, States: &a.States, Depth: a.Depth, Contended: a.Contended,
		Runs: a.Runs, Vacuous: a.Vacuous, Unreached: a.Unreached,
	}
	out.allow(f.budget)
	if a.Transitions > 0 {
		out.Transitions = &a.Transitions
	}
	if a.Interleavings != "" {
		out.Interleavings = &a.Interleavings
	}
	if r.verdict() == model.Undecided {
		out.Covered = r.coverage()
	}
	out.Confirmed = r.proved != nil
	if r.Found != nil {
		out.describe(&r.Found.Trial, r.Found.Steps)
		out.Why, out.Case = r.Found.Why, r.path
		out.Confirmed = f.kernel != "sim" && r.refused == nil && r.confirmed > 0
	}
	return out
}
