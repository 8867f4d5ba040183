package mutate

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// Of registered locks that hold mutants are made, each with a name of its own, and
// 60 at least.
func TestLocksThatHoldHaveMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the code of many locks some hundred times")
	}
	names := map[string]bool{}
	for _, name := range hold {
		e, err := lock.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		made, err := Mutants(e)
		if err != nil || len(made) < 2 {
			t.Errorf("%s: found %d mutants, %v", name, len(made), err)
		}
		for _, m := range made {
			if names[m.Name] || !strings.HasPrefix(m.Name, name+"/") || m.Lock.Name != m.Name || m.Changed == "" || strings.ContainsAny(m.Name, " %") {
				t.Errorf("found mutant %q: %s", m.Name, m.Changed)
			}
			names[m.Name] = true
		}
	}
	if len(names) < 60 {
		t.Errorf("found %d mutants, wanted 60 at least", len(names))
	}
	t.Logf("%d mutants", len(names))
}

// hold are registered locks that hold and are small.
var hold = strings.Fields(`posixage-v0 ctx-v2 ctx-v1 pact-sidecar ktstr-try ktstr-block flock-persist flock-pidfile
	flock-close flock-failopen ofd-persist flock-recheck flock-nlink excl git-lockfile mkdir fcntl-mutex link-guard
	guard-create hg-break`)

// someSurvivors is how many one that is explored stands for, unless GHOSTLOCK_LOCKS
// is "all".
const someSurvivors = 4

// What is explained survives, and is there at all. The smaller cells are enough to
// see that: what is caught is caught in one of them, but for a few.
func TestWhatIsExplainedSurvives(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(explanations)) {
		if i%someSurvivors > 0 && os.Getenv("GHOSTLOCK_LOCKS") != "all" {
			continue
		}
		why := explanations[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("explores every cell of every survivor")
			}
			of, _, _ := strings.Cut(name, "/")
			e, err := lock.Find(of)
			if err != nil {
				t.Fatal(err)
			}
			seen, err := watch(e)
			if err != nil {
				t.Fatal(err)
			}
			made, err := seen.mutants(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range made {
				if m.Name != name {
					continue
				}
				o, err := newSubject(e, 500).outcome(context.Background(), m, seen.timed())
				if err != nil || o.Caught || o.Explained != why || o.Broken != nil {
					t.Errorf("found it caught: %t (%s), %v, wanted it to survive", o.Caught, o.Cell, err)
				}
				return
			}
			t.Errorf("found no such mutant, wanted one of %d", len(made))
		})
	}
}
