package search

import (
	"errors"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Transpose returns the case as it is on the file system with that name. One of
// any file system, or of this one, stays as it is. One of another keeps the order
// in which its threads take their steps, and has the answers that they get there:
// inode numbers that come again or do not, the file system's own name. The result
// is nil where that order does not show what the case shows.
func Transpose(c *trial.Case, profile string) (*trial.Case, error) {
	if c.Profile == trial.AnyProfile || c.Profile == profile {
		return c, nil
	}
	m := sim.Machine{Rules: sim.RulesOf(profile)}
	out, err := interleave.Run(&c.Trial, m, interleave.NewRetrace(c.Steps))
	var d *interleave.Divergence
	if errors.As(err, &d) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	there := *c
	there.Steps, there.Profile = out.Steps, profileOf(out.Steps, profile)
	r, err := Replay(&there, m)
	if err != nil || r.Result != Reproduced {
		return nil, err
	}
	return &there, nil
}
