package interleave_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// insides is a workload of n steps, for a lock that makes no call.
func insides(n int) string { return "lock" + strings.Repeat(" inside", n) + " unlock" }

// letters writes a run down as the numbers of the processes that took its
// steps: "0110".
func letters(out interleave.Outcome) string {
	var b strings.Builder
	for _, s := range out.Steps {
		b.WriteString(strings.TrimPrefix(s.Thread, "p"))
	}
	return b.String()
}

// sampled counts the runs of the trial under the strategy by their letters.
func sampled(tb testing.TB, tr *trial.Trial, strategy string, runs int) map[string]int {
	tb.Helper()
	s, err := interleave.StrategyByName(strategy)
	if err != nil {
		tb.Fatal(err)
	}
	var runner interleave.Runner
	defer runner.Close()
	seen := map[string]int{}
	steps := 0
	for _, c := range tr.Clients {
		steps += len(c.Work) - 2
	}
	for n := range runs {
		out, err := runner.Run(tr, memory, s.New(rand.New(rand.NewPCG(5, uint64(n))), steps))
		if err != nil {
			tb.Fatal(err)
		}
		seen[letters(out)]++
	}
	return seen
}

// Two threads of two steps can be interleaved in six ways. A chooser that never
// makes one of them is blind there. PCT needs a change of priorities for each
// preemption: with depth 1 it makes none, with depth 2 one, and for 0101 two
// are needed.
func TestEveryInterleavingIsReached(t *testing.T) {
	tr := tiny(free).Trial(t, "p0: "+insides(2), "p1: "+insides(2))
	all := []string{"0011", "0101", "0110", "1001", "1010", "1100"}
	blind := map[string][]string{
		"pct:1":       {"0011", "1100"},
		"pct:2":       {"0011", "0110", "1001", "1100"},
		"round-robin": {"0101"},
	}
	names := []string{"pct:1", "pct:2"}
	for _, s := range interleave.Strategies() {
		names = append(names, s.Name)
	}
	for _, name := range names {
		wanted := all
		if known, ok := blind[name]; ok {
			wanted = known
		}
		seen := sampled(t, tr, name, 400)
		var found []string
		for order := range seen {
			found = append(found, order)
		}
		slices.Sort(found)
		if !slices.Equal(found, wanted) {
			t.Errorf("%s: found %v in 400 runs, wanted %v", name, found, wanted)
		}
	}
}

// checking is a chooser that looks at what another picks.
type checking struct {
	interleave.Chooser
	t *rapid.T
}

func (c checking) Choose(m *interleave.Menu) (int, error) {
	i, err := c.Chooser.Choose(m)
	if err != nil || i < 0 || i >= len(m.Options) {
		c.t.Fatalf("step %d: found the pick %d, %v, wanted one of %d options", m.Step+1, i, err, len(m.Options))
	}
	return i, err
}

// Every chooser picks from the menu, whatever is on it: faults, clocks, one
// paused process.
func TestChoosersPickFromTheMenu(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draws(t)
		if _, err := interleave.Run(d.trial, d.machine, checking{d.chooser(), t}); err != nil {
			t.Fatal(err)
		}
	})
}

// Round-robin takes turns in the order of the threads' start, and does nothing
// that the environment could.
func TestRoundRobinTakesTurns(t *testing.T) {
	tr := tiny(free).Trial(t, "p0: "+insides(3), "p1: "+insides(1), "p2: "+insides(2))
	tr.Budget = trial.Budget{Kills: 1, Pauses: 1, Jumps: 1, Unlinks: 1}
	if found := letters(played(t, tr, interleave.RoundRobin{})); found != "012020" {
		t.Errorf("found %s, wanted 012020", found)
	}
}

// stating makes n calls that look at files, and so race with none of their
// kind; with write, calls that change one.
func stating(n int, write bool) tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		for range n {
			if write {
				_ = p.Unlink("f")
			} else {
				_, _ = p.Stat("f")
			}
		}
		return nil, errors.New("done")
	}
}

