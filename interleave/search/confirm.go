package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Confirmation is what putting what was proved in memory to the test of
// another kernel came to.
type Confirmation struct {
	Schedules int // that were run there
	Whole     int // of them, those after which nothing can happen; their histories were judged
	Pairs     int // of a kernel's state and a call, new ones
}

// Add counts in what another one came to.
func (c *Confirmation) Add(other Confirmation) {
	c.Schedules += other.Schedules
	c.Whole += other.Whole
	c.Pairs += other.Pairs
}

// A Confirmer replays schedules of explorations on a machine. What was seen of its
// Cover's pairs, which others may share, is not replayed again.
type Confirmer struct {
	Machine sys.Machine
	Cover   *explore.Cover
	runner  interleave.Runner
}

// Close ends what the confirmer keeps; its machine is the caller's.
func (c *Confirmer) Close() { c.runner.Close() }

// Holds confirms that the question's property holds: every pair of a kernel's
// state and a call that the exploration met is carried out on the machine, which
// compares the answers, and the history of a way to each end is judged. An error
// says that the machine differs, that the property is violated, or, as
// [Unproved], that exploring came to nothing.
//
// A probe takes no step in the graph, and time passes there without regard to it. So
// it takes no part here either, and there is no history to be judged.
func (c *Confirmer) Holds(ctx context.Context, code *explore.Code, q explore.Question) (Confirmation, error) {
	property, err := model.PropertyByName(q.Property)
	if err != nil {
		return Confirmation{}, err
	}
	judge := NewJudge(q.Profile, []model.Property{property})
	var done Confirmation
	played := q.Trial
	if property.Probes {
		played = unprobed(played)
	}
	a, pairs, err := c.Cover.Schedules(ctx, code, q, func(moves []explore.Move, whole bool) error {
		out, err := c.runner.Run(played, c.Machine, explore.NewGuide(moves))
		if err != nil {
			return fmt.Errorf("%s of %s, after step %d: %w", q.Property, q.Trial.Lock.Name, len(out.Steps), err)
		}
		done.Schedules++
		if !whole || property.Probes {
			return nil
		}
		done.Whole++
		found, err := judge.Judge(q.Trial, out)
		if err == nil && found != nil {
			err = fmt.Errorf("%s of %s: exploring found that it holds, and %s does not, in\n%s",
				q.Property, q.Trial.Lock.Name, property.By, out.History)
		}
		return err
	})
	done.Pairs = pairs
	switch {
	case err != nil:
		return done, err
	case a.Verdict == model.Undecided:
		return done, &Unproved{a.Why}
	case a.Verdict != model.Holds:
		return done, fmt.Errorf("%s of %s: found %s, wanted %s", q.Property, q.Trial.Lock.Name, a.Verdict, model.Holds)
	}
	return done, nil
}

// An Unproved says why exploring did not decide what was to be confirmed.
type Unproved struct{ Why error }

func (u *Unproved) Error() string { return "exploring it again: " + u.Why.Error() }

func (u *Unproved) Unwrap() error { return u.Why }

// unprobed returns the trial with a last client, the probe, that does nothing. Its
// process stays, for others are numbered behind it.
func unprobed(t *trial.Trial) *trial.Trial {
	without := *t
	without.Clients = slices.Clone(t.Clients)
	without.Clients[len(t.Clients)-1].Work = nil
	return &without
}
