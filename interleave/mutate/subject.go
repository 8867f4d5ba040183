package mutate

import (
	"context"
	"errors"
	"slices"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A subject is a lock, or a mutant, that is asked about. What is learned of its
// code for one question serves the others.
type subject struct {
	entry    lock.Entry
	states   int // how many a question may take
	code     *explore.Code
	answered map[Cell]explore.Answer
}

func newSubject(e lock.Entry, states int) *subject {
	return &subject{entry: e, states: states, code: explore.NewCode(e, e.Defaults), answered: map[Cell]explore.Answer{}}
}

// ask explores the question's trial, unless it has been explored. It is undecided
// where a bound was reached, and where the start cannot be made.
func (s *subject) ask(ctx context.Context, q question) (explore.Answer, error) {
	if a, known := s.answered[q.Cell]; known {
		return a, nil
	}
	t, err := q.trial(s.entry)
	if err != nil {
		return explore.Answer{}, err
	}
	var unmade *interleave.Unmade
	if t.Start, err = interleave.MakeStart(q.Start, t); errors.As(err, &unmade) {
		return explore.Answer{Verdict: model.Undecided, Why: err}, nil
	} else if err != nil {
		return explore.Answer{}, err
	}
	a, err := s.code.Explore(ctx, explore.Question{
		Trial: t, Profile: memoryMachine.Profile(), Property: q.Property, States: s.states, Reduce: true, NoCount: true,
	})
	var limit *explore.Limit
	switch {
	case ctx.Err() != nil:
		return a, context.Cause(ctx)
	case errors.As(err, &limit):
		a, err = explore.Answer{Verdict: model.Undecided, Why: limit}, nil
	case err != nil:
		return a, err
	}
	s.answered[q.Cell] = a
	return a, nil
}

// repeats reports whether the question is another one in other words: its start
// is a name for the files of an earlier one.
func (s *subject) repeats(q question) bool {
	files := s.start(q.Start)
	for _, earlier := range interleave.Starts() {
		if earlier == q.Start {
			return false
		}
		if slices.Equal(files, s.start(earlier)) {
			return true
		}
	}
	return false
}

// start returns the files of the start with that name; none where it cannot be
// made.
func (s *subject) start(name string) []sys.Entry {
	files, _ := interleave.MakeStart(name, &trial.Trial{Lock: s.entry, Config: s.entry.Defaults})
	return files
}
