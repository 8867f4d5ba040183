package interleave_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// An enumerator makes runs until there is none left.
type enumerator interface {
	interleave.Chooser
	Next() bool
}

// A sum is what an enumerator's runs come to: the traces, with the verdict on
// each, and how many runs there were of each.
type sum struct {
	verdicts map[string]model.Verdict
	runs     map[string]int
	all      int
}

// violations counts the traces that violate exclusion.
func (s sum) violations() (n int) {
	for _, v := range s.verdicts {
		if v == model.Violated {
			n++
		}
	}
	return n
}

// summed makes all runs of the enumerator on the machine. Runs of one
// trace that end differently, or are judged differently, are an error: they
// should not be one trace.
func summed(tb rapid.TB, tr *trial.Trial, m sys.Machine, e enumerator) sum {
	tb.Helper()
	var runner interleave.Runner
	defer runner.Close()
	tracer := interleave.NewTracer(e, m)
	judged := map[string]model.Verdict{}
	s := sum{map[string]model.Verdict{}, map[string]int{}, 0}
	for more := true; more; more = e.Next() {
		out, err := runner.Run(tr, m, tracer)
		if err != nil {
			tb.Fatal(err)
		}
		s.all++
		if out.End == interleave.Stopped {
			continue
		}
		trace := fmt.Sprint(tracer.Trace(), "\n", out.End)
		verdict := exclusion(tb, out.History, judged)
		if was, ok := s.verdicts[trace]; ok && was != verdict {
			tb.Fatalf("found one trace both %v and %v: %s\n%s", was, verdict, trace, story(out))
		}
		s.verdicts[trace] = verdict
		s.runs[trace]++
	}
	return s
}

func exclusion(tb rapid.TB, h history.History, judged map[string]model.Verdict) model.Verdict {
	tb.Helper()
	text := h.String()
	v, ok := judged[text]
	if !ok {
		j, err := model.Exclusion(h, time.Minute)
		if err != nil {
			tb.Fatal(err)
		}
		v, judged[text] = j.Verdict, j.Verdict
	}
	return v
}

// differ says in which traces the sums differ: "" if in none.
func (s sum) differ(other sum) string {
	for trace := range other.verdicts {
		if _, ok := s.verdicts[trace]; !ok {
			return fmt.Sprintf("found %d traces, wanted %d, such as\n%s", len(s.verdicts), len(other.verdicts), trace)
		}
	}
	for trace := range s.verdicts {
		if _, ok := other.verdicts[trace]; !ok {
			return fmt.Sprintf("found %d traces, wanted %d, and not\n%s", len(s.verdicts), len(other.verdicts), trace)
		}
	}
	return ""
}

// twice counts the traces that were run more than once.
func (s sum) twice() (n int) {
	for _, runs := range s.runs {
		if runs > 1 {
			n++
		}
	}
	return n
}

const longest = 200 // steps of the runs of these tests, more than any takes

// The numbers of traces of this program were counted before, by Nidhugg and
// GenMC: 10, 141, 1785 and 3112. There the check is one step that looks at the
// path and compares inodes. Here it is fstat, which does not look at the path:
// a client that has opened a file which is gone by now finds so whether a new
// one was made in between or not, and both are one trace. Where fstat is taken
// for a look at the path the numbers are the same.
func TestDPORCountsWhatOthersCounted(t *testing.T) {
	for _, c := range []struct{ clients, tries, theirs, ours int }{
		{2, 1, 10, 10}, {3, 1, 141, 117}, {3, 2, 1785, 1233}, {4, 1, 3112, 1792},
	} {
		var lines []string
		for i := range c.clients {
			lines = append(lines, fmt.Sprintf("p%d: lock inside inside unlock", i))
		}
		tr := attempting(program.Orphaning(true, false), c.tries).Trial(t, lines...)
		d := interleave.NewDPOR(memory, longest)
		if found := tracesOf(t, tr, d); found != c.ours {
			t.Errorf("%d clients, %d tries: found %d traces, wanted %d", c.clients, c.tries, found, c.ours)
		}
		undo := interleave.FstatAsStat(trial.Path)
		d = interleave.NewDPOR(memory, longest)
		if found := tracesOf(t, tr, d); found != c.theirs {
			t.Errorf("%d clients, %d tries, a check that looks at the path: found %d traces, wanted %d", c.clients, c.tries, found, c.theirs)
		}
		undo()
		t.Logf("%d clients, %d tries: %d runs, %d of them given up, for %d traces", c.clients, c.tries, d.Runs(), d.Blocked(), c.theirs)
	}
}

