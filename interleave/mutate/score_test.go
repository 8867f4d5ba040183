package mutate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// reported returns what becomes of the lock's mutants.
func reported(t *testing.T, e lock.Entry) Report {
	t.Helper()
	var all []Report
	score, err := Run{Locks: []lock.Entry{e}, States: 3000, Tell: func(r Report) { all = append(all, r) }}.Score(context.Background())
	if err != nil || len(all) != 1 || all[0].Lock != e.Name || score.All != len(all[0].Outcomes) {
		t.Fatalf("found %d reports, %+v, %v", len(all), score, err)
	}
	return all[0]
}

// told returns the outcomes in a word each: what a mutant is caught by, or
// "survives".
func told(r Report) []string {
	var all []string
	for _, o := range r.Outcomes {
		_, name, _ := strings.Cut(o.Name, "/")
		what := "survives"
		if o.Caught {
			what = o.Cell.Property + " " + o.Cell.Environment
		}
		all = append(all, name+": "+what)
	}
	return all
}

// The guards of locks that are known are found, all of them and no others, and
// caught by what they are for.
func TestEachGuardOfAKnownLockIsCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("explores every cell of some mutants")
	}
	for _, c := range []struct {
		lock   lock.Entry
		wanted []string
	}{
		{entry("existing", existing), []string{
			"no-excl: exclusion calm",
			"release-no-unlink: phantom calm",
		}},
		{entry("recorded", recorded), []string{
			"no-setlk: exclusion calm",
			"no-mutex-m: exclusion calm",
			"no-unmutex-m: patience calm",
			"release-no-close: phantom calm",
			"release-no-unmutex-m: patience calm",
		}},
		{entry("owned", owned), []string{
			"no-close-guard: phantom calm",
			"no-unlink: recovery kill",
			"no-flock-guard: exclusion calm",
			"all-dead: exclusion calm",
			"all-alive: recovery kill",
			"release-no-unlink: phantom calm",
		}},
		{entry("named", named), []string{
			"no-close: survives",
			"no-flock: exclusion calm",
			"linked-once: exclusion calm",
			"linked-twice: exclusion calm",
			"release-no-close: survives",
			"release-no-unlink: phantom child",
		}},
		{entry("beaten", beaten), []string{
			"no-excl: survives",
			"no-close-guard: phantom calm",
			"no-unlink: recovery kill",
			"no-flock-guard: exclusion calm",
			"always-old: exclusion calm",
			"never-old: recovery kill",
			"no-thread-hb: exclusion long",
			"hb-no-utimes: exclusion long",
			"release-no-unlink: phantom calm",
			"release-no-join: survives",
			"release-no-cancel: survives",
		}},
		{entry("belted", belted), []string{
			"no-excl: patience calm",
			"no-flock-braces: survives",
			"release-no-close-braces: phantom calm",
			"release-no-unlink: phantom calm",
		}},
	} {
		t.Run(c.lock.Name, func(t *testing.T) {
			t.Parallel()
			r := reported(t, c.lock)
			if found := told(r); r.Unfit != "" || !slices.Equal(found, c.wanted) {
				t.Errorf("found %s\n\t%s\nwanted\n\t%s", r.Unfit, strings.Join(found, "\n\t"), strings.Join(c.wanted, "\n\t"))
			}
			for _, o := range r.Outcomes {
				if o.Broken != nil || o.Caught && o.States == 0 {
					t.Errorf("%s: found %d states, %v", o.Name, o.States, o.Broken)
				}
			}
		})
	}
}

func TestALockThatDoesNotHoldIsNotTakenApart(t *testing.T) {
	r := reported(t, entry("free", free))
	if wanted := "violated: exclusion, calm, from none, 2 clients, 2 acquires each"; r.Unfit != wanted || r.Outcomes != nil {
		t.Errorf("found %q and %d mutants, wanted %q", r.Unfit, len(r.Outcomes), wanted)
	}
}

// Of a large lock some cells are too large. Its mutants are judged by those that
// are decided; where none is, nobody knows that it holds.
func TestALockThatIsTooLargeInPartIsTakenApart(t *testing.T) {
	of := func(states int) (found Report) {
		run := Run{Locks: []lock.Entry{entry("existing", existing)}, States: states, Tell: func(r Report) { found = r }}
		if _, err := run.Score(context.Background()); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if r := of(20); r.Unfit != "" || r.Undecided != 1 || len(r.Outcomes) != 2 || !r.Outcomes[0].Caught || !r.Outcomes[1].Caught {
		t.Errorf("found %+v, wanted a cell undecided, and both mutants caught", r)
	}
	if r := of(1); !strings.HasPrefix(r.Unfit, "undecided: exclusion") || r.Outcomes != nil {
		t.Errorf("found %+v, wanted no mutants", r)
	}
}

// The score counts what is caught, and who survives without an explanation.
func TestTheScoreCountsSurvivors(t *testing.T) {
	var s Score
	s.Add(Report{Outcomes: []Outcome{{Caught: true}, {Explained: "it is of no use"}, {}, {Caught: true}}})
	s.Add(Report{Unfit: "violated"})
	if wanted := (Score{All: 4, Caught: 2, Explained: 1}); s != wanted || s.Unexplained() != 1 {
		t.Errorf("found %+v, %d not explained, wanted %+v and 1", s, s.Unexplained(), wanted)
	}
}

// Reports come in the order of the locks, however many are at work.
func TestReportsComeInOrder(t *testing.T) {
	var locks []lock.Entry
	for _, name := range strings.Fields("a b c d e f") {
		locks = append(locks, entry(name, free))
	}
	var found []string
	run := Run{Locks: locks, Workers: 3, Tell: func(r Report) { found = append(found, r.Lock) }}
	if _, err := run.Score(context.Background()); err != nil || strings.Join(found, "") != "abcdef" {
		t.Errorf("found %v, %v", found, err)
	}
}

// A run that is called off ends with the reason, and a lock that cannot be run
// ends it with its own.
func TestRunsEndWithAReason(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	run := Run{Locks: []lock.Entry{entry("a", free), entry("b", free)}, Workers: 2, Tell: func(Report) { cancel(reason) }}
	if _, err := run.Score(ctx); err != reason {
		t.Errorf("found %v, wanted %v", err, reason)
	}
	bad := entry("bad", free)
	bad.Setting.Acquisition = "lock lock"
	if _, err := (Run{Locks: []lock.Entry{bad}}).Score(context.Background()); err == nil || !strings.Contains(err.Error(), "setting of bad") {
		t.Errorf("found %v, wanted an error that names the setting", err)
	}
}
