package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trace"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A programmed is what tracing programs came to.
type programmed struct {
	settled
	trial   *trial.Trial
	verdict model.Verdict
	why     error // of Undecided
	how     string
	runs    int
	blocked int         // of those by traces, that were given up
	few     *search.Few // where schedules with few switches were run
	notes   []string
	began   time.Time
	took    time.Duration // until it was found
	seconds float64
	sample  interleave.Outcome // of --explain
	idle    bool               // in the schedule that was run first nobody had the lock
}

func (a *app) trace(ctx context.Context, words []string, f *traceFlags) error {
	t, err := f.trial(words)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	m, err := trace.Open(f.dir, programs(t))
	if err != nil {
		return err
	}
	r := &programmed{trial: t, began: time.Now(), settled: settled{where: tracedOn(m)}}
	err = a.tracePrograms(ctx, r, m, f)
	if closing := m.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	if err := a.tellPrograms(r, f); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case r.verdict == model.Violated:
		return status(exitViolated)
	case r.verdict == model.Undecided && !f.draws() || r.vacuous() != "":
		return status(exitUndecided)
	}
	return nil
}

func tracedOn(m sys.Machine) string { return "on Linux (" + m.Profile() + ", the programs themselves)" }

// draws reports whether schedules are drawn, which proves nothing.
func (f *traceFlags) draws() bool { return f.by != "" && f.by != byTraces }

// tracePrograms looks for a violation of exclusion, and settles it.
func (a *app) tracePrograms(ctx context.Context, r *programmed, m *trace.Machine, f *traceFlags) error {
	p, err := model.PropertyByName(model.ExclusionName)
	if err != nil {
		return err
	}
	hunting, cancel := ctx, context.CancelFunc(func() {})
	if f.time > 0 {
		hunting, cancel = context.WithTimeoutCause(ctx, f.time, errTime)
	}
	found, err := r.hunt(hunting, m, p, f)
	cancel()
	r.notes = m.Notes()
	r.seconds = time.Since(r.began).Seconds()
	switch {
	case err != nil && interrupted(ctx):
		r.verdict, r.why = model.Undecided, context.Cause(ctx)
		return nil
	case err != nil:
		return withNotes(unsteady(err), r.notes)
	}
	if found != nil {
		r.verdict, r.Found = model.Violated, &search.Shrunk{Finding: found}
		if err := r.confirmPrograms(ctx, f); err != nil {
			return err
		}
		return r.writePrograms(f.out)
	}
	if f.explain {
		r.sample, err = interleave.Run(r.trial, m, interleave.RoundRobin{})
	}
	return err
}

// interrupted reports whether it is an interrupt that made programs fail: a terminal
// sends it to all of its session, and a program that is just being started is still
// one of that. It may meet the program first.
func interrupted(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// confirmPrograms confirms the finding on a machine of its own: there the programs
// are started anew, as they will be when the case is replayed.
func (r *programmed) confirmPrograms(ctx context.Context, f *traceFlags) error {
	m, err := trace.Open(f.dir, programs(r.trial))
	if err != nil {
		return err
	}
	r.confirm(ctx, m, f.confirm)
	return m.Close()
}

// hunt looks for a violation in the way that the flags ask for.
func (r *programmed) hunt(ctx context.Context, m sys.Machine, p model.Property, f *traceFlags) (*search.Finding, error) {
	if !f.draws() {
		if err := r.steady(m); err != nil {
			return nil, err
		}
	}
	switch {
	case f.by == "":
		few, err := search.FewSwitches(ctx, r.trial, m, p, f.switches)
		r.few, r.runs, r.verdict, r.why, r.how = &few, few.Runs, few.Verdict, few.Why, "switches"
		if few.Found != nil {
			r.runs, r.took = few.First, few.Took
		}
		return few.Found, err
	case f.by == byTraces:
		got, err := search.Traces(ctx, r.trial, m, p)
		r.took = time.Since(r.began)
		r.runs, r.blocked, r.verdict, r.why, r.how = got.Runs, got.Blocked, got.Verdict, got.Why, byTraces
		if err != nil || got.Found == nil {
			return nil, err
		}
		return r.fewer(ctx, m, p, got.Found)
	}
	fz := &search.Fuzz{
		Machines: machines{m}, Runner: f.sampler(r.trial), Properties: []model.Property{p},
		Runs: f.runs, Stats: &search.Stats{},
	}
	found, n, err := fz.Run(ctx)
	r.took = time.Since(r.began)
	r.runs, r.verdict, r.how = n, model.Undecided, fmt.Sprintf("%s with seed %d", f.by, f.seed)
	if err != nil || found == nil {
		return nil, err
	}
	return r.fewer(ctx, m, p, found)
}

// steady runs one schedule twice. Programs that do not make the same calls again are
// no ground for a proof, and may not be caught in the act while schedules are gone
// through: these have little in common where there are few.
func (r *programmed) steady(m sys.Machine) error {
	var first []trial.Step
	for i := range 2 {
		out, err := interleave.Run(r.trial, m, interleave.RoundRobin{})
		if err != nil {
			return err
		}
		if i == 0 {
			first = slices.Clone(out.Steps)
			r.idle = !slices.ContainsFunc(out.History, func(e history.Event) bool { return e.Kind == history.Ok && history.IsAcquire(e.F) })
			continue
		}
		for n := range max(len(first), len(out.Steps)) {
			if found, wanted := stepAt(out.Steps, n), stepAt(first, n); found != wanted {
				return &interleave.Unsteady{Index: n, Found: found, Wanted: wanted}
			}
		}
	}
	return nil
}

func stepAt(steps []trial.Step, n int) string {
	if n >= len(steps) {
		return "the end"
	}
	return steps[n].String()
}

// shrinkFor is how long a schedule with fewer switches is looked for.
const shrinkFor = 20 * time.Second

// fewer returns a violation with as few switches as are met in some time, or the
// one that was found. Programs that do not always make the same calls have no other.
func (r *programmed) fewer(ctx context.Context, m sys.Machine, p model.Property, found *search.Finding) (*search.Finding, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, shrinkFor, errTime)
	defer cancel()
	few, err := search.FewSwitches(ctx, r.trial, m, p, search.Switches(found.Steps))
	if un := (*interleave.Unsteady)(nil); errors.As(err, &un) {
		return found, nil
	}
	r.few = &few
	if err == nil && few.Found != nil {
		found = few.Found
	}
	return found, err
}

// sampler returns what makes runs under drawn schedules.
func (f *traceFlags) sampler(t *trial.Trial) search.Runner {
	if f.by == byRapid {
		return draw.Schedules(t, int(f.seed))
	}
	s, err := interleave.StrategyByName(f.by)
	if err != nil {
		return func(int, sys.Machine) (*trial.Trial, interleave.Outcome, error) {
			return nil, interleave.Outcome{}, err
		}
	}
	return search.Sampled([]*trial.Trial{t}, s, f.seed)
}

// unsteady adds to the error of programs that are not deterministic what to do.
func unsteady(err error) error {
	if un := (*interleave.Unsteady)(nil); errors.As(err, &un) {
		return fmt.Errorf("the programs do not always make the same calls when they are told the same: %w; schedules can be drawn all the same, with --by pos", err)
	}
	return err
}

// withNotes adds what was noticed of the programs.
func withNotes(err error, notes []string) error {
	if len(notes) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(notes, "; "))
}
