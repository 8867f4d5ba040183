package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// byTraces names how explore goes through schedules on the real kernel.
const byTraces = "dpor"

// A tracing is the exploration of a lock by real processes, one run a trace.
type tracing struct {
	settled
	lock    lock.Entry
	plans   []plan
	verdict model.Verdict
	why     error
	runs    int
	blocked int
	trial   int // in which it was found
	seconds float64
}

// exploreTraces covers every trace of each lock on the real kernel, for
// exclusion: what it is about, the history, is the same in all runs of a trace.
func (a *app) exploreTraces(ctx context.Context, names []string, f *exploreFlags) error {
	failed, open := false, false
	for _, name := range names {
		e, err := a.find(name)
		if err != nil {
			return err
		}
		r, err := a.traced(ctx, e, f)
		if err != nil {
			return err
		}
		failed = failed || r.verdict == model.Violated && f.matters(e, model.ExclusionName)
		open = open || r.verdict == model.Undecided
		if err := a.tellTraced(r, f); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case failed:
		return status(exitViolated)
	case open:
		return status(exitUndecided)
	}
	return nil
}

// onlyExclusion says why what is asked for cannot be told by traces.
func (f *exploreFlags) onlyExclusion() error {
	switch {
	case f.Depth > 0 || f.Switches >= 0:
		return fmt.Errorf("found --kernel linux with --depth or --switches, wanted neither: it makes one run of every trace")
	case len(f.properties) > 1 || len(f.properties) == 1 && f.properties[0] != model.ExclusionName:
		return fmt.Errorf("found --kernel linux with --property %s, wanted exclusion: traces tell nothing of other properties", strings.Join(f.properties, ","))
	}
	return nil
}

// traced explores one lock.
func (a *app) traced(ctx context.Context, e lock.Entry, f *exploreFlags) (*tracing, error) {
	config := e.Defaults
	if err := config.Set(f.set); err != nil {
		return nil, fmt.Errorf("--set for %s: %w", e.Name, err)
	}
	exclusion, err := model.PropertyByName(model.ExclusionName)
	if err != nil {
		return nil, err
	}
	plans, err := f.plans(e, exclusion)
	if err != nil {
		return nil, err
	}
	m, kernel, err := f.open("", false)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if p, ok := m.(sys.Pinner); ok {
		runtime.LockOSThread()
		if err := p.Pin(0); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.Time, errTime)
	defer cancel()
	r := &tracing{lock: e, plans: plans, verdict: model.Holds, settled: settled{where: kernel.describe(m, false)}}
	begin := time.Now()
	for i, p := range plans {
		t := &trial.Trial{Lock: e, Config: config, Clients: p.Clients, Budget: p.Budget, Skew: p.Skew}
		if t.Start, err = interleave.MakeStart(p.Start, t); err == nil {
			err = r.add(ctx, i, t, m)
		}
		if err != nil || r.verdict != model.Holds {
			break
		}
	}
	r.seconds = time.Since(begin).Seconds()
	if err == nil && r.Found != nil {
		r.confirm(ctx, m, f.confirm)
		err = r.write(f.out)
	}
	return r, err
}

// add covers the traces of one trial. What is found is made small in memory.
func (r *tracing) add(ctx context.Context, i int, t *trial.Trial, m sys.Machine) error {
	p, err := model.PropertyByName(model.ExclusionName)
	if err != nil {
		return err
	}
	got, err := search.Traces(ctx, t, m, p)
	r.runs += got.Runs
	r.blocked += got.Blocked
	if err != nil || got.Verdict == model.Holds {
		return err
	}
	r.verdict, r.why, r.trial = got.Verdict, got.Why, i
	if got.Found != nil {
		r.Found, err = search.ShrinkInMemory(ctx, got.Found)
	}
	return err
}

// tellTraced prints what exploring by traces came to.
func (a *app) tellTraced(r *tracing, f *exploreFlags) error {
	if f.json {
		return json.NewEncoder(a.stdout).Encode(r.result(f))
	}
	if r.Found != nil {
		if err := tellFinding(a.stdout, r.Found.Finding); err != nil {
			return err
		}
		p := r.plans[r.trial]
		fmt.Fprintf(a.stdout, "size: %s\nfound: from the start %s, in run %d %s, after %.1f s\n", size(r.Found), p.Start, r.runs, r.where, r.seconds)
		r.tellConfirmed(a.stdout, "linux", f.confirm)
		_, err := fmt.Fprintf(a.stdout, "replay: ghostlock replay %s\n", r.path)
		return err
	}
	how := "holds in every schedule within these bounds"
	if r.verdict == model.Undecided {
		how = fmt.Sprintf("is undecided, as %s", r.why)
	}
	fmt.Fprintf(a.stdout, "%s: exclusion %s\n", r.lock.Name, how)
	for i, p := range r.plans {
		fmt.Fprintf(a.stdout, "%s%s, from the start %s\n", label(i, "bounds:"), p.Shape, p.Start)
	}
	_, err := fmt.Fprintf(a.stdout, "covered: %s %s, one for each trace (schedules that differ only in the order of steps that do not conflict); another stands for %s that were given up; %.1f s\n",
		counted(r.runs, "run"), r.where, counted(r.blocked, "run"), r.seconds)
	return err
}

// result returns what it came to as an object.
func (r *tracing) result(f *exploreFlags) result {
	out := result{
		Lock: r.lock.Name, Property: model.ExclusionName, Verdict: r.verdict.String(), Start: f.start,
		Clients: f.clients, Acquires: f.acquires, Threads: f.threads, Kernel: f.kernel, By: byTraces,
		Schedules: r.runs, Seconds: r.seconds,
	}
	out.allow(f.budget)
	if r.why != nil {
		out.Why = r.why.Error()
	}
	if r.Found != nil {
		out.describe(&r.Found.Trial, r.Found.Steps)
		out.Why, out.Case, out.Confirmed = r.Found.Why, r.path, r.refused == nil && r.confirmed > 0
	}
	return out
}
