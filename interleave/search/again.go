package search

import (
	"context"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// againRuns bounds the search for what a diverged case has become: a second's
// worth in memory.
const againRuns = 20_000

// Again looks for the violation of a case that has diverged: the code under
// test has changed, and its schedule with it, but the trouble may be there
// still. It tries the case's trial with no more switches than the case has, and
// returns nil where no schedule of those tried violates the property.
func Again(ctx context.Context, c *trial.Case, m sys.Machine) (*Finding, error) {
	p, err := model.PropertyByName(c.Verdict.Property)
	if err != nil {
		return nil, err
	}
	s := &shrinker{
		ctx: ctx, machine: m, property: p, left: againRuns,
		from: &Finding{Trial: c.Trial, Steps: c.Steps, Property: p.Name, Profile: m.Profile()},
	}
	defer s.runner.Close()
	for switches := 0; switches <= Switches(c.Steps) && s.best == nil; switches++ {
		if _, _, err := s.bounded(&c.Trial, switches, interleave.MaxSteps); err != nil {
			return nil, err
		}
	}
	return s.best, nil
}
