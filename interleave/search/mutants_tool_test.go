package search_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// The tests of this file hold the search to what it must be; see
// mutants_run_test.go.

// Fuzz reports the first run that violates, with one machine and with three.
func TestMutantFuzzIsFirst(t *testing.T) {
	for _, m := range mutants() {
		if m.property != "exclusion" || m.limit > 300 {
			continue
		}
		trials := m.trials(t, m.entry(), 1)
		run := search.Sampled(trials, interleave.Strategies()[0], 1)
		first := m.first(t, run)
		for _, machines := range []int{1, 3} {
			f := search.Fuzz{
				Machines: slices.Repeat([]sys.Machine{mutantMachine}, machines), Runner: run,
				Properties: model.Properties()[:1], Runs: m.limit, Stats: &search.Stats{},
			}
			found, n, err := f.Run(context.Background())
			if err != nil || found == nil || n != first {
				t.Errorf("%s, %d machines: found run %d, %v, wanted %d", m.name, machines, n, err, first)
			}
		}
	}
}

// first returns the number of the first run that violates exclusion, judged
// without a Judge's memory.
func (m mutant) first(t *testing.T, run search.Runner) int {
	t.Helper()
	for n := range m.limit {
		_, out, err := run(n, mutantMachine)
		if err != nil {
			t.Fatal(err)
		}
		if j, err := model.Exclusion(out.History, 1<<40); err != nil || j.Verdict == model.Violated {
			return n + 1
		}
	}
	return 0
}

// told returns the outcome with a history that is written as words: a+ is a's
// lock with its ok, a- its unlock.
func told(words string) interleave.Outcome {
	var out interleave.Outcome
	for _, w := range strings.Fields(words) {
		f := map[byte]string{'+': history.Lock, '-': history.Unlock}[w[1]]
		for _, kind := range []history.Kind{history.Invoke, history.Ok} {
			out.History = append(out.History, history.Event{Kind: kind, Process: w[:1], F: f})
			out.After = append(out.After, 0)
		}
	}
	return out
}

// A Judge that has judged one history is right about the next, which differs
// in the order alone, or in who did what.
func TestMutantJudgesTellHistoriesApart(t *testing.T) {
	for _, pair := range [][2]string{{"a+ a- b+", "a+ b+ a-"}, {"a+ a- b+", "a+ b- b+"}, {"a+ a- b+", "a+ b+"}} {
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			judge, met := search.NewJudge("ext4", model.Properties()[:1]), 0
			judge.Met = func(string) { met++ }
			for _, i := range order {
				found, err := judge.Judge(&trial.Trial{}, told(pair[i]))
				if err != nil || (found != nil) != (i == 1) {
					t.Errorf("%q, in the order %v: found %v, %v", pair[i], order, found, err)
				}
			}
			if met != 2 {
				t.Errorf("%v: found %d histories, wanted 2", pair, met)
			}
		}
	}
}

// What a property decides by more than the history is not remembered, and what
// it leaves undecided is counted and is no finding.
func TestMutantJudgesRememberWithCare(t *testing.T) {
	for _, replays := range []bool{false, true} {
		asked := 0
		p := model.Property{Name: "stub", Replays: replays, Judge: func(history.History, model.Means) (model.Judgement, error) {
			asked++
			return model.Judgement{Property: "stub"}, nil
		}}
		judge := search.NewJudge("ext4", []model.Property{p})
		for range 3 {
			if found, err := judge.Judge(&trial.Trial{}, told("a+ a-")); found != nil || err != nil {
				t.Errorf("found %v, %v of an undecided property", found, err)
			}
		}
		if wanted := map[bool]int{false: 1, true: 3}[replays]; asked != wanted || judge.Undecided != 3 {
			t.Errorf("replays %t: found it asked %d times and %d undecided, wanted %d and 3", replays, asked, judge.Undecided, wanted)
		}
	}
}

// What one property says of a history is not taken for what another says.
func TestMutantJudgesTellPropertiesApart(t *testing.T) {
	says := func(name string, v model.Verdict) model.Property {
		return model.Property{Name: name, Judge: func(history.History, model.Means) (model.Judgement, error) {
			return model.Judgement{Property: name, Verdict: v}, nil
		}}
	}
	judge := search.NewJudge("ext4", []model.Property{says("one", model.Holds), says("two", model.Violated)})
	for range 2 {
		if found, err := judge.Judge(&trial.Trial{}, told("a+ a-")); err != nil || found == nil || found.Property != "two" {
			t.Errorf("found %v, %v, wanted two violated", found, err)
		}
	}
}

