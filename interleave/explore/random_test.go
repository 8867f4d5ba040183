package explore

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// drawTrial draws a lock and two or three clients of it, the first two mostly
// with the same program.
func drawTrial(t *rapid.T) *trial.Trial {
	const once, twice = ": lock inside unlock", ": lock inside unlock lock inside unlock"
	lines := rapid.SampledFrom([][]string{
		{"p0" + once, "p1" + once},
		{"p0" + twice, "p1" + twice},
		{"p0.a" + once, "p0.b" + once},
		{"p0" + once, "p1: rest 1s lock work 1s unlock"},
		{"p0" + once, "p1" + once, "p2" + once},
		{"p0" + once, "p1" + once, "p2: trylock inside unlock"},
		{"p0" + once, "p1: rlock inside unlock", "p2: rlock inside unlock"},
		{"p0.a" + once, "p0.b: trylock inside unlock", "p1" + once},
		{"p0: lock fork unlock", "p1" + once},
		{"p0: spawn lock spawn unlock", "p1" + once},
		{"p0: lock forkunlock unlock", "p1: lock fork unlock"},
		{"p0: lock daemon inside unlock", "p1" + once},
		{"p0.a: lock fork forkunlock unlock", "p0.b: trylock inside unlock"},
	}).Draw(t, "clients")
	var programs [3]written
	for i := range programs {
		programs[i] = drawLock(t, 7-len(lines))
	}
	tr := drawn(programs).clients(t, lines...)
	tr.Budget = rapid.SampledFrom([]trial.Budget{
		{}, {}, {}, {}, {Kills: 1}, {Kills: 1}, {Errors: 1}, {Jumps: 1}, {Pauses: 1}, {Unlinks: 1}, {Jumps: 1, Kills: 1}, {Pauses: 1, Jumps: 1}, {Pauses: 1, Kills: 1}, {Walls: 1}, {Walls: 1, Kills: 1},
	}).Draw(t, "budget")
	tr.Skew = rapid.SampledFrom([]time.Duration{0, 0, 0, 2 * time.Second, -2 * time.Second, -time.Second}).Draw(t, "skew")
	tr.Config.Stale = rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(t, "stale")
	if rapid.Bool().Draw(t, "start") {
		tr.Start = []sys.Entry{{Name: trial.Path, Age: 3 * time.Second}}
	}
	return tr
}

// Of locks that nobody wrote, exploring has the schedules that enumerating has
// and the same verdict, whichever way it goes about it; and the shortest
// violation of all runs.
func TestDrawnLocksAreExploredAsTheyAreEnumerated(t *testing.T) {
	const manyRuns = 1500
	compared, violated := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTrial(rt)
		wanted, all := enumerated(rt, tr, manyRuns)
		if !all {
			return
		}
		compared++
		if wanted.violated > 0 {
			violated++
		}
		agree(rt, tr, wanted)
	})
	t.Logf("%d compared, %d of them violated", compared, violated)
}
