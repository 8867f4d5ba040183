package interleave_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// polling tries every 10 ms, for ever.
func polling(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	give := func(err error) bool { return !errors.Is(err, sys.EWOULDBLOCK) }
	err = p.Retry(sys.Backoff{Initial: 10 * time.Millisecond}, give, func() error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) })
	return func(p *sys.Proc) error { return p.Close(f) }, err
}

// Alone tells how an operation goes where nobody else takes a step, from any
// point of a schedule: what others have done by then stays done.
func TestAloneIsWithoutTheOthersStepsToCome(t *testing.T) {
	const open, flock, close = `%s open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `%s flock(3, LOCK_EX%s) = 0`, `%s close(3) = 0`
	held := []string{fmt.Sprintf(open, "p1"), fmt.Sprintf(flock, "p1", "|LOCK_NB")}
	freed := append(slices.Clone(held), "p1 inside() = 0", fmt.Sprintf(close, "p1"))
	waited := []string{fmt.Sprintf(open, "p1"), fmt.Sprintf(flock, "p1", "")}
	for _, c := range []struct {
		name     string
		code     tiny
		schedule []string
		wanted   string
	}{
		{"at the start", polling, nil, "ok"},
		{"while another holds it, who polls", polling, held, "no answer"},
		{"while another holds it, who waits", flocking, waited, "no answer"},
		{"once it is released", polling, freed, "ok"},
	} {
		tr := c.code.Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
		e, ok, err := interleave.Alone(tr, memory, steps(t, c.schedule...), 0, nil)
		found := e.Kind.String()
		if !ok {
			found = "no answer"
		}
		if err != nil || found != c.wanted || ok && (e.Process != "p0" || e.F != history.Lock) {
			t.Errorf("%s: found %s (%v), %v, wanted %s", c.name, found, e, err, c.wanted)
		}
	}
}

// The faults that an operation met it meets again: each once, where the same
// call is made.
func TestAloneMeetsTheSameFaults(t *testing.T) {
	twice := func(p *sys.Proc, how lock.How) (lock.Release, error) {
		release, err := flocking(p, how)
		if err != nil {
			return flocking(p, how)
		}
		return release, nil
	}
	fault := `p0 open("l", O_RDWR|O_CREAT, 0600) = -1 EACCES (fault)`
	for _, c := range []struct {
		faults []string
		wanted string
	}{
		{nil, ""},
		{[]string{fault}, ""},
		{[]string{fault, fault}, "open l: permission denied"},
		{[]string{fault, `p0 flock(3, LOCK_EX) = -1 ENOLCK (fault)`}, "flock l: no locks available"},
	} {
		tr := tiny(twice).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
		tr.Budget.Errors = 3
		e, ok, err := interleave.Alone(tr, memory, nil, 0, steps(t, c.faults...))
		if err != nil || !ok || e.Error != c.wanted {
			t.Errorf("%q: found %v, %t, %v, wanted the error %q", c.faults, e, ok, err, c.wanted)
		}
	}
}

// What the client was told before is no answer to the operation that follows.
func TestAloneAnswersForTheOperationThatFollows(t *testing.T) {
	tr := tiny(polling).Trial(t, "p0: lock inside unlock lock inside unlock", "p1: lock inside unlock")
	before := []string{
		`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX|LOCK_NB) = 0`, `p0 inside() = 0`, `p0 close(3) = 0`,
		`p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`,
	}
	locked := append(slices.Clone(before), `p1 flock(3, LOCK_EX|LOCK_NB) = 0`)
	for _, c := range []struct {
		schedule []string
		answered bool
	}{{before, true}, {locked, false}} {
		e, ok, err := interleave.Alone(tr, memory, steps(t, c.schedule...), 0, nil)
		if err != nil || ok != c.answered || ok && e.F != history.Lock {
			t.Errorf("after %d steps: found %v, %t, %v, wanted an answer to p0's second lock: %t", len(c.schedule), e, ok, err, c.answered)
		}
	}
}

// A schedule that the code does not follow is no state to run from.
func TestAloneDiverges(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock")
	_, _, err := interleave.Alone(tr, memory, steps(t, "p0 close(3) = 0"), 0, nil)
	var d *interleave.Divergence
	if !errors.As(err, &d) {
		t.Errorf("found %v, wanted a divergence", err)
	}
}

// littering leaves a second file behind where it is killed.
func littering(p *sys.Proc, how lock.How) (lock.Release, error) {
	_ = p.Mkdir("d", 0o700)
	f, err := p.Open("d/owner", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	err = p.Write(f, "1")
	return func(p *sys.Proc) error { return p.Unlink("d/owner") }, err
}

// A start is made by the lock's own code: what it leaves behind in peace, and
// what it leaves where it is killed inside. It is older than any age at which
// the lock acts.
func TestStartsAreWhatTheLockLeavesBehind(t *testing.T) {
	tr := tiny(littering).Trial(t, "p0: lock inside unlock")
	for name, wanted := range map[string]string{
		"none":     "",
		"idle":     "d/ age=31s",
		"leftover": `d/ age=31s, d/owner age=31s content="1"`,
	} {
		for stale, age := range map[time.Duration]string{0: "31s", 30 * time.Second: "31s", time.Minute: "61s"} {
			tr.Config.Stale = stale
			files, err := interleave.MakeStart(name, tr)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, e := range files {
				words = append(words, trial.FormatEntry(e))
			}
			if found, wanted := strings.Join(words, ", "), strings.ReplaceAll(wanted, "31s", age); found != wanted {
				t.Errorf("%s with stale=%s: found %s, wanted %s", name, stale, found, wanted)
			}
		}
	}
	if _, err := interleave.MakeStart("fresh", tr); err == nil || err.Error() != `found start "fresh", wanted one of none, idle, leftover, dir, planted` {
		t.Errorf("found %v", err)
	}
}

// A lock that one client alone cannot take has no such starts.
func TestALockThatIsStuckAloneHasNoStart(t *testing.T) {
	stuck := func(p *sys.Proc, how lock.How) (lock.Release, error) {
		if _, err := flocking(p, how); err != nil {
			return nil, err
		}
		return flocking(p, how)
	}
	_, err := interleave.MakeStart("idle", tiny(stuck).Trial(t, "p0: lock inside unlock"))
	if err == nil || err.Error() != "make a start for tiny: one client alone is stuck" {
		t.Errorf("found %v", err)
	}
}

// Long work outlasts every threshold.
func TestLongWorkOutlastsEveryThreshold(t *testing.T) {
	for _, e := range lock.All() {
		if d := interleave.LongWork(e.Defaults); d <= e.Defaults.Stale || d <= e.Defaults.Timeout || d < interleave.OldAge {
			t.Errorf("%s: found %s, with %s", e.Name, d, e.Defaults)
		}
	}
}

// What somebody has put in the lock's place is old, and both kernels can make it.
func TestStartsWithSomethingInTheLocksPlace(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock")
	tr.Config.Stale = time.Minute
	for name, wanted := range map[string]string{
		"dir":     `open("l", O_RDWR|O_CREAT, 0600) = -1 EISDIR`,
		"planted": `open("l", O_RDWR|O_CREAT, 0600) = 3<B>`,
	} {
		var err error
		if tr.Start, err = interleave.MakeStart(name, tr); err != nil {
			t.Fatal(err)
		}
		if len(tr.Start) != 1 || tr.Start[0].Name != trial.Path || tr.Start[0].Age != 61*time.Second {
			t.Errorf("%s: found %+v", name, tr.Start)
		}
		out, err := interleave.Run(tr, memory, interleave.RoundRobin{})
		if err != nil || out.Steps[0].String() != "p0 "+wanted {
			t.Errorf("%s: found %v, %v, wanted %s", name, out.Steps, err, wanted)
		}
		if slices.Contains(interleave.Starts(), name) || !slices.Contains(interleave.EveryStart(), name) {
			t.Errorf("%s: wanted it where it is asked for, and not among those for any lock", name)
		}
	}
}
