package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A tiny is a lock written as the one function that it is.
type tiny program.Tiny

// clients returns a trial of the lock with these clients: "p0: lock inside unlock".
func (f tiny) clients(tb rapid.TB, lines ...string) *trial.Trial {
	tb.Helper()
	return program.Tiny(f).Trial(tb, lines...)
}

// contest returns a trial of a registered lock: so many clients with the same
// workload, the first threads of them in one process.
func contest(tb rapid.TB, name, config, work, start string, clients, threads int) *trial.Trial {
	tb.Helper()
	e, err := lock.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults}
	if err := t.Config.Set(strings.Fields(config)); err != nil {
		tb.Fatal(err)
	}
	w, err := trial.ParseWorkload(work)
	if err != nil {
		tb.Fatal(err)
	}
	t.Clients = trial.Place(slices.Repeat([]trial.Workload{w}, clients), threads)
	if t.Start, err = interleave.MakeStart(start, t); err != nil {
		tb.Fatal(err)
	}
	return t
}

// explored returns what covering every schedule of the trial comes to, with
// code of which nothing was known.
func explored(tb rapid.TB, tr *trial.Trial, q Question) Answer {
	tb.Helper()
	q.Trial, q.KeepGoing, q.States = tr, true, tooMany
	if q.Profile == "" {
		q.Profile = memory.Profile()
	}
	a, err := NewCode(tr.Lock, tr.Config).Explore(context.Background(), q)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return a
}

// tooMany is how many states none of these graphs has.
const tooMany = 100_000

// memory is the machine of enumerated schedules. States follow the same rules.
var memory = sim.Machine{Rules: sim.RulesOf("ext4")}

// A census is what enumerating every schedule of a trial, without any graph,
// came to.
type census struct {
	runs     int
	longest  int  // steps
	violated int  // of the runs
	least    cost // of the violations: fewest switches, then fewest steps
}

// enumerated makes every run of the trial, and has porcupine judge each. It
// reports false if there are more than so many.
func enumerated(tb rapid.TB, tr *trial.Trial, most int) (census, bool) {
	tb.Helper()
	return enumeratedOn(tb, memory, tr, most)
}

func enumeratedOn(tb rapid.TB, m sim.Machine, tr *trial.Trial, most int) (census, bool) {
	tb.Helper()
	var c census
	var runner interleave.Runner
	defer runner.Close()
	b := interleave.NewBounded(interleave.MaxSteps, interleave.MaxSteps)
	j := judge{}
	for more := true; more; more = b.Next() {
		if c.runs == most {
			return c, false
		}
		out, err := runner.Run(tr, m, b)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		if out.End == interleave.Cut {
			return c, false
		}
		c.runs++
		c.longest = max(c.longest, len(out.Steps))
		if at, bad := j.violation(tb, out); bad {
			c.violated++
			n := out.After[at]
			k := cost{switches(out.Steps[:n]), n}
			if c.violated == 1 || k.switches < c.least.switches || k.switches == c.least.switches && k.steps < c.least.steps {
				c.least = k
			}
		}
	}
	return c, true
}

func (c census) verdict() model.Verdict {
	if c.violated > 0 {
		return model.Violated
	}
	return model.Holds
}

// A judge remembers what porcupine said of each history.
type judge map[string]model.Judgement

// violation returns the position in the history at which exclusion is violated.
func (j judge) violation(tb rapid.TB, out interleave.Outcome) (int, bool) {
	tb.Helper()
	key := keyOf(out.History)
	g, ok := j[key]
	if !ok {
		var err error
		if g, err = model.Exclusion(out.History, time.Minute); err != nil || g.Verdict == model.Undecided {
			tb.Fatalf("found %v, %v of\n%s", g.Verdict, err, out.History)
		}
		j[key] = g
	}
	return g.At, g.Verdict == model.Violated
}

func keyOf(h history.History) string {
	var key []byte
	for _, e := range h {
		key = append(key, byte(e.Kind))
		for _, s := range []string{e.Process, e.F, e.Error} {
			key = append(append(key, s...), 0)
		}
	}
	return string(key)
}

