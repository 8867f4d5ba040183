package search

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Result is what came of replaying a case.
type Result uint8

// The results. There is no other: a step that cannot be taken or an answer
// that differs is a divergence.
const (
	Reproduced Result = iota + 1 // the schedule ran and shows the case's verdict
	Passes                       // it ran, and the property held
	Diverged                     // the code under test did not follow it
)

func (r Result) String() string {
	return [...]string{"", "reproduced", "passes", "diverged"}[r]
}

// A Replayed is a case that was run again.
type Replayed struct {
	Result     Result
	Outcome    interleave.Outcome
	Violation  *Finding               // what the schedule shows, if it violates
	Divergence *interleave.Divergence // of Diverged
	At         string                 // file:line of the divergence
}

// Replay runs the case's schedule on the machine, checks every answer, and
// judges what happened by the case's property. A case whose schedule ends
// before every client has finished is judged as far as it goes.
func Replay(c *trial.Case, m sys.Machine) (Replayed, error) {
	out, err := replayed(&c.Trial, m, c.Steps)
	var d *interleave.Divergence
	if errors.As(err, &d) {
		return Replayed{Result: Diverged, Outcome: out, Divergence: d, At: c.Pos(d.Index)}, nil
	}
	if err != nil {
		return Replayed{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	property, err := model.PropertyByName(c.Verdict.Property)
	if err != nil {
		return Replayed{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	if c.Trial.Programs() && property.Name != model.ExclusionName {
		return Replayed{}, fmt.Errorf("%s: found %s of programs, wanted exclusion: nothing else is known of them", c.Name, property.Name)
	}
	judge := NewJudge(m.Profile(), []model.Property{property})
	found, err := judge.Judge(&c.Trial, out)
	if err != nil {
		return Replayed{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	verdict := model.Holds
	switch {
	case found != nil:
		verdict = model.Violated
	case judge.Undecided > 0:
		verdict = model.Undecided
	}
	r := Replayed{Result: Passes, Outcome: out, Violation: found}
	switch {
	case verdict == c.Verdict.Verdict:
		r.Result = Reproduced
	case verdict == model.Undecided:
		return Replayed{}, fmt.Errorf("%s: the schedule ran, and whether %s holds could not be decided", c.Name, property.Name)
	}
	return r, nil
}

// Confirm replays the finding so many times on the machine and returns how
// often the violation showed. The first error or divergence ends it.
func Confirm(f *Finding, m sys.Machine, times int) (int, error) {
	c := f.Case("")
	c.Name = f.Trial.Lock.Name
	for n := range times {
		r, err := Replay(c, m)
		if err != nil {
			return n, err
		}
		if r.Divergence != nil {
			return n, r.Divergence
		}
		if r.Result != Reproduced {
			return n, fmt.Errorf("%s: the schedule ran on %s and %s held", c.Name, m.Profile(), f.Property)
		}
	}
	return times, nil
}
