package explore

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// The interleavings of this program were counted by others, and again by a few
// lines of Python; see TestBoundedCountsWhatOthersCounted. Its graph has them in
// few states: of three processes 140 where symmetry is used.
func TestAGraphCountsWhatOthersCounted(t *testing.T) {
	for _, test := range []struct {
		clients          int
		checks, twoCalls bool
		interleavings    int64
		states, told     int // with symmetry and without
		violated         bool
	}{
		{2, true, false, 204, 36, 68, false},
		{3, true, false, 104_916, 140, 688, false},
		{2, true, true, 290, 45, 86, false},
		{2, false, false, 136, 32, 60, false},
		{3, false, false, 77_316, 128, 628, true},
	} {
		tr := program.Orphaning(test.checks, test.twoCalls).Trial(t, alike(test.clients, "lock inside inside unlock")...)
		a, told := explored(t, tr, Question{}), explored(t, tr, Question{NoSymmetry: true})
		for _, a := range []Answer{a, told} {
			if a.Interleavings.Int64() != test.interleavings || a.Violations > 0 != test.violated {
				t.Errorf("%+v: found %v interleavings, %s", test, a.Interleavings, a.Verdict)
			}
		}
		if a.States != test.states || told.States != test.told {
			t.Errorf("%+v: found %d states, and %d without symmetry", test, a.States, told.States)
		}
	}
}

// The sizes of graphs, as evidence that an engine which was changed still does
// what it did. Where it is to come to fewer states, to change them is right; the
// verdicts stay.
func TestSizesOfGraphs(t *testing.T) {
	const once, twice = "lock inside unlock", "lock inside unlock lock inside unlock"
	for _, test := range []struct {
		lock, work, start   string
		clients, threads    int
		budget              trial.Budget
		states, transitions int
		violated            bool
	}{
		{"ktstr-try", once, "idle", 2, 0, trial.Budget{}, 28, 43, false},
		{"ktstr-try", once, "idle", 3, 0, trial.Budget{}, 83, 172, false},
		{"ktstr-block", once, "idle", 2, 0, trial.Budget{}, 25, 36, false},
		{"ktstr-block", once, "idle", 3, 0, trial.Budget{}, 65, 120, false},
		{"ktstr-block", twice, "none", 2, 0, trial.Budget{}, 91, 151, false},
		{"ktstr-block", twice, "none", 3, 2, trial.Budget{Kills: 1}, 3197, 13_235, false},
		{"pact-sidecar", once, "idle", 2, 0, trial.Budget{}, 35, 51, false},
		{"pact-sidecar", once, "idle", 3, 0, trial.Budget{}, 136, 257, false},
		{"posixage-v1", once, "idle", 2, 0, trial.Budget{}, 101, 168, true},
		{"posixage-v1", once, "idle", 3, 0, trial.Budget{}, 1335, 3321, true},
		{"posixage-v1", once, "leftover", 2, 0, trial.Budget{Kills: 1}, 136, 372, true},
		{"posixage-v1", once, "none", 2, 0, trial.Budget{Pauses: 1, Jumps: 1}, 1019, 2543, true},
		{"posixage-v2", once, "idle", 2, 0, trial.Budget{}, 481, 859, true},
		{"posixage-v2", once, "idle", 3, 0, trial.Budget{}, 14_101, 37_604, true},
		{"posixage-v2", "lock work 12s unlock", "none", 2, 0, trial.Budget{}, 695, 727, false},
		{"posixage-v2", "lock work 12s unlock", "idle", 2, 2, trial.Budget{}, 8757, 9602, true},
	} {
		tr := contest(t, test.lock, "", test.work, test.start, test.clients, test.threads)
		tr.Budget = test.budget
		a := explored(t, tr, Question{})
		if a.States != test.states || a.Transitions != test.transitions || a.Violations > 0 != test.violated {
			t.Errorf("%+v: found %d states, %d transitions, %s", test, a.States, a.Transitions, a.Verdict)
		}
	}
}
