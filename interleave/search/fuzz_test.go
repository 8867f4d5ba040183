package search_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// counter is a hunt that is over after some dozen runs.
var counter = hunt{
	lock: "posixage-v1", start: "idle", property: "exclusion",
	clients: []string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: lock inside unlock"},
}

// clean is one that is never over.
var clean = hunt{lock: "ctx-v2", start: "none", property: "exclusion", clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}}

// What a fuzz finds depends on the seed alone: with one, two and three machines
// it is the same schedule in the same run.
func TestFuzzFindsTheSameWithAnyNumberOfMachines(t *testing.T) {
	tr := counter.trial(t)
	for seed := range uint64(10) {
		var firstRun int
		var first string
		for machines := 1; machines <= 3; machines++ {
			f := fuzzed(t, tr, counter.property, seed, machines)
			found, n, err := f.Run(context.Background())
			if err != nil || found == nil {
				t.Fatalf("seed %d, %d machines: found nothing, %v", seed, machines, err)
			}
			steps := schedule(found.Steps)
			if machines == 1 {
				firstRun, first = n, steps
				if runs := f.Stats.Runs.Load(); int(runs) != n {
					t.Errorf("seed %d: found %d runs counted, wanted %d", seed, runs, n)
				}
			}
			if n != firstRun || steps != first {
				t.Errorf("seed %d, %d machines: found in run %d\n%swanted as with one in run %d\n%s", seed, machines, n, steps, firstRun, first)
			}
		}
	}
}

// Another seed is another fuzz.
func TestFuzzIsSeeded(t *testing.T) {
	runs := map[int]bool{}
	for seed := range uint64(10) {
		f := fuzzed(t, counter.trial(t), counter.property, seed, 1)
		_, n, err := f.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		runs[n] = true
	}
	if len(runs) < 5 {
		t.Errorf("found 10 seeds to end in the runs %v", runs)
	}
}

// A fuzz ends with its context, and tells what it has done until then.
func TestFuzzStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := fuzzed(t, clean.trial(t), clean.property, 1, 2)
	f.Runs = 0 // no other bound
	sampled := f.Runner
	f.Runner = func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
		if n == 100 {
			cancel()
		}
		return sampled(n, m)
	}
	found, n, err := f.Run(ctx)
	if found != nil || err != nil || int64(n) != f.Stats.Runs.Load() || n < 51 {
		t.Errorf("found %v after %d runs, %v, wanted it to stop, with %d counted", found, n, err, f.Stats.Runs.Load())
	}
}

// Stats count runs, steps, histories that differ, and runs that did not finish.
func TestFuzzCountsWhatItDoes(t *testing.T) {
	tr := clean.trial(t)
	var steps, cut, stuck int64
	f := fuzzed(t, tr, clean.property, 3, 1)
	f.Runs = 120
	sampled := f.Runner
	var histories []string
	f.Runner = func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
		tr, out, err := sampled(n, m)
		switch n % 4 {
		case 1:
			out.End = interleave.Cut
			cut++
		case 2:
			out.End = interleave.Stuck
			stuck++
		}
		steps += int64(len(out.Steps))
		if text := out.History.String(); !slices.Contains(histories, text) {
			histories = append(histories, text)
		}
		return tr, out, err
	}
	if _, n, err := f.Run(context.Background()); n != 120 || err != nil {
		t.Fatalf("found %d runs, %v", n, err)
	}
	s := f.Stats
	found := []int64{s.Runs.Load(), s.Steps.Load(), s.Histories.Load(), s.Undecided.Load(), s.Cut.Load(), s.Stuck.Load()}
	if wanted := []int64{120, steps, int64(len(histories)), 0, cut, stuck}; !slices.Equal(found, wanted) {
		t.Errorf("found %v, wanted %v", found, wanted)
	}
}

