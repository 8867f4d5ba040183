package search_test

import (
	"context"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A case whose code has changed diverges. Where the trouble is there still,
// under another schedule, it is found again with no more switches; where it was
// mended nothing is.
func TestADivergedCaseIsLookedForAgain(t *testing.T) {
	changed := written(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
		_, _ = p.Lstat(path) // it did not do so before
		e, err := lock.Find("ctx-v0")
		if err != nil {
			return nil, err
		}
		return through(e.New(e.Defaults), p, path, how)
	}).entry("ctx-v0")
	mended, err := lock.Find("ctx-v2")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		entry lock.Entry
		found bool
	}{{changed, true}, {mended, false}} {
		old := broken(t, 0, func(old *trial.Case) { old.Trial.Lock = c.entry })
		if r, err := search.Replay(old, memory); err != nil || r.Result != search.Diverged {
			t.Fatalf("%s: found it %s, %v, wanted it diverged", c.entry.Name, r.Result, err)
		}
		f, err := search.Again(context.Background(), old, memory)
		if err != nil || (f != nil) != c.found {
			t.Errorf("%s: found %+v, %v, wanted a finding: %t", c.entry.Name, f, err, c.found)
			continue
		}
		if f == nil {
			continue
		}
		if n, err := search.Confirm(f, memory, 1); n != 1 || search.Switches(f.Steps) > search.Switches(old.Steps) {
			t.Errorf("%s: found %d replays, %v, of\n%s", c.entry.Name, n, err, schedule(f.Steps))
		}
	}
}
