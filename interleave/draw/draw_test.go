package draw_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// What run n of a Runner does depends on the seed and n alone.
func TestRunnerDrawsTheSameForTheSameRun(t *testing.T) {
	b := boundsOf(t, "posixage-v2")
	texts := map[string]bool{}
	for seed := 1; seed <= 2; seed++ {
		for n := range 20 {
			var text [2]string
			for i := range text {
				tr, out, err := draw.Runner(b, seed)(n, memory)
				if err != nil {
					t.Fatal(err)
				}
				if err := tr.Validate(); err != nil {
					t.Fatal(err)
				}
				text[i] = string((&trial.Case{Trial: *tr, Steps: out.Steps}).Format()) + out.History.String() + out.End.String()
			}
			if text[0] != text[1] {
				t.Fatalf("seed %d, run %d: found\n%s\nand then\n%s", seed, n, text[0], text[1])
			}
			texts[text[0]] = true
		}
	}
	if len(texts) < 20 {
		t.Errorf("found %d different runs of 40", len(texts))
	}
}

// A Runner's harness errors come through.
func TestRunnerReportsTheHarness(t *testing.T) {
	_, _, err := draw.Runner(boundsOf(t, "ctx-v2"), 1)(0, noKernels{})
	if err == nil || err.Error() != "no kernel today" {
		t.Errorf("found %v", err)
	}
}

type noKernels struct{ sys.Machine }

func (noKernels) Boot(sys.Setup) (sys.Kernel, error) { return nil, fmt.Errorf("no kernel today") }

// Drawn trials are valid and within the bounds, and all that the bounds allow
// is drawn at some time.
func TestTrialsAreWithinTheirBounds(t *testing.T) {
	b := boundsOf(t, "posixage-v2")
	b.Threads = 2
	var verbs []trial.Verb
	starts, clients, acquires := map[int]bool{}, map[int]bool{}, map[int]bool{}
	trials := draw.Trials(b)
	for seed := range 300 {
		tr := trials.Example(seed)
		if err := tr.Validate(); err != nil {
			t.Fatal(err)
		}
		clients[len(tr.Clients)] = true
		starts[len(tr.Start)] = true
		if tr.Budget != b.Budget || tr.Clients[0].Letter != "a" || tr.Clients[1].Letter != "b" || tr.Procs() != len(tr.Clients)-1 {
			t.Fatalf("found %v under %s, wanted two clients to share p0", tr.Names(), tr.Budget)
		}
		for _, c := range tr.Clients {
			n := 0
			for _, a := range c.Work {
				if _, ok := a.Verb.Acquires(); ok {
					n++
				}
				if !slices.Contains(verbs, a.Verb) {
					verbs = append(verbs, a.Verb)
				}
				if a.Verb == trial.Work && a.Dur != b.Work {
					t.Errorf("found work %s, wanted %s", a.Dur, b.Work)
				}
			}
			acquires[n] = true
		}
	}
	slices.Sort(verbs)
	wanted := []trial.Verb{trial.Lock, trial.TryLock, trial.RLock, trial.Unlock, trial.Inside, trial.Work, trial.Rest}
	if !slices.Equal(verbs, wanted) {
		t.Errorf("found the verbs %v, wanted %v", verbs, wanted)
	}
	for what, seen := range map[string]map[int]bool{"clients": clients, "acquires": acquires, "starts": starts} {
		if len(seen) != 2 {
			t.Errorf("found %s %v, wanted two kinds", what, seen)
		}
	}
}

// Delays are as many as asked for, and none is too long.
func TestDelaysAreWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		longest := time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "longest"))
		delays := draw.Delays(n, longest).Draw(t, "delays")
		if len(delays) != n {
			t.Fatalf("found %d delays, wanted %d", len(delays), n)
		}
		for _, d := range delays {
			if d < 0 || d > longest {
				t.Fatalf("found a delay of %s, wanted 0 to %s", d, longest)
			}
		}
	})
}
