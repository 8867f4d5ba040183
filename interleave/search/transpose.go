package search

import (
	"errors"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Transpose returns the case as it is on the machine's file system, if it names
// another one: the same threads take their steps in the same order there, and
// what differs is answered (inode numbers that come again or do not, a file
// system's name). It returns nil where that order does not show what the case
// shows.
//
// The machine is asked for the answers, so it is best one in memory.
func Transpose(c *trial.Case, m sys.Machine) (*trial.Case, error) {
	out, err := interleave.Run(&c.Trial, m, interleave.NewRetrace(c.Steps))
	var d *interleave.Divergence
	if errors.As(err, &d) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	there := *c
	there.Steps, there.Profile = out.Steps, profileOf(out.Steps, m.Profile())
	r, err := Replay(&there, m)
	if err != nil || r.Result != Reproduced || c.Verdict.Verdict != model.Violated {
		return nil, err
	}
	return &there, nil
}
