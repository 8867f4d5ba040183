package explore

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// What is explored is the schedules that a Runner makes, all of them and no
// others: as many ways lead through the graph as there are runs, and exclusion
// is violated in the graph if it is in a run.
func TestAGraphHasTheSchedulesOfTheRunner(t *testing.T) {
	once, twice := "lock inside unlock", "lock inside unlock lock inside unlock"
	for _, test := range []struct {
		lock, config, work, start string
		clients, threads          int
		budget                    trial.Budget
	}{
		{"ktstr-try", "", once, "none", 2, 0, trial.Budget{}},
		{"ktstr-try", "", once, "idle", 2, 2, trial.Budget{}},
		{"ktstr-try", "", once, "idle", 2, 0, trial.Budget{Kills: 2}},
		{"ktstr-try", "", once, "idle", 2, 0, trial.Budget{Errors: 1}},
		{"ktstr-block", "", once, "none", 2, 0, trial.Budget{}},
		{"ctx-v2", "", once, "none", 3, 2, trial.Budget{Kills: 1}},
		{"ktstr-block", "", once, "idle", 2, 0, trial.Budget{Errors: 1, Kills: 1}},
		{"ctx-v0", "", once, "none", 2, 0, trial.Budget{}},
		{"ctx-v0", "", once, "leftover", 2, 0, trial.Budget{Unlinks: 1}},
		{"ctx-v0", "", once, "none", 2, 0, trial.Budget{Kills: 1}},
		{"ctx-v0", "", once, "none", 2, 0, trial.Budget{Pauses: 1, Jumps: 1}},
		{"ctx-v0", "", once, "none", 2, 2, trial.Budget{Kills: 1}},
		{"ctx-v2", "", once, "none", 2, 0, trial.Budget{Pauses: 1, Kills: 1}},
		{"ctx-v2", "", once, "none", 3, 0, trial.Budget{}},
		{"ctx-v2", "", twice, "none", 2, 0, trial.Budget{Kills: 1}},
		{"ctx-v2", "", twice, "none", 2, 2, trial.Budget{}},
		{"ctx-v2", "", once, "none", 2, 0, trial.Budget{Unlinks: 1, Errors: 1}},
		{"ctx-v2", "", "rest 2s lock work 2s unlock", "none", 2, 0, trial.Budget{Jumps: 1}},
		{"posixage-v1", "", "trylock inside unlock", "none", 2, 0, trial.Budget{Walls: 1}},
		{"lease-mtime", "", "trylock inside unlock", "none", 2, 0, trial.Budget{Walls: 1}},
		{"pact-sidecar", "timeout=200ms", "lock work 150ms unlock", "idle", 2, 0, trial.Budget{}},
		{"posixage-v0", "pollmax=10ms timeout=10ms", "lock work 20ms unlock", "none", 2, 0, trial.Budget{}},
		{"posixage-v0", "pollmax=10ms timeout=10ms", "trylock inside unlock", "leftover", 2, 0, trial.Budget{}},
		{"posixage-v1", "", "trylock inside unlock", "idle", 2, 0, trial.Budget{Kills: 1}},
		{"posixage-v2a", "", "trylock inside unlock", "idle", 2, 0, trial.Budget{}},
		{"posixage-v2", "", "trylock inside unlock", "idle", 2, 0, trial.Budget{}},
		{"posixage-v2", "", "trylock work 12s unlock", "idle", 2, 0, trial.Budget{Kills: 1}},
		{"posixage-v2", "", "trylock work 22s unlock", "idle", 2, 2, trial.Budget{}},
		{"posixage-v1", "", "tryrlock inside unlock", "idle", 2, 0, trial.Budget{}},
		{"posixage-v2", "", "trylock work 12s unlock", "idle", 1, 0, trial.Budget{Pauses: 1, Jumps: 1}},
	} {
		tr := contest(t, test.lock, test.config, test.work, test.start, test.clients, test.threads)
		tr.Budget = test.budget
		wanted, all := enumerated(t, tr, 60_000)
		if !all {
			t.Errorf("%+v: found more than %d runs", test, wanted.runs)
			continue
		}
		t.Run(test.lock+" "+test.work, func(t *testing.T) {
			a := agree(t, tr, wanted)
			t.Logf("%+v: %d runs, %d violated, longest %d; %d states, %d transitions", test, wanted.runs, wanted.violated, wanted.longest, a.States, a.Transitions)
		})
	}
}
