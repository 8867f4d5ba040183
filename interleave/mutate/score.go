package mutate

import (
	"context"
	"runtime"
	"sync"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// An Outcome is what became of a mutant.
type Outcome struct {
	Mutant
	Caught    bool
	Cell      Cell  // that it turned, where it was caught
	States    int   // that it took to see that; of a survivor, all that were explored
	Undecided int   // cells of a survivor that a bound left undecided
	Broken    error // why it could not be explored on: its code is no lock's any more
	Explained string
}

// A Report is what became of all mutants of one lock.
type Report struct {
	Lock      string
	Unfit     string // why it has no mutants: the lock itself does not hold, or nobody knows
	Undecided int    // cells that would say that it holds and were too large; others do
	Outcomes  []Outcome
}

// A Score is what the reports come to.
type Score struct {
	All, Caught, Explained int
}

// Add counts the outcomes of a report in.
func (s *Score) Add(r Report) {
	for _, o := range r.Outcomes {
		s.All++
		switch {
		case o.Caught:
			s.Caught++
		case o.Explained != "":
			s.Explained++
		}
	}
}

// Unexplained returns how many survivors nobody knows a reason for.
func (s *Score) Unexplained() int { return s.All - s.Caught - s.Explained }

// DefaultStates is how many states a cell may take.
const DefaultStates = 100_000

// A Run is a mutation run.
type Run struct {
	Locks   []lock.Entry
	States  int          // that a cell may take; 0: DefaultStates
	Workers int          // locks at a time; 0: one a processor
	Tell    func(Report) // is called once a lock, in their order
}

// Score makes the mutants of each lock that holds, and explores each until it is
// caught. The error is the context's, or the harness's, or that of lock code that
// cannot be explored.
func (r Run) Score(ctx context.Context) (Score, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make([]chan Report, len(r.Locks))
	next := make(chan int)
	for i := range done {
		done[i] = make(chan Report, 1)
	}
	var all sync.WaitGroup
	defer all.Wait()
	for range r.workers() {
		all.Go(func() {
			for i := range next {
				report, err := r.report(ctx, r.Locks[i])
				if err != nil {
					cancel(err)
				}
				done[i] <- report
			}
		})
	}
	all.Go(func() {
		defer close(next)
		for i := range r.Locks {
			next <- i
		}
	})
	var score Score
	for i := range r.Locks {
		report := <-done[i]
		if ctx.Err() != nil {
			break
		}
		score.Add(report)
		if r.Tell != nil {
			r.Tell(report)
		}
	}
	return score, context.Cause(ctx)
}

func (r Run) workers() int {
	if r.Workers > 0 {
		return r.Workers
	}
	return runtime.NumCPU()
}

// report returns what becomes of the mutants of one lock.
func (r Run) report(ctx context.Context, e lock.Entry) (Report, error) {
	report := Report{Lock: e.Name}
	if ctx.Err() != nil {
		return report, context.Cause(ctx)
	}
	states := r.States
	if states == 0 {
		states = DefaultStates
	}
	own := newSubject(e, states)
	var err error
	if report.Unfit, report.Undecided, err = own.unfit(ctx); err != nil || report.Unfit != "" {
		return report, err
	}
	seen, err := watch(e)
	if err != nil {
		return report, err
	}
	mutants, err := seen.mutants(e)
	if err != nil {
		return report, err
	}
	for _, m := range mutants {
		o, err := own.outcome(ctx, m, seen.timed())
		if err != nil {
			return report, err
		}
		report.Outcomes = append(report.Outcomes, o)
	}
	return report, nil
}

// unfit says why the lock does not hold; "" where it does, as far as is known: that
// leaves cells undecided. What is decided nowhere does not hold.
func (s *subject) unfit(ctx context.Context) (why string, undecided int, err error) {
	holds := false
	for _, q := range questions() {
		if !q.judges() || s.repeats(q) {
			continue
		}
		a, err := s.ask(ctx, q)
		if err != nil {
			return "", 0, err
		}
		switch a.Verdict {
		case model.Holds:
			holds = true
		case model.Violated:
			return a.Verdict.String() + ": " + q.String(), 0, nil
		default:
			why, undecided = a.Verdict.String()+": "+q.String(), undecided+1
		}
	}
	if holds {
		why = ""
	}
	return why, undecided, nil
}

// outcome explores the mutant of the subject until it turns a cell. How long
// holders work is nothing to code that never looks at a clock.
func (s *subject) outcome(ctx context.Context, m Mutant, timed bool) (Outcome, error) {
	o := Outcome{Mutant: m}
	changed := newSubject(m.Lock, s.states)
	for _, q := range questions() {
		if q.environment.long && !timed || changed.repeats(q) {
			continue
		}
		a, err := changed.ask(ctx, q)
		if ctx.Err() != nil {
			return o, context.Cause(ctx)
		}
		if err != nil {
			o.Broken = err
			break
		}
		o.States += a.States
		if a.Verdict == model.Undecided {
			o.Undecided++
		}
		if a.Verdict != model.Violated {
			continue
		}
		own, err := s.ask(ctx, q)
		if err != nil {
			return o, err
		}
		if own.Verdict == model.Holds {
			o.Caught, o.Cell, o.States, o.Undecided = true, q.Cell, a.States, 0
			return o, nil
		}
	}
	o.Explained = explanations[m.Name]
	return o, nil
}