// switches counts the steps of threads that another thread's came before.
func switches(steps []trial.Step) (n int) {
	last := ""
	for _, s := range steps {
		if s.Env != trial.None {
			continue
		}
		if last != "" && last != s.Thread {
			n++
		}
		last = s.Thread
	}
	return n
}

// agree compares what exploring comes to, with and without symmetry, on one
// goroutine and on two, with what enumerating the schedules does.
func agree(tb rapid.TB, tr *trial.Trial, wanted census) Answer {
	tb.Helper()
	var first Answer
	for i, q := range []Question{{}, {Workers: 2}, {NoSymmetry: true}, {NoSymmetry: true, Workers: 2}} {
		a := explored(tb, tr, q)
		if a.Verdict != wanted.verdict() || a.Violations > 0 != (wanted.violated > 0) {
			tb.Errorf("%+v: found %s (%d violations, %v), wanted %s", q, a.Verdict, a.Violations, a.Why, wanted.verdict())
		}
		if a.Interleavings == nil || a.Interleavings.Int64() != int64(wanted.runs) {
			tb.Errorf("%+v: found %v interleavings, wanted %d", q, a.Interleavings, wanted.runs)
		}
		if i%2 == 1 && (a.States != first.States || a.Transitions != first.Transitions || a.Violations != first.Violations || a.Terminal != first.Terminal) {
			tb.Errorf("%+v: found %+v, wanted %+v as with one worker", q, a, first)
		}
		if i%2 == 0 {
			first = a
		}
	}
	agreeReduced(tb, tr, wanted)
	for _, q := range []Question{{}, {NoSymmetry: true}} {
		agreeShortest(tb, tr, q, wanted)
	}
	return explored(tb, tr, Question{})
}

// agreeReduced compares exploring fewer schedules with exploring all: it comes to
// the same verdict and to the same ends, by fewer states. Ends that differ only in
// where a thread stands that a lock left behind may be one.
func agreeReduced(tb rapid.TB, tr *trial.Trial, wanted census) {
	tb.Helper()
	for _, q := range []Question{{}, {NoSymmetry: true}} {
		all := explored(tb, tr, q)
		q.Reduce = true
		a := explored(tb, tr, q)
		if a.Verdict != wanted.verdict() || a.Terminal > all.Terminal || a.Terminal > 0 != (all.Terminal > 0) || a.Stuck != all.Stuck || a.States > all.States || a.Interleavings != nil {
			tb.Errorf("%+v: found %+v, wanted %s and %d ends, of %d states", q, a, wanted.verdict(), all.Terminal, all.States)
		}
	}
}

// agreeShortest compares the shortest violation with the shortest of all runs,
// and has the real code make it.
func agreeShortest(tb rapid.TB, tr *trial.Trial, q Question, wanted census) {
	tb.Helper()
	q.Trial, q.Profile = tr, memory.Profile()
	s, err := NewCode(tr.Lock, tr.Config).Shortest(context.Background(), q, -1)
	if err != nil || s.Found != (wanted.violated > 0) || s.All == s.Found {
		tb.Fatalf("%+v: found %+v, %v, wanted it %s", q, s, err, wanted.verdict())
	}
	if !s.Found {
		return
	}
	if found := (cost{s.Switches, len(s.Moves)}); found != wanted.least {
		tb.Errorf("%+v: found a violation of %+v, wanted the shortest, of %+v", q, found, wanted.least)
	}
	replay(tb, tr, s)
}

// replay has the real code make the moves, and porcupine judge that the last one
// violates exclusion.
func replay(tb rapid.TB, tr *trial.Trial, s Shortest) {
	tb.Helper()
	out, err := interleave.Run(tr, memory, NewGuide(s.Moves))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	at, bad := judge{}.violation(tb, out)
	if !bad || out.After[at] != len(s.Moves) || switches(out.Steps) != s.Switches || len(out.Steps) != len(s.Moves) {
		tb.Errorf("found %d switches in %d steps, violated %t, wanted a violation with the last of %d steps and %d switches, of\n%s",
			switches(out.Steps), len(out.Steps), bad, len(s.Moves), s.Switches, out.History)
	}
}

// alike returns so many clients with one workload, each in its own process.
func alike(n int, work string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("p%d: %s", i, work)
	}
	return lines
}