// What could not be judged is counted, and is no finding; a property behind it
// is judged all the same.
func TestUndecidedIsCountedAndNoFinding(t *testing.T) {
	unknown := model.Property{Name: "unknown", Judge: func(history.History, model.Means) (model.Judgement, error) {
		return model.Judgement{Property: "unknown", Verdict: model.Undecided, At: -1}, nil
	}}
	f := fuzzed(t, counter.trial(t), counter.property, 1, 1)
	f.Properties = append([]model.Property{unknown}, f.Properties...)
	found, n, err := f.Run(context.Background())
	if err != nil || found == nil || found.Property != "exclusion" || f.Stats.Undecided.Load() != int64(n) {
		t.Errorf("found %+v in run %d, %d undecided, %v, wanted exclusion violated and all runs undecided", found, n, f.Stats.Undecided.Load(), err)
	}
	f = fuzzed(t, counter.trial(t), counter.property, 1, 1)
	f.Properties, f.Runs, f.Stats = []model.Property{unknown}, 50, &search.Stats{}
	if found, n, err := f.Run(context.Background()); found != nil || n != 50 || err != nil || f.Stats.Undecided.Load() != 50 {
		t.Errorf("found %+v in run %d, %v, wanted nothing in 50, all undecided", found, n, err)
	}
}

// Only findings of the pattern count, if one is asked for.
func TestFuzzLooksForAPattern(t *testing.T) {
	f := fuzzed(t, counter.trial(t), counter.property, 1, 1)
	any, first, err := f.Run(context.Background())
	if err != nil || any == nil {
		t.Fatal(err)
	}
	for _, p := range []search.Pattern{search.Orphan, search.Hijack} {
		f := fuzzed(t, counter.trial(t), counter.property, 1, 1)
		f.Pattern = p
		found, n, err := f.Run(context.Background())
		if err != nil || found == nil || found.Pattern != p || n < first {
			t.Errorf("%s: found %+v in run %d, %v, wanted it no sooner than any in run %d", p, found, n, err, first)
		}
	}
}

// What goes wrong in the harness ends the fuzz, and the error says in which
// run and after which step. No finding is reported next to it.
func TestAHarnessErrorNamesTheRun(t *testing.T) {
	for machines := 1; machines <= 3; machines++ {
		var made atomic.Int64
		f := fuzzed(t, clean.trial(t), clean.property, 1, machines)
		f.Runner = func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
			made.Add(1)
			tr := clean.trial(t)
			if n == 6 {
				out, err := interleave.Run(tr, m, brokenAt(2))
				return tr, out, err
			}
			out, err := interleave.Run(tr, m, interleave.RoundRobin{})
			return tr, out, err
		}
		found, _, err := f.Run(context.Background())
		if found != nil || err == nil || err.Error() != "run 7, after step 2: it broke" || made.Load() > 30_000 {
			t.Errorf("%d machines: found %v, %v after %d runs", machines, found, err, made.Load())
		}
	}
	lying := model.Property{Name: "lying", Judge: func(history.History, model.Means) (model.Judgement, error) {
		return model.Judgement{}, errors.New("two judges differ")
	}}
	f := fuzzed(t, clean.trial(t), clean.property, 1, 1)
	f.Properties = []model.Property{lying}
	if _, _, err := f.Run(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "run 1") || !strings.Contains(err.Error(), "two judges differ") {
		t.Errorf("found %v, wanted the judge's error, of run 1", err)
	}
}

// brokenAt is a chooser that fails after so many steps.
type brokenAt int

func (b brokenAt) Choose(m *interleave.Menu) (int, error) {
	if m.Step == int(b) {
		return 0, errors.New("it broke")
	}
	return 0, nil
}

func (brokenAt) Took(trial.Step) error { return nil }

// Trials take turns.
func TestSampledTakesTurns(t *testing.T) {
	trials := []*trial.Trial{clean.trial(t), counter.trial(t), clean.trial(t)}
	run := search.Sampled(trials, interleave.Strategies()[0], 1)
	for n := range 7 {
		if tr, _, err := run(n, memory); err != nil || tr != trials[n%3] {
			t.Errorf("run %d: found another trial than number %d, %v", n, n%3, err)
		}
	}
}

// A switch is a change of the running thread: threads of one process are two,
// and what the environment does between is none.
func TestSwitches(t *testing.T) {
	for _, c := range []struct {
		wanted int
		lines  []string
	}{
		{0, nil},
		{0, []string{`kill p0`}},
		{0, []string{`p0 inside() = 0`, `time +1s`, `p0 inside() = 0`}},
		{1, []string{`p0 inside() = 0`, `kill p0`, `p1 inside() = 0`}},
		{2, []string{`p0 inside() = 0`, `p0.hb inside() = 0`, `p0 inside() = 0`}},
	} {
		if found := search.Switches(parsed(t, c.lines)); found != c.wanted {
			t.Errorf("%q: found %d, wanted %d", c.lines, found, c.wanted)
		}
	}
}
