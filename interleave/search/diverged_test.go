package search_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A case outlives a change of the code under test: where its schedule cannot be
// followed any more, the trouble is looked for under others.
func TestADivergedCaseIsSearchedAgain(t *testing.T) {
	m := sim.Machine{Rules: sim.RulesOf("ext4")}
	for _, c := range stored(t) {
		if filepath.Base(c.Name) != "half1.txt" {
			continue
		}
		c.Steps[3].Ret = sys.OK()
		r, err := search.Replay(c, m)
		if err != nil || r.Result != search.Diverged {
			t.Fatalf("found %s, %v, wanted a divergence", r.Result, err)
		}
		found, err := search.Again(context.Background(), c, m)
		if err != nil || found == nil || found.Property != "exclusion" {
			t.Errorf("found %v, %v, wanted that the lock still violates exclusion", found, err)
		}
		mended, err := lock.Find("ktstr-block")
		if err != nil {
			t.Fatal(err)
		}
		c.Trial.Lock, c.Trial.Config = mended, mended.Defaults
		if found, err := search.Again(context.Background(), c, m); found != nil || err != nil {
			t.Errorf("found %v, %v in a lock that holds", found, err)
		}
	}
}