// A fuzz says how much it could not judge.
func TestMutantFuzzCountsUndecided(t *testing.T) {
	e := mutantBase("ctx-v2")
	m := mutant{base: e}
	stub := model.Property{Name: "stub", Judge: func(history.History, model.Means) (model.Judgement, error) {
		return model.Judgement{Property: "stub"}, nil
	}}
	f := search.Fuzz{
		Machines: []sys.Machine{mutantMachine}, Runner: search.Sampled(m.trials(t, e, 1), interleave.Strategies()[0], 1),
		Properties: []model.Property{stub}, Runs: 100, Stats: &search.Stats{},
	}
	found, n, err := f.Run(context.Background())
	if found != nil || n != 100 || err != nil || f.Stats.Undecided.Load() != 100 {
		t.Errorf("found %v in %d runs, %v, %d undecided, wanted 100 of 100", found, n, err, f.Stats.Undecided.Load())
	}
	// That 100 runs are 100 schedules, most of them different:
	if h := f.Stats.Histories.Load(); h < 30 {
		t.Errorf("found %d histories in 100 runs", h)
	}
}

// What shrinking arrives at shows the same trouble: here it must not settle for
// the violation that the lock shows more easily.
func TestMutantShrinkKeepsThePattern(t *testing.T) {
	e := mutantBase("posixage-v1")
	for _, pattern := range []search.Pattern{search.Orphan, search.Hijack} {
		m := mutant{base: e, start: "idle", property: "exclusion"}
		f := search.Fuzz{
			Machines: []sys.Machine{mutantMachine}, Runner: search.Sampled(m.trials(t, e, 1), interleave.Strategies()[0], 1),
			Properties: model.Properties()[:1], Pattern: pattern, Runs: 5000, Stats: &search.Stats{},
		}
		found, _, err := f.Run(context.Background())
		if err != nil || found == nil || found.Pattern != pattern {
			t.Fatalf("%s: found %v, %v", pattern, found, err)
		}
		shrunk, err := search.Shrink(context.Background(), found, mutantMachine)
		if err != nil || shrunk.Pattern != pattern || shrunk.Property != "exclusion" {
			t.Errorf("found %s %s, %v, wanted exclusion %s", shrunk.Property, shrunk.Pattern, err, pattern)
		}
	}
}

// A lock that breaks exclusion more easily than honesty, and without a pattern
// in either: shrinking a dishonest answer must not end at a double hold.
func TestMutantShrinkKeepsTheProperty(t *testing.T) {
	m := mutant{
		name: "ktstr-block/both", base: mutantBase("ktstr-block"), property: "honesty", limit: 500,
		new: newKtstr(true, func(l *ktstrLock) {
			l.mode = func(how lock.How) int {
				if how.Try {
					return sys.LOCK_EX | sys.LOCK_NB
				}
				return sys.LOCK_SH
			}
			l.refused = func(err error) error { return err }
		}),
	}
	found, _ := m.fuzz(t, m.entry(), 1)
	if found == nil {
		t.Fatal("found nothing")
	}
	shrunk, err := search.Shrink(context.Background(), found, mutantMachine)
	if err != nil || shrunk.Property != "honesty" || shrunk.Pattern != found.Pattern {
		t.Errorf("found %s %s, %v, wanted honesty %s", shrunk.Property, shrunk.Pattern, err, found.Pattern)
	}
}

// An error that the environment made is no lie: the acquire alone meets it too.
func TestMutantHonestyMindsFaults(t *testing.T) {
	for _, name := range []string{"ktstr-try", "ktstr-block", "ctx-v2"} {
		m := mutant{base: mutantBase(name), property: "honesty", limit: 300, bounds: draw.Bounds{Budget: trial.Budget{Errors: 2}}}
		if found, n := m.fuzz(t, m.base, 1); found != nil {
			t.Errorf("%s: found %s in schedule %d", name, found.Why, n)
		}
	}
}
