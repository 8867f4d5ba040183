package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// Bounded makes every schedule with at most so many switches, once, and no
// other. What there is is told by a walk that knows nothing of switches.
func TestMutantBoundedLeavesNothingOut(t *testing.T) {
	e := mutantBase("ctx-v2")
	m := mutant{base: e, works: []string{"lock inside unlock", "lock inside unlock"}, bounds: draw.Bounds{Budget: trial.Budget{Kills: 1}}}
	tr := m.trials(t, e, 1)[0]
	all := everySchedule(t, tr)
	for bound := range 8 {
		var wanted []string
		for text, switches := range all {
			if switches <= bound {
				wanted = append(wanted, text)
			}
		}
		b := interleave.NewBounded(bound, interleave.MaxSteps)
		var made []string
		for more := true; more; more = b.Next() {
			out, err := interleave.Run(tr, mutantMachine, b)
			if err != nil {
				t.Fatal(err)
			}
			if out.End == interleave.Finished {
				made = append(made, scheduleText(out))
			}
		}
		slices.Sort(wanted)
		slices.Sort(made)
		if !slices.Equal(made, wanted) {
			t.Errorf("bound %d: found %d schedules, wanted %d", bound, len(made), len(wanted))
		}
		if pruned := len(wanted) < len(all); b.Pruned() != pruned {
			t.Errorf("bound %d: found pruned %t, wanted %t", bound, b.Pruned(), pruned)
		}
	}
}

func scheduleText(out interleave.Outcome) string {
	var b strings.Builder
	for _, s := range out.Steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// everySchedule returns the trial's schedules and the switches of each.
func everySchedule(t *testing.T, tr *trial.Trial) map[string]int {
	t.Helper()
	all := map[string]int{}
	for w := (&walk{}); !w.over; w.next() {
		w.at = 0
		out, err := interleave.Run(tr, mutantMachine, w)
		if err != nil {
			t.Fatal(err)
		}
		all[scheduleText(out)] = search.Switches(out.Steps)
	}
	return all
}

// A walk takes the first option where it has not been, and next counts up.
type walk struct {
	taken, options []int
	at             int
	over           bool
}

func (w *walk) Choose(m *interleave.Menu) (int, error) {
	if w.at == len(w.taken) {
		w.taken, w.options = append(w.taken, 0), append(w.options, len(m.Options))
	}
	w.at++
	return w.taken[w.at-1], nil
}

func (*walk) Took(trial.Step) error { return nil }

func (w *walk) next() {
	for n := len(w.taken) - 1; n >= 0; n-- {
		if w.taken[n]++; w.taken[n] < w.options[n] {
			return
		}
		w.taken, w.options = w.taken[:n], w.options[:n]
	}
	w.over = true
}