// tracesOf counts the runs that were not given up.
func tracesOf(tb testing.TB, tr *trial.Trial, d *interleave.DPOR) int {
	tb.Helper()
	var runner interleave.Runner
	defer runner.Close()
	for more := true; more; more = d.Next() {
		if _, err := runner.Run(tr, memory, d); err != nil {
			tb.Fatal(err)
		}
	}
	if d.Pruned() {
		tb.Errorf("found runs that were cut after %d steps", longest)
	}
	return d.Runs() - d.Blocked()
}

// DPOR finds the traces that sleep sets alone find, and these are the traces
// that all runs together have; each is found once. A lock that can be broken is
// seen to be broken.
func TestDPORFindsTheTracesThatThereAre(t *testing.T) {
	for _, c := range tinyPrograms {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.long && testing.Short() {
				t.Skip("too long")
			}
			tr := c.code.Trial(t, c.clients...)
			tr.Budget, tr.Config.Stale, tr.Start = c.budget, c.stale, c.start
			all := summed(t, tr, memory, interleave.NewBounded(longest, longest))
			for name, d := range map[string]*interleave.DPOR{
				"dpor": interleave.NewDPOR(memory, longest), "sleep sets": interleave.NewSleepSets(memory, longest),
			} {
				found := summed(t, tr, memory, d)
				if differ := found.differ(all); differ != "" {
					t.Errorf("%s: %s", name, differ)
				}
				if n := found.twice(); n > 0 {
					t.Errorf("%s: found %d traces more than once", name, n)
				}
				if found.all != d.Runs() || found.all != len(found.verdicts)+d.Blocked() || d.Pruned() {
					t.Errorf("%s: found %d runs, %d traces, and %d, %d given up, pruned %t", name, found.all, len(found.verdicts), d.Runs(), d.Blocked(), d.Pruned())
				}
				t.Logf("%s: %d runs, %d given up, of %d for %d traces, %d violated", name, found.all, d.Blocked(), all.all, len(found.verdicts), found.violations())
			}
			if broken := all.violations() > 0; broken != c.broken {
				t.Errorf("found violations: %t", broken)
			}
		})
	}
}

// The obvious rule for races loses traces as soon as a flock waits: it takes
// the release for the step that an acquire could go before, and never asks what
// would be if the acquire had gone before the other acquire.
func TestARaceWithTheReleaseLosesTraces(t *testing.T) {
	for _, c := range []struct {
		code        tiny
		clients     []string
		found, lost int
	}{
		{flocking, two("lock inside unlock lock inside unlock"), 6, 6},
		{flocking, three("lock inside unlock"), 14, 4},
		{flocking, three("lock inside unlock lock inside unlock"), 47, 223},
		{waitingOrphan, three("lock inside unlock"), 81, 15},
		{sharing, []string{"p0: rlock inside unlock", "p1: rlock inside unlock", "p2: lock inside unlock"}, 22, 2},
	} {
		tr := c.code.Trial(t, c.clients...)
		all := summed(t, tr, memory, interleave.NewSleepSets(memory, longest))
		right := summed(t, tr, memory, interleave.NewDPOR(memory, longest))
		wrong := summed(t, tr, memory, interleave.NewDPOR(memory, longest).RaceWithTheRelease())
		if differ := right.differ(all); differ != "" {
			t.Error(differ)
		}
		if found, lost := len(wrong.verdicts), len(all.verdicts)-len(wrong.verdicts); found != c.found || lost != c.lost {
			t.Errorf("%v: found %d traces, lost %d, wanted %d and %d", c.clients, found, lost, c.found, c.lost)
		}
	}
}

// All that the search sees is menus and steps, so it is the same on the real
// kernel, with a process for each of the trial's: also where one is killed.
func TestDPORFindsTheSameTracesOnLinux(t *testing.T) {
	m, err := linux.OpenWorkers(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real := twin.Machine{Real: m}
	defer real.Close()
	for _, code := range []tiny{flocking, program.Orphaning(true, false), exclusive} {
		tr := code.Trial(t, two("lock inside unlock")...)
		tr.Budget.Kills = 1
		wanted := summed(t, tr, memory, interleave.NewDPOR(memory, longest))
		// With the memory's rules, as the traces of others are finer.
		found := summed(t, tr, ruled{real, memory}, interleave.NewDPOR(memory, longest))
		if differ := found.differ(wanted); differ != "" {
			t.Error(differ)
		}
	}
}

// ruled is a machine that is said to follow another's rules.
type ruled struct {
	sys.Machine
	as sys.Machine
}

func (r ruled) Profile() string { return r.as.Profile() }
