package explore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/explore"
)

// Growth is how graphs grow with clients and acquires, with and without
// symmetry, as far as a graph of at most so many states goes. The code is learned
// anew each time.
func BenchmarkGrowth(b *testing.B) {
	const most = 500_000
	for _, l := range []struct{ name, start string }{{"posixage-v1", "idle"}, {"posixage-v2", "idle"}, {"ktstr-block", "none"}} {
		for clients := 2; clients <= 6; clients++ {
			for acquires := 1; acquires <= 3; acquires++ {
				for _, plain := range []bool{false, true} {
					name := fmt.Sprintf("%s/%dx%d/symmetry=%t", l.name, clients, acquires, !plain)
					b.Run(name, func(b *testing.B) { grow(b, l.name, l.start, clients, acquires, plain, most) })
				}
			}
		}
	}
}

func grow(b *testing.B, name, start string, clients, acquires int, plain bool, most int) {
	t := contest(b, name, start, clients, acquires)
	var a explore.Answer
	for b.Loop() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		code := explore.NewCode(t.Lock, t.Config)
		var err error
		q := explore.Question{Trial: t, Profile: "ext4", KeepGoing: true, NoCount: true, Reduce: true, NoSymmetry: plain, States: most, Workers: 2}
		if a, err = code.Explore(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
	if a.Why != nil {
		b.Skipf("undecided: %s", a.Why)
	}
	b.ReportMetric(float64(a.States), "states")
	b.ReportMetric(float64(a.Transitions), "transitions")
}
