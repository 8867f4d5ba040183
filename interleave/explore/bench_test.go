package explore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// contest is a trial of so many clients that acquire so often each.
func contest(b *testing.B, name, start string, clients, acquires int) *trial.Trial {
	b.Helper()
	e, err := lock.Find(name)
	if err != nil {
		b.Fatal(err)
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults}
	var work trial.Workload
	for range acquires {
		work = append(work, trial.Action{Verb: trial.Lock}, trial.Action{Verb: trial.Inside}, trial.Action{Verb: trial.Unlock})
	}
	works := make([]trial.Workload, clients)
	for i := range works {
		works[i] = work
	}
	t.Clients = trial.Place(works, 0)
	if t.Start, err = interleave.MakeStart(start, t); err != nil {
		b.Fatal(err)
	}
	return t
}

// Transitions is how fast graphs are made once the code is learned, on one
// processor and on two.
func BenchmarkTransitions(b *testing.B) {
	for _, name := range []string{"posixage-v1", "posixage-v2"} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%dcpu", name, workers), func(b *testing.B) {
				t := contest(b, name, "idle", 4, 1)
				code := explore.NewCode(t.Lock, t.Config)
				q := explore.Question{Trial: t, Profile: "ext4", KeepGoing: true, Workers: workers, NoCount: true}
				if _, err := code.Explore(context.Background(), q); err != nil {
					b.Fatal(err)
				}
				transitions, bytes, states := 0, 0, 0
				for b.Loop() {
					a, err := code.Explore(context.Background(), q)
					if err != nil {
						b.Fatal(err)
					}
					transitions += a.Transitions
					bytes, states = a.Bytes, a.States
				}
				b.ReportMetric(float64(transitions)/b.Elapsed().Seconds()/1e6, "Mtransitions/s")
				b.ReportMetric(float64(bytes)/float64(states), "B/state")
			})
		}
	}
}
