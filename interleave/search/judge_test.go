package search_test

import (
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// A finding ends with the step that completes the violation, whatever came
// behind it, and says who is concerned.
func TestAFindingEndsWhereTheViolationIsComplete(t *testing.T) {
	c := broken(t, 0, nil)
	out, err := interleave.Run(&c.Trial, memory, interleave.NewReplay(append(c.Steps, parsed(t, []string{
		`p0 inside() = 0`, `p1 inside() = 0`, `p0 unlink("l") = 0`, `p1 unlink("l") = -1 ENOENT`,
	})...)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := search.NewJudge("ext4", model.Properties()).Judge(&c.Trial, out)
	if err != nil || f == nil {
		t.Fatalf("found nothing, %v", err)
	}
	if schedule(f.Steps) != schedule(c.Steps) || f.Property != "exclusion" || f.Pattern != search.Stat ||
		!slices.Equal(f.Holders, []string{"p0", "p1"}) || f.Faults() != 0 {
		t.Errorf("found %+v", f)
	}
}

// A schedule is right on any file system, unless it shows which one it is: by
// its name, or by an inode number that is used again.
func TestAFindingKnowsItsFileSystem(t *testing.T) {
	for name, h := range map[string]hunt{
		"any":  {lock: "ctx-v0", start: "none", property: "exclusion", clients: clean.clients},
		"ext4": {lock: "ktstr-try", start: "none", property: "exclusion", budget: "unlinks=1", clients: clean.clients},
	} {
		if f := h.finding(t); f.Profile != name {
			t.Errorf("%s: found the profile %s, wanted %s, of\n%s", h.lock, f.Profile, name, schedule(f.Steps))
		}
	}
	reused := broken(t, 0, nil)
	reused.Trial.Budget.Unlinks = 2
	reused.Steps = parsed(t, []string{
		`p0 stat("l") = -1 ENOENT`, `p1 stat("l") = -1 ENOENT`,
		`p0 open("l", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3<A>`, `p0 write(3, "lock") = 4`, `p0 close(3) = 0`,
		`unlink l (outside)`,
		`p1 open("l", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3<A'>`, `p1 write(3, "lock") = 4`, `p1 close(3) = 0`,
	})
	r, err := search.Replay(reused, memory)
	if err != nil || r.Violation == nil || r.Violation.Profile != "ext4" {
		t.Errorf("found %+v, %v, wanted a violation on ext4", r, err)
	}
}

// Honesty is judged by running the acquire alone, from where it was invoked.
func TestAnHonestFailureIsNoFinding(t *testing.T) {
	honest := hunt{lock: "posixage-v1", start: "idle", property: "honesty", budget: "errors=1", clients: []string{"p0: lock inside unlock"}}
	f := fuzzed(t, honest.trial(t), "honesty", 1, 1)
	f.Runs = 300
	failed := 0
	sampled := f.Runner
	judge := search.NewJudge(memory.Profile(), propertyNamed(t, "honesty"))
	for n := range f.Runs {
		tr, out, err := sampled(n, memory)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.History {
			if e.Error != "" {
				failed++
			}
		}
		if found, err := judge.Judge(tr, out); found != nil || err != nil {
			t.Fatalf("found %v, %v, of\n%s", found, err, schedule(out.Steps))
		}
	}
	if failed == 0 || judge.Undecided != 0 {
		t.Errorf("found %d failed acquires, %d undecided, wanted some and none", failed, judge.Undecided)
	}
}

// The clients of a process are named by letters only where it has several.
func TestShrinkRenamesWhoIsLeft(t *testing.T) {
	h := hunt{
		lock: "ctx-v0", start: "none", property: "exclusion",
		clients: []string{"p0: rest 1s lock inside unlock", "p1.a: lock inside unlock", "p1.b: lock inside unlock", "p2: rest 5s lock inside unlock"},
	}
	shrunk := shrunkOf(t, h.finding(t))
	names := shrunk.Trial.Names()
	if err := shrunk.Trial.Validate(); err != nil || len(names) != 2 {
		t.Fatalf("found %v, %v", names, err)
	}
	for _, s := range shrunk.Steps {
		if s.Env == trial.None && shrunk.Trial.ClientOf(s.Thread) < 0 {
			t.Errorf("found %s of nobody among %v", s, names)
		}
	}
	// Processes are numbered in the order of their first steps.
	if first := shrunk.Steps[0].Thread; shrunk.Trial.Clients[shrunk.Trial.ClientOf(first)].Proc != 0 {
		t.Errorf("found %s to begin", first)
	}
}
