package interleave_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// contended returns a trial of n clients that each lock once, from an old file.
func contended(tb testing.TB, name string, n int) *trial.Trial {
	tb.Helper()
	entry, err := lock.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	t := &trial.Trial{Lock: entry, Config: entry.Defaults}
	works := make([]trial.Workload, n)
	for i := range works {
		if works[i], err = trial.ParseWorkload("lock inside unlock"); err != nil {
			tb.Fatal(err)
		}
	}
	t.Clients = trial.Place(works, 0)
	if t.Start, err = interleave.MakeStart("idle", t); err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkRun gives schedules/s and steps/s in memory, by chooser.
func BenchmarkRun(b *testing.B) {
	t := contended(b, "posixage-v1", 3)
	m := sim.Machine{Rules: sim.RulesOf("tmpfs")}
	for _, s := range interleave.Strategies() {
		b.Run(s.Name, func(b *testing.B) {
			var runner interleave.Runner
			defer runner.Close()
			steps := 0
			for n := 0; b.Loop(); n++ {
				out, err := runner.Run(t, m, s.New(rand.New(rand.NewPCG(1, uint64(n))), 30))
				if err != nil {
					b.Fatal(err)
				}
				steps += len(out.Steps)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
