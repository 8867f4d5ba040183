package search_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// hunted are violations with more to them than is needed, and how small each
// can be: clients, faults, switches, steps.
var hunted = []struct {
	hunt
	size string
}{
	{hunt{
		lock: "ctx-v0", start: "none", property: "exclusion",
		clients: []string{"p0: rest 1s trylock work 2s unlock", "p1: lock inside unlock lock work 1s unlock", "p2: rest 1s lock inside unlock"},
	}, "2 clients, 0 faults, 2 switches, 8 steps"},
	{hunt{
		lock: "ctx-v0", start: "none", property: "exclusion", budget: "kills=1 errors=2 unlinks=1", faults: 3, pattern: search.Stat,
		clients: []string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: lock inside unlock"},
	}, "2 clients, 0 faults, 2 switches, 8 steps"},
	{hunt{ // a failing stat counts as one that found nothing
		lock: "ctx-v0", start: "none", property: "exclusion", budget: "kills=1 errors=2 unlinks=1", faults: 3, pattern: search.Other,
		clients: []string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: lock inside unlock"},
	}, "2 clients, 1 faults, 1 switches, 8 steps"},
	{hunt{ // only somebody outside can break this one
		lock: "ctx-v2", start: "none", property: "exclusion", budget: "kills=1 unlinks=2 errors=1", faults: 2,
		clients: []string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: trylock inside unlock"},
	}, "2 clients, 1 faults, 1 switches, 5 steps"},
	{hunt{
		lock: "posixage-v1", start: "idle", property: "exclusion",
		clients: []string{"p0: rlock inside unlock lock inside unlock", "p1: trylock inside unlock", "p2: lock work 1s unlock"},
	}, "2 clients, 0 faults, 2 switches, 12 steps"},
	{hunt{
		lock: "posixage-v2a", start: "idle", property: "exclusion",
		clients: []string{"p0: lock inside unlock lock inside unlock", "p1: lock inside unlock", "p2.a: lock work 1s unlock", "p2.b: lock inside unlock"},
	}, "2 clients, 0 faults, 2 switches, 16 steps"},
	{hunt{
		lock: "posixage-v1", start: "idle", property: "honesty", budget: "errors=1", faults: 1, pattern: search.Lost,
		clients: []string{"p0: lock inside unlock", "p1: rlock work 1s unlock", "p2: lock inside unlock"},
	}, "3 clients, 0 faults, 3 switches, 14 steps"},
}

// size tells how large a finding is, in the order in which it matters.
func size(f *search.Finding) []int {
	return []int{len(f.Trial.Clients), f.Faults(), search.Switches(f.Steps), len(f.Steps)}
}

func sizeText(f *search.Finding) string {
	s := size(f)
	return fmt.Sprintf("%d clients, %d faults, %d switches, %d steps", s[0], s[1], s[2], s[3])
}

func shrunkOf(tb testing.TB, f *search.Finding) search.Shrunk {
	tb.Helper()
	shrunk, err := search.Shrink(context.Background(), f, memory)
	if err != nil {
		tb.Fatal(err)
	}
	return shrunk
}

// What shrinking comes to is as small as it can be: it has the size that is
// known, it has nothing that can be left out, and nothing smaller is met by
// chance.
func TestShrinkComesToTheSmallest(t *testing.T) {
	for _, h := range hunted {
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			from := h.finding(t)
			shrunk := shrunkOf(t, from)
			if found := sizeText(shrunk.Finding); found != h.size {
				t.Errorf("found %s, wanted %s, of\n%s", found, h.size, shrunk.Case("").Format())
			}
			if shrunk.Property != from.Property || shrunk.Pattern != from.Pattern {
				t.Errorf("found %s %s, wanted %s %s as in what it was made from", shrunk.Property, shrunk.Pattern, from.Property, from.Pattern)
			}
			if n, err := search.Confirm(shrunk.Finding, memory, 2); n != 2 {
				t.Errorf("found %d of 2 replays, %v", n, err)
			}
			wantAllNeeded(t, shrunk.Finding)
			wantNoneSmaller(t, from, shrunk.Finding)
		})
	}
}

