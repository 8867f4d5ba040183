package search_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// broken is a case of ctx-v0: both see no file, both write one, both are in.
// It is cut before the last step by cut.
func broken(tb testing.TB, cut int, change func(*trial.Case)) *trial.Case {
	tb.Helper()
	h := hunt{lock: "ctx-v0", start: "none", clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}}
	c := &trial.Case{
		Name: "ctx-v0.txt", Trial: *h.trial(tb), Profile: "any",
		Steps: parsed(tb, []string{
			`p0 stat("l") = -1 ENOENT`, `p1 stat("l") = -1 ENOENT`,
			`p0 open("l", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3<A>`, `p0 write(3, "lock") = 4`, `p0 close(3) = 0`,
			`p1 open("l", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3<A>`, `p1 write(3, "lock") = 4`, `p1 close(3) = 0`,
		}),
		Verdict: trial.Verdict{Property: "exclusion", Verdict: model.Violated, Why: "p0 and p1 both hold the lock after step 8"},
	}
	c.Steps = c.Steps[:len(c.Steps)-cut]
	if change != nil {
		change(c)
	}
	return c
}

// Replaying a case has three results, and what it shows is told with each.
func TestReplayHasThreeResults(t *testing.T) {
	holds := func(c *trial.Case) { c.Verdict = trial.Verdict{Property: "exclusion", Verdict: model.Holds} }
	for _, c := range []struct {
		about      string
		c          *trial.Case
		wanted     search.Result
		violation  string
		divergence string
	}{
		{"it shows what it says", broken(t, 0, nil), search.Reproduced, "p0 and p1 both hold the lock", ""},
		{"a step before the end it holds", broken(t, 1, nil), search.Passes, "", ""},
		{"as another case says", broken(t, 1, holds), search.Reproduced, "", ""},
		{"which is wrong of the whole", broken(t, 0, holds), search.Passes, "p0 and p1 both hold the lock", ""},
		{"an answer is another", broken(t, 0, func(c *trial.Case) { c.Steps[3].Ret.N = 3 }), search.Diverged, "",
			`step 4: wanted p0 write(3, "lock") = 3, found p0 write(3, "lock") = 4`},
		{"a call is another", broken(t, 0, func(c *trial.Case) { c.Steps[1].Call.Op = sys.OpLstat }), search.Diverged, "",
			`step 2: wanted p1 lstat("l"), found p1 stat("l")`},
		{"the start is another", broken(t, 0, func(c *trial.Case) { c.Trial.Start = []sys.Entry{{Name: trial.Path}} }), search.Diverged, "",
			`step 1: wanted p0 stat("l") = -1 ENOENT, found p0 stat("l") = {A, size=0, nlink=1, mtime=@0s}`},
		{"the lock is another", broken(t, 0, func(c *trial.Case) { c.Trial.Lock, _ = lock.Find("ctx-v2") }), search.Diverged, "",
			`step 1: wanted p0 stat("l"), found p0 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644)`},
	} {
		r, err := search.Replay(c.c, memory)
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		violation, divergence := "", ""
		if r.Violation != nil {
			violation = r.Violation.Why
		}
		if r.Divergence != nil {
			divergence = r.Divergence.Error()
		}
		if r.Result != c.wanted || violation != c.violation || divergence != c.divergence {
			t.Errorf("%s: found it %s, violation %q, divergence %q, wanted %s, %q, %q", c.about, r.Result, violation, divergence, c.wanted, c.violation, c.divergence)
		}
	}
}

