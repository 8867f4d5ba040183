package draw_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// The figures of the README: run with -bench. They count schedules, so they
// are the same on every machine.

// seeds is how many searches a median is taken over, and patience how many
// schedules each of them may take.
const (
	seeds    = 51
	patience = 2000
)

// BenchmarkFirstViolation gives the median number of schedules until
// posixage-v1 is seen to violate exclusion, by chooser and by workload.
func BenchmarkFirstViolation(b *testing.B) {
	for _, w := range []struct {
		name              string
		clients, acquires int
	}{{"2x2", 2, 2}, {"3x1", 3, 1}} {
		t := fixed(b, "posixage-v1", "idle", w.clients, w.acquires)
		for _, by := range []string{"random", "pos", "pct:2", "pct:3", "pct:4", "rapid"} {
			b.Run(w.name+"/"+by, func(b *testing.B) {
				for b.Loop() {
					reportFirst(b, t, by)
				}
			})
		}
	}
}

// reportFirst gives the median, and how many of the searches found nothing:
// those count as patience.
func reportFirst(b *testing.B, t *trial.Trial, by string) {
	b.Helper()
	first, unfound := make([]int, seeds), 0
	for i := range first {
		n, found := firstViolation(b, t, by, uint64(i+1))
		first[i] = n
		if !found {
			unfound++
		}
	}
	slices.Sort(first)
	b.ReportMetric(float64(first[len(first)/2]), "schedules")
	b.ReportMetric(float64(unfound), "unfound")
}

func firstViolation(tb testing.TB, t *trial.Trial, by string, seed uint64) (int, bool) {
	tb.Helper()
	exclusion, err := model.PropertyByName("exclusion")
	if err != nil {
		tb.Fatal(err)
	}
	f := search.Fuzz{
		Machines:   []sys.Machine{sim.Machine{Rules: sim.RulesOf("tmpfs")}},
		Runner:     runner(tb, t, by, seed),
		Properties: []model.Property{exclusion},
		Runs:       patience,
		Stats:      &search.Stats{},
	}
	found, n, err := f.Run(context.Background())
	if err != nil {
		tb.Fatalf("%s, seed %d: %v", by, seed, err)
	}
	return n, found != nil
}

func runner(tb testing.TB, t *trial.Trial, by string, seed uint64) search.Runner {
	if by == "rapid" {
		return func(n int, m sys.Machine) (_ *trial.Trial, out interleave.Outcome, err error) {
			rapid.Custom(func(r *rapid.T) bool {
				out, err = interleave.Run(t, m, draw.Chooser{T: r})
				return true
			}).Example(int(seed)<<32 + n)
			return t, out, err
		}
	}
	s, err := interleave.StrategyByName(by)
	if err != nil {
		tb.Fatal(err)
	}
	return search.Sampled([]*trial.Trial{t}, s, seed)
}

// BenchmarkWinners gives how many of 16 clients of ctx-v0 get in at once, in
// 1,000 schedules: the pull request's own test saw all 16.
func BenchmarkWinners(b *testing.B) {
	t := fixed(b, "ctx-v0", "none", 16, 1)
	for _, by := range []string{"random", "pos", "pct:3", "round-robin"} {
		b.Run(by, func(b *testing.B) {
			for b.Loop() {
				most := make([]int, 1000)
				run := runner(b, t, by, 1)
				for n := range most {
					_, out, err := run(n, sim.Machine{Rules: sim.RulesOf("tmpfs")})
					if err != nil {
						b.Fatal(err)
					}
					most[n] = atOnce(out.History)
				}
				slices.Sort(most)
				b.ReportMetric(float64(most[0]), "least")
				b.ReportMetric(float64(most[len(most)/2]), "median")
				b.ReportMetric(float64(most[len(most)-1]), "most")
			}
		})
	}
}

// atOnce returns how many clients held the lock at once, at the most.
func atOnce(h history.History) int {
	holders, most := 0, 0
	for _, e := range h {
		switch {
		case e.Kind == history.Ok && history.IsAcquire(e.F):
			holders++
		case e.Kind == history.Invoke && e.F == history.Unlock:
			holders--
		}
		most = max(most, holders)
	}
	return most
}

// fixed returns a trial of so many clients that each lock so many times.
func fixed(tb testing.TB, name, start string, clients, acquires int) *trial.Trial {
	tb.Helper()
	e, err := lock.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults}
	works := make([]trial.Workload, clients)
	for i := range works {
		for range acquires {
			works[i] = append(works[i], trial.Action{Verb: trial.Lock}, trial.Action{Verb: trial.Inside}, trial.Action{Verb: trial.Unlock})
		}
	}
	t.Clients = trial.Place(works, 0)
	if t.Start, err = interleave.MakeStart(start, t); err != nil {
		tb.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return t
}