// wantAllNeeded leaves out each step in turn, and each fault that the
// environment may make.
func wantAllNeeded(t *testing.T, f *search.Finding) {
	t.Helper()
	for i := range f.Steps {
		c := f.Case("")
		c.Steps = slices.Delete(slices.Clone(c.Steps), i, i+1)
		r, err := search.Replay(c, memory)
		if err != nil || r.Result == search.Reproduced {
			t.Errorf("found %s, %v without step %d, %s, of\n%s", r.Result, err, i+1, f.Steps[i], schedule(f.Steps))
		}
	}
	left := f.Trial.Budget
	for _, s := range f.Steps {
		left.Spend(s)
	}
	if left != (trial.Budget{}) {
		t.Errorf("found a budget of %s, wanted no more than the faults of\n%s", f.Trial.Budget, schedule(f.Steps))
	}
}

// wantNoneSmaller samples schedules of the shrunk trial, and of the first one
// with a client less, for a smaller finding of the same signature.
func wantNoneSmaller(t *testing.T, from, f *search.Finding) {
	t.Helper()
	trials := []*trial.Trial{&f.Trial}
	if len(f.Trial.Clients) > 1 {
		for i := range f.Trial.Clients {
			fewer := f.Trial
			fewer.Budget = from.Trial.Budget
			fewer.Clients = slices.Delete(slices.Clone(f.Trial.Clients), i, i+1)
			for j := range fewer.Clients { // processes are numbered without a gap
				fewer.Clients[j] = trial.Client{Proc: j, Work: fewer.Clients[j].Work}
			}
			trials = append(trials, &fewer)
		}
	}
	judge := search.NewJudge(memory.Profile(), propertyNamed(t, f.Property))
	for _, name := range []string{"random", "pos", "pct:2"} {
		s, err := interleave.StrategyByName(name)
		if err != nil {
			t.Fatal(err)
		}
		run := search.Sampled(trials, s, 11)
		for n := range 3000 {
			tr, out, err := run(n, memory)
			if err != nil {
				t.Fatal(err)
			}
			found, err := judge.Judge(tr, out)
			if err != nil {
				t.Fatal(err)
			}
			if found != nil && found.Pattern == f.Pattern && slices.Compare(size(found), size(f)) < 0 {
				t.Fatalf("found by %s, with %s\n%swanted none smaller than that of %s\n%s",
					name, sizeText(found), schedule(found.Steps), sizeText(f), schedule(f.Steps))
			}
		}
	}
}

// The levels tell what was searched: all of the sizes below, and of the
// finding's own size whatever has fewer switches, and is shorter.
func TestShrinkTellsWhatItSearched(t *testing.T) {
	h := hunted[0]
	shrunk := shrunkOf(t, h.finding(t))
	wanted := []search.Level{
		{Clients: 1, Faults: 0, Switches: 1, All: true},
		{Clients: 2, Faults: 0, Switches: 2, Shortest: true},
	}
	if !slices.Equal(shrunk.Levels, wanted) {
		t.Errorf("found %+v, wanted %+v", shrunk.Levels, wanted)
	}
	if shrunk.Runs == 0 {
		t.Error("found no schedule tried")
	}
}

// Interrupted, shrinking hands over the finding that it has, whole.
func TestShrinkInterruptedKeepsTheFinding(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	from := hunted[1].finding(t)
	shrunk, err := search.Shrink(ctx, from, memory)
	if err != nil {
		t.Fatal(err)
	}
	if shrunk.Property != from.Property || shrunk.Pattern != from.Pattern || len(shrunk.Steps) != len(from.Steps) {
		t.Errorf("found %s of\n%swanted that of\n%s", shrunk.Property, schedule(shrunk.Steps), schedule(from.Steps))
	}
	if n, err := search.Confirm(shrunk.Finding, memory, 1); n != 1 {
		t.Errorf("found no replay of it: %v", err)
	}
	if left := shrunk.Trial.Budget.Total(); left != shrunk.Faults() {
		t.Errorf("found a budget of %s with %d faults, wanted what was never met to be left out", shrunk.Trial.Budget, shrunk.Faults())
	}
	for _, l := range shrunk.Levels {
		if l.All || l.Shortest {
			t.Errorf("found the claim %+v, wanted none", l)
		}
	}
}