// A case that was read from a file diverges at a line of that file.
func TestADivergenceHasALine(t *testing.T) {
	text := broken(t, 0, func(c *trial.Case) { c.Steps[4].Ret = sys.Fail(sys.EIO) }).Format()
	c, err := trial.ParseCase("x.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.Replay(c, memory)
	if err != nil || r.Result != search.Diverged || r.At != "x.txt:17" {
		t.Errorf("found %s at %s, %v, wanted it diverged at x.txt:17 of\n%s", r.Result, r.At, err, text)
	}
}

// What the harness cannot do is no result: a property that nobody knows, a
// kernel that does not boot, a verdict that could not be reached.
func TestReplayFailsRatherThanGuess(t *testing.T) {
	undecided := hanging(t)
	for _, c := range []struct {
		c      *trial.Case
		m      sys.Machine
		wanted string
	}{
		{broken(t, 0, func(c *trial.Case) { c.Verdict.Property = "beauty" }), memory,
			`ctx-v0.txt: found property "beauty", wanted one of exclusion, update, recovery, ownership, honesty, patience, phantom, disclosure`},
		{broken(t, 0, nil), unbootable{}, "ctx-v0.txt: no kernel today"},
		{undecided, memory, "hanging.txt: the schedule ran, and whether honesty holds could not be decided"},
	} {
		r, err := search.Replay(c.c, c.m)
		if err == nil || err.Error() != c.wanted {
			t.Errorf("found %s, %v, wanted the error %s", r.Result, err, c.wanted)
		}
	}
	undecided.Verdict.Verdict = model.Undecided
	if r, err := search.Replay(undecided, memory); err != nil || r.Result != search.Reproduced {
		t.Errorf("found %s, %v, wanted the undecided case reproduced", r.Result, err)
	}
}

// hanging is a case of a lock that fails with a lie where another was quicker,
// and where nobody is waits for itself without end: so nobody can say what the
// truth would have been.
func hanging(tb testing.TB) *trial.Case {
	tb.Helper()
	flockFile := func(p *sys.Proc) error {
		f, err := p.Open("m", sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return err
		}
		return p.Flock(f, sys.LOCK_EX)
	}
	e := written(func(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
		_, _ = p.Stat("n")
		if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600); err != nil {
			return nil, errors.New("the disk is on fire")
		}
		return nil, errors.Join(flockFile(p), flockFile(p))
	}).entry("hanging")
	work, err := trial.ParseWorkload("lock inside unlock")
	if err != nil {
		tb.Fatal(err)
	}
	return &trial.Case{
		Name: "hanging.txt", Profile: "any",
		Trial: trial.Trial{Lock: e, Clients: trial.Place([]trial.Workload{work, work}, 0)},
		Steps: parsed(tb, []string{
			`p0 stat("n") = -1 ENOENT`, `p1 stat("n") = -1 ENOENT`,
			`p1 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = 3<A>`, `p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST`,
		}),
		Verdict: trial.Verdict{Property: "honesty", Verdict: model.Violated},
	}
}

// unbootable is a machine without kernels.
type unbootable struct{ sys.Machine }

func (unbootable) Boot(sys.Setup) (sys.Kernel, error) { return nil, errors.New("no kernel today") }
func (unbootable) Profile() string                    { return "any" }

// Confirming is replaying again and again; the first time that shows something
// else ends it.
func TestConfirmReplaysSoManyTimes(t *testing.T) {
	h := hunt{lock: "ctx-v0", start: "none", property: "exclusion", clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}}
	f := h.finding(t)
	for _, times := range []int{0, 1, 5} {
		if n, err := search.Confirm(f, memory, times); n != times || err != nil {
			t.Errorf("found %d of %d, %v", n, times, err)
		}
	}
	kernels := &flaky{Machine: memory, good: 3}
	n, err := search.Confirm(f, kernels, 5)
	var d *interleave.Divergence
	if n != 3 || !errors.As(err, &d) {
		t.Errorf("found %d of 5, %v, wanted 3 and then a divergence", n, err)
	}
	passing := *f
	passing.Steps = f.Steps[:len(f.Steps)-1]
	n, err = search.Confirm(&passing, memory, 5)
	if wanted := "ctx-v0: the schedule ran on ext4 and exclusion held"; n != 0 || err == nil || err.Error() != wanted {
		t.Errorf("found %d of 5, %v, wanted %s", n, err, wanted)
	}
}

// flaky boots so many good kernels, and then some on which all files are there.
type flaky struct {
	sim.Machine
	good int
}

func (f *flaky) Boot(setup sys.Setup) (sys.Kernel, error) {
	if f.good--; f.good < 0 {
		setup.Files = append(setup.Files, sys.Entry{Name: trial.Path})
	}
	return f.Machine.Boot(setup)
}

// A finding as a case says all that is needed: the same text reads back, and
// replays to the same violation.
func TestAFindingIsACase(t *testing.T) {
	h := hunted[1].hunt
	f := h.finding(t)
	c, err := trial.ParseCase("case", f.Case("Both are in.").Format())
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.Replay(c, memory)
	if err != nil || r.Result != search.Reproduced || r.Violation.Why != f.Why {
		t.Errorf("found %s, %v", r.Result, err)
	}
	if wanted := fmt.Sprintf("exclusion violated: %s after step %d", f.Why, len(f.Steps)); c.Verdict.String() != wanted {
		t.Errorf("found the verdict %s, wanted %s", c.Verdict, wanted)
	}
	if last := f.History[len(f.History)-1]; last.Kind != history.Ok || !history.IsAcquire(last.F) {
		t.Errorf("found the history to end in %v, wanted it cut behind the acquire that is one too many", last)
	}
}