// A priority is kept until its call goes or races with one that does. So of a
// thread with one call and another with five, which do not race, the one goes
// last if its priority is the lowest of six: one run in 6. Where they race its
// priority is drawn anew for each of the five: one run in 32.
func TestPOSDrawsAnewForWhatRacesOnly(t *testing.T) {
	const runs = 9600
	for _, c := range []struct {
		write bool
		once  float64 // one run in so many
	}{{false, 6}, {true, 32}} {
		// p0's sixth step ends the rest, so that its five and p1's one count.
		tr := tiny(func(p *sys.Proc, how lock.How) (lock.Release, error) {
			if how.Shared {
				return stating(1, c.write)(p, how)
			}
			return stating(5, c.write)(p, how)
		}).Trial(t, "p0: lock inside unlock", "p1: rlock inside unlock")
		last := sampled(t, tr, "pos", runs)["000001"]
		wanted := runs / c.once
		if math.Abs(float64(last)-wanted) > 5*math.Sqrt(wanted) {
			t.Errorf("racing %t: found the one call last in %d of %d runs, wanted about %.0f", c.write, last, runs, wanted)
		}
	}
}

// Two calls race where the one may change what the other looks at.
func TestRaces(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		races bool
	}{
		{`flock(3, LOCK_EX)`, `flock(3, LOCK_EX)`, true},
		{`unlink("l")`, `stat("l")`, true},
		{`open("l", O_RDWR|O_CREAT, 0600)`, `open("l", O_RDWR)`, true},
		{`inside()`, `flock(3, LOCK_UN)`, true},
		{`cancel(#1)`, `cancelled(1s)`, true},
		{`stat("l")`, `fstat(3)`, false},
		{`open("l", O_RDWR)`, `stat("l")`, false},
		{`sleep(1s)`, `unlink("l")`, false},
		{`older(A.mtime, 30s)`, `ftruncate(3, 0)`, false},
		{`go("hb")`, `close(3)`, false},
	} {
		a, errA := sys.ParseCall(c.a)
		b, errB := sys.ParseCall(c.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if interleave.Races(a, b) != c.races || interleave.Races(b, a) != c.races {
			t.Errorf("%s and %s: found %t, wanted %t both ways", c.a, c.b, !c.races, c.races)
		}
	}
}

// The promise of PCT: a bug that takes d ordered steps shows in at least one
// run of n·k^(d-1), for n threads and k steps in all. These take d-1
// preemptions, each at one step.
func TestPCTKeepsItsPromise(t *testing.T) {
	for _, c := range []struct {
		depth int
		works []int
		bug   string
	}{
		{1, []int{4, 2}, "110000"},
		{2, []int{6, 2}, "00001100"},
		{3, []int{4, 3}, "0011001"},
		{3, []int{3, 3, 2}, "00111220"},
	} {
		var lines []string
		n, k := len(c.works), 0
		for i, steps := range c.works {
			lines = append(lines, "p"+string(rune('0'+i))+": "+insides(steps))
			k += steps
		}
		odds := float64(n) * math.Pow(float64(k), float64(c.depth-1))
		runs := int(400 * odds) // so that 400 are promised
		strategy := "pct:" + string(rune('0'+c.depth))
		found := sampled(t, tiny(free).Trial(t, lines...), strategy, runs)[c.bug]
		if found < 320 {
			t.Errorf("%s: found %s in %d of %d runs, wanted about %d at least", strategy, c.bug, found, runs, 400)
		}
	}
}

// A strategy is known by its name, and PCT by its depth.
func TestStrategiesHaveNames(t *testing.T) {
	for _, name := range []string{"pos", "random", "pct:1", "pct:20", "round-robin"} {
		if s, err := interleave.StrategyByName(name); err != nil || s.Name != name {
			t.Errorf("%s: found %q, %v", name, s.Name, err)
		}
	}
	for name, wanted := range map[string]string{
		"":       `found chooser "", wanted one of pos, random, pct:3, round-robin`,
		"POS":    `found chooser "POS", wanted one of pos, random, pct:3, round-robin`,
		"pct:0":  `found chooser "pct:0", wanted a depth from 1 to 20 such as pct:3`,
		"pct:21": `found chooser "pct:21", wanted a depth from 1 to 20 such as pct:3`,
		"pct:x":  `found chooser "pct:x", wanted a depth from 1 to 20 such as pct:3`,
	} {
		if _, err := interleave.StrategyByName(name); err == nil || err.Error() != wanted {
			t.Errorf("%q: found %v, wanted %s", name, err, wanted)
		}
	}
}