// deaf is a lock whose readers do not lock, and take their time where there is
// no file: a writer and a reader violate exclusion, soonest where the writer is
// first. Two writers never do.
func deaf(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
	if how.Shared {
		for range 6 {
			if _, err := p.Stat(path); err == nil {
				break
			}
		}
		return func(*sys.Proc) error { return nil }, nil
	}
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err == nil {
		err = p.Flock(f, sys.LOCK_EX)
	}
	return func(p *sys.Proc) error { return p.Close(f) }, err
}

// Of the schedules with as few switches the shortest is kept, wherever among
// them it is met. Where workloads cannot be made plain all at once they are
// piece by piece: a reader there must be.
func TestShrinkKeepsTheShortestAndPlainest(t *testing.T) {
	for _, texts := range [][]string{
		{"lock inside unlock", "rlock inside unlock"},
		{"rest 1s lock work 2s unlock lock inside unlock", "trylock inside unlock rlock work 1s unlock"},
	} {
		var works []trial.Workload
		for _, text := range texts {
			w, err := trial.ParseWorkload(text)
			if err != nil {
				t.Fatal(err)
			}
			works = append(works, w)
		}
		tr := &trial.Trial{Lock: written(deaf).entry("deaf"), Clients: trial.Place(works, 0)}
		f := fuzzed(t, tr, "exclusion", 1, 1)
		found, _, err := f.Run(context.Background())
		if err != nil || found == nil {
			t.Fatalf("found %+v, %v", found, err)
		}
		shrunk := shrunkOf(t, found)
		if sizeText(shrunk.Finding) != "2 clients, 0 faults, 1 switches, 3 steps" {
			t.Errorf("%q: found %s of\n%s", texts, sizeText(shrunk.Finding), schedule(shrunk.Steps))
		}
		for i, wanted := range []string{"lock inside unlock", "rlock inside unlock"} {
			if w := shrunk.Trial.Clients[i].Work.String(); w != wanted {
				t.Errorf("%q: found p%d to %s, wanted %s", texts, i, w, wanted)
			}
		}
	}
}

// What is tried on the way may show which file system it runs on, though the
// finding does not: here an inode number is used again.
func TestShrinkStaysOnItsFileSystem(t *testing.T) {
	lying := written(func(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
		_, _ = p.Stat("n") // so that another can come in between
		f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
		if err != nil {
			return nil, errors.New("the disk is on fire")
		}
		_ = p.Close(f)
		return func(p *sys.Proc) error { return p.Unlink(path) }, nil
	})
	work, err := trial.ParseWorkload("lock inside unlock lock inside unlock")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial.Trial{Lock: lying.entry("lying"), Clients: trial.Place([]trial.Workload{work, work}, 0)}
	f := fuzzed(t, tr, "honesty", 1, 1)
	found, _, err := f.Run(context.Background())
	if err != nil || found == nil || found.Profile != "any" {
		t.Fatalf("found %+v, %v", found, err)
	}
	if shrunk := shrunkOf(t, found); sizeText(shrunk.Finding) != "2 clients, 0 faults, 2 switches, 4 steps" {
		t.Errorf("found %s of\n%s", sizeText(shrunk.Finding), schedule(shrunk.Steps))
	}
}

// A finding of a property that nobody knows cannot be shrunk.
func TestShrinkKnowsItsProperties(t *testing.T) {
	_, err := search.Shrink(context.Background(), &search.Finding{Property: "beauty"}, memory)
	if err == nil || err.Error() != `found property "beauty", wanted one of exclusion, update, recovery, ownership, honesty, patience, phantom, disclosure` {
		t.Errorf("found %v", err)
	}
}
