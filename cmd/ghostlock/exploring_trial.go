package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// An exploring is the exploration of one trial of a task.
type exploring struct {
	server   *server
	task     *task
	at       covered
	question explore.Question
	answer   explore.Answer
	found    *search.Shrunk
	last     time.Time // when it was told how far it is
}

// run makes the trial and explores it. An error is the harness's, or the lock's
// code is not fit to be explored.
func (e *exploring) run(ctx context.Context, entry lock.Entry, p plan) error {
	e.report()
	t := &trial.Trial{Lock: entry, Config: e.task.Config, Clients: p.Clients, Budget: p.Budget, Skew: p.Skew}
	e.question = explore.Question{
		Trial: t, Profile: e.task.Profile, Property: e.task.Property,
		Depth: e.task.Depth, Memory: stored(e.task.Memory), Workers: e.task.Workers,
		NoSymmetry: e.task.NoSymmetry, KeepGoing: e.task.KeepGoing, Reduce: e.task.Brief || e.task.Reduce, Tell: e.tell,
	}
	var err error
	var unmade *interleave.Unmade
	if t.Start, err = interleave.MakeStart(p.Start, t); err == nil {
		err = e.once(ctx)
	} else if errors.As(err, &unmade) {
		e.at.Why, err = err.Error(), nil
	}
	e.report()
	return err
}

// once explores the trial, unless its like was explored before: two starts may
// be the same files.
func (e *exploring) once(ctx context.Context) error {
	like := fmt.Sprint(e.task.Property, e.task.Profile, e.task.limits, e.question.Trial.Start, e.question.Trial.Names(), e.question.Trial.Budget, e.question.Trial.Skew)
	for _, c := range e.question.Trial.Clients {
		like += c.Work.String()
	}
	if before := e.server.done[like]; before != nil {
		e.answer, e.found = before.answer, before.found
		at := before.at
		at.Trial, e.at = e.at.Trial, at
		return nil
	}
	err := e.explore(ctx)
	if err == nil && ctx.Err() == nil {
		e.server.done[like] = e
	}
	return err
}

// tellEvery is how often the child says how far it is.
const tellEvery = 100 * time.Millisecond

// tell is the question's Tell.
func (e *exploring) tell(p explore.Progress) {
	e.at.add(p)
	e.tick(p)
}

// tick is the Tell of questions about parts of the trial: what was covered of
// them was not covered of the trial.
func (e *exploring) tick(explore.Progress) {
	if time.Since(e.last) > tellEvery {
		e.report()
	}
}

func (e *exploring) report() {
	e.last = time.Now()
	_ = e.server.out.Encode(message{Told: &e.at})
}

// Where a trial is too large to be covered, as much as this is spent on knowing
// something of it, before it is tried.
const (
	cheap = 100_000 // states
	brief = time.Second
)

var errBrief = errors.New("more than a moment is needed")

// explore covers the trial, concludes, and shrinks what was found.
func (e *exploring) explore(ctx context.Context) error {
	if e.task.Shrink {
		e.answer.Verdict = model.Violated
		return e.shrink(ctx)
	}
	err := e.cover(ctx)
	var limit *explore.Limit
	switch {
	case errors.As(err, &limit):
		e.answer.Verdict, e.answer.Why = model.Undecided, limit
	case err != nil:
		return err
	}
	e.conclude()
	if e.answer.Verdict != model.Violated || e.task.Brief {
		return nil
	}
	return e.shrink(ctx)
}

// cover covers what was asked for. A trial that takes more than a moment is
// covered in the order of switches first, as far as that is cheap: so something
// that can be quoted is known of one that is too large.
func (e *exploring) cover(ctx context.Context) error {
	switch {
	case e.task.Switches >= 0:
		return e.bySwitches(ctx, e.task.Switches, 0)
	case e.task.Depth > 0 || e.task.Brief || e.task.Reduce:
		return e.everything(ctx, 0)
	}
	soon, cancel := context.WithTimeoutCause(ctx, brief, errBrief)
	defer cancel()
	err := e.everything(soon, cheap)
	switch {
	case err != nil || e.answer.Verdict == model.Holds || e.answer.Verdict == model.Violated && !e.task.KeepGoing || e.answer.Why == nil:
		return err
	case e.answer.Verdict == model.Undecided:
		if err := e.bySwitches(ctx, -1, cheap); err != nil || e.answer.Verdict == model.Violated && !e.task.KeepGoing {
			return err
		}
	}
	return e.everything(ctx, 0)
}

