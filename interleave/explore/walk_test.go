package explore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A companion is a chooser that goes with a Runner from state to state: it takes
// any step of the menu, and the same one from the state, of which nothing is
// kept but its record. Menu and state must offer the same.
type companion struct {
	walker *walker
	frame  *frame
	record []byte
	random *rand.Rand
	steps  int
	bad    int // the first step behind which exclusion is violated, or -1
}

func newCompanion(q *Question, auto *automaton, seed uint64) (*companion, error) {
	w, first, err := newWalker(q, auto)
	if err != nil {
		return nil, err
	}
	c := &companion{walker: w, frame: w.frame(), random: rand.New(rand.NewPCG(seed, 0)), bad: -1}
	c.at(first)
	return c, nil
}

// at makes the companion stand at the state.
func (c *companion) at(s *state) {
	if bad, err := c.walker.bad(s); bad && err == nil && c.bad < 0 {
		c.bad = c.steps
	}
	c.record = slices.Clone(c.walker.encode(s))
	c.frame.permute(c.walker.enc.order)
}

// Choose implements interleave.Chooser.
func (c *companion) Choose(m *interleave.Menu) (int, error) {
	here, there := c.walker.blank(), c.walker.blank()
	c.walker.decode(here, c.record)
	options := map[Move]option{}
	for _, o := range c.walker.options(here, nil) {
		options[c.frame.move(o)] = o
	}
	for i := range m.Options {
		if _, ok := options[moveOf(m, i)]; !ok || len(options) != len(m.Options) {
			return 0, fmt.Errorf("step %d: the runner offers %s and %d more, found %v", c.steps+1, m.Head(i), len(m.Options)-1, options)
		}
	}
	chosen := c.random.IntN(len(m.Options))
	o := options[moveOf(m, chosen)]
	there.copyFrom(here)
	if err := c.walker.take(there, o); err == errUnknown {
		return 0, interleave.ErrStop
	} else if err != nil {
		return 0, err
	}
	c.frame.taken(c.walker, here, o)
	c.steps++
	c.at(there)
	return chosen, nil
}

// Took implements interleave.Chooser.
func (c *companion) Took(trial.Step) error { return nil }

// Along every run of any lock the states offer what the Runner's menu does, and
// violate exclusion where porcupine says that the history does.
func TestStatesGoAlongWithTheRunner(t *testing.T) {
	steps, violated := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrial(t)
		q := Question{Trial: tr, Profile: memory.Profile(), KeepGoing: true, NoCount: true, States: 2000, NoSymmetry: rapid.Bool().Draw(t, "told apart")}
		code := NewCode(tr.Lock, tr.Config)
		if _, err := code.Explore(context.Background(), q); err != nil {
			t.Fatalf("%v", err)
		}
		for seed := range uint64(5) {
			c, err := newCompanion(&q, code.automaton(), seed)
			if errors.Is(err, errUnknown) {
				return
			}
			if err != nil {
				t.Fatalf("%v", err)
			}
			out, err := interleave.Run(tr, memory, c)
			if err != nil {
				t.Fatalf("%v", err)
			}
			found := -1
			if at, bad := (judge{}).violation(t, out); bad {
				found = out.After[at]
				violated++
			}
			if c.bad != found {
				t.Fatalf("found a violation after step %d, wanted it after %d, of\n%s", c.bad, found, out.History)
			}
			steps += c.steps
		}
	})
	t.Logf("%d steps, %d runs violated", steps, violated)
}