// everything covers every schedule, unless there are more states; 0 is no bound.
func (e *exploring) everything(ctx context.Context, states int) (err error) {
	q := e.question
	q.States = states
	e.answer, err = e.server.code.Explore(ctx, q)
	return err
}

// bySwitches covers the schedules in the order of switches, up to so many, and
// unless there are more states.
func (e *exploring) bySwitches(ctx context.Context, most, states int) error {
	q := e.question
	q.States = states
	s, err := e.server.code.Shortest(ctx, q, most)
	e.at.add(explore.Progress{Switches: s.Covered, States: s.States})
	e.answer = explore.Answer{Verdict: model.Holds, States: s.States, Why: s.Why}
	switch {
	case s.Found:
		e.answer.Verdict = model.Violated
	case s.Why != nil:
		e.answer.Verdict = model.Undecided
	}
	return err
}

// conclude says of the trial what the answer comes to. The schedules of a
// bounded depth are all that were asked for.
func (e *exploring) conclude() {
	a := &e.answer
	if a.Verdict == model.Undecided && a.Why == explore.ErrDepth {
		a.Verdict = model.Holds
	}
	e.at.add(explore.Progress{Switches: -1, Depth: a.Depth, States: a.States})
	e.at.Whole = a.Verdict == model.Holds
	switch {
	case a.Verdict != model.Undecided:
	case a.Why == explore.ErrMemory:
		e.at.Why = memoryUsed(e.task.Memory)
	case a.Why != nil:
		e.at.Why = a.Why.Error()
	}
}

// shrink looks for the smallest schedule with the violation. There is no
// verdict without one.
func (e *exploring) shrink(ctx context.Context) (err error) {
	q := e.question
	q.Tell, q.Depth = e.tick, 0
	e.found, err = search.Smallest(ctx, e.server.code, q, e.task.Switches)
	if err == nil && e.found == nil {
		e.answer.Verdict = model.Undecided
		e.at.Why = "a violation was met, and time or memory was used up (--for, --memory) before a schedule that leads to it was known"
	}
	return err
}

// A sum is what the trials of a task come to together.
type sum struct {
	task   *task
	merged explore.Answer
	trials int
	why    string
	found  *search.Shrunk
	in     int // the trial in which it was found

	violated bool // whether or not the case is wanted
}

func (s *sum) add(e *exploring) {
	if s.trials++; s.trials == 1 {
		s.merged = e.answer
	} else {
		s.merged.Merge(&e.answer)
	}
	if s.why == "" {
		s.why = e.at.Why
	}
	violated := e.found != nil || e.task.Brief && e.answer.Verdict == model.Violated
	if violated && !s.violated {
		s.violated, s.found, s.in = true, e.found, e.at.Trial
	}
}

// answer returns the sum. Evidence that it is not an empty one is for what holds
// of every schedule.
func (s *sum) answer(runs int) *answer {
	m := &s.merged
	a := &answer{
		Verdict: model.Holds.String(), States: m.States, Transitions: m.Transitions, Endless: m.Endless, Depth: m.Depth,
		Contended: m.Contended, Timers: m.Timers, Aged: m.Aged, Violations: m.Violations, Runs: runs,
	}
	if m.Interleavings != nil {
		a.Interleavings = m.Interleavings.String()
	}
	switch {
	case s.found != nil:
		a.Verdict, a.Found, a.Trial = model.Violated.String(), pack(s.found), s.in
	case s.violated:
		a.Verdict, a.Trial = model.Violated.String(), s.in
	case s.why != "" || s.trials < len(s.task.Plans):
		a.Verdict, a.Why = model.Undecided.String(), s.why
	case s.task.Switches < 0:
		a.Vacuous, a.Unreached = m.Vacuous(), m.Unreached
	}
	if a.Verdict == model.Undecided.String() && a.Why == "" {
		a.Why = errTime.Error()
	}
	return a
}
