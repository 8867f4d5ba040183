package interleave_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// drawn draws a trial of any lock, with any fault, and a random schedule of it.
type drawn struct {
	trial    *trial.Trial
	strategy interleave.Strategy
	seed     uint64
	machine  sim.Machine
}

func draws(t *rapid.T) drawn {
	e := rapid.SampledFrom(lock.All()).Draw(t, "lock")
	b := draw.Bounds{
		Lock: e, Config: e.Defaults, MinClients: 1, MaxClients: 3, Acquires: 2,
		Threads: rapid.IntRange(0, 3).Draw(t, "threads"),
		Starts:  [][]sys.Entry{nil, {{Name: trial.Path, Age: interleave.OldAge}}},
		Budget: trial.Budget{
			Kills:   rapid.IntRange(0, 2).Draw(t, "kills"),
			Pauses:  rapid.IntRange(0, 2).Draw(t, "pauses"),
			Jumps:   rapid.IntRange(0, 2).Draw(t, "jumps"),
			Errors:  rapid.IntRange(0, 2).Draw(t, "errors"),
			Unlinks: rapid.IntRange(0, 2).Draw(t, "unlinks"),
			Walls:   rapid.IntRange(0, 2).Draw(t, "walls"),
		},
		Skew: rapid.SampledFrom([]time.Duration{0, time.Minute, -time.Minute}).Draw(t, "skew"),
		Work: interleave.OldAge,
	}
	fs := rapid.SampledFrom([]string{"tmpfs", "ext4"}).Draw(t, "file system")
	return drawn{
		trial:    draw.Trials(b).Draw(t, "trial"),
		strategy: rapid.SampledFrom(interleave.Strategies()).Draw(t, "strategy"),
		seed:     rapid.Uint64().Draw(t, "seed"),
		machine:  sim.Machine{Rules: sim.RulesOf(fs)},
	}
}

func (d drawn) chooser() interleave.Chooser {
	return d.strategy.New(rand.New(rand.NewPCG(d.seed, 0)), 30)
}

// A run is its trial and its chooser's picks: made twice it is the same, with
// what a Runner keeps from another run as without.
func TestARunIsItsTrialAndItsPicks(t *testing.T) {
	var kept interleave.Runner
	defer kept.Close()
	rapid.Check(t, func(t *rapid.T) {
		d := draws(t)
		once, err := interleave.Run(d.trial, d.machine, d.chooser())
		if err != nil {
			t.Fatal(err)
		}
		again, err := kept.Run(d.trial, d.machine, d.chooser())
		if err != nil {
			t.Fatal(err)
		}
		if once, again := story(once), story(again); once != again {
			t.Fatalf("found first\n%s\nand then\n%s", once, again)
		}
	})
}

// Whatever happened happens again when its steps are replayed: calls, answers,
// faults, kills, and what the clients were told.
func TestAnyRunReplays(t *testing.T) {
	faulty := 0
	rapid.Check(t, func(t *rapid.T) {
		d := draws(t)
		out, err := interleave.Run(d.trial, d.machine, d.chooser())
		if err != nil {
			t.Fatal(err)
		}
		again, err := interleave.Run(d.trial, d.machine, interleave.NewReplay(out.Steps))
		if err != nil {
			t.Fatal(err)
		}
		if out.End == interleave.Cut {
			again.End = interleave.Cut // the replay is over before it is too long
		}
		if out, again := story(out), story(again); out != again {
			t.Fatalf("found\n%s\nand in the replay\n%s", out, again)
		}
		left := d.trial.Budget
		for _, s := range out.Steps {
			left.Spend(s)
		}
		if left != d.trial.Budget {
			faulty++
		}
	})
	if faulty == 0 {
		t.Error("found no run with a fault")
	}
}

// A run whose lock code panicked does not spoil the next one of its Runner.
func TestARunnerGoesOnBehindAPanic(t *testing.T) {
	var kept interleave.Runner
	defer kept.Close()
	bad := tiny(func(p *sys.Proc, how lock.How) (lock.Release, error) {
		if _, err := flocking(p, how); err != nil || how.Shared {
			panic("enough")
		}
		return free(p, how)
	})
	tr := bad.Trial(t, "p0: lock inside unlock", "p1: rlock inside unlock", "p2: lock inside unlock")
	if _, err := kept.Run(tr, memory, inOrder("p0", "p1", "p1")); err == nil {
		t.Fatal("found no error, wanted the panic")
	}
	good := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	out, err := kept.Run(good, memory, interleave.RoundRobin{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, story(out), told(t, good, interleave.RoundRobin{}))
}

// A replay follows the threads and checks the answers. Where it cannot it says
// at which step, what was to come, and what there is instead.
func TestAReplayThatCannotGoOnSaysWhy(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	tr.Budget = trial.Budget{Kills: 1}
	for _, c := range []struct {
		schedule []string
		at       int
		found    string
	}{
		{[]string{`p0 close(3) = 0`}, 1, `p0 open("l", O_RDWR|O_CREAT, 0600)`},
		{[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 4<A>`}, 1, `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`},
		{[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = -1 EAGAIN`}, 2, `p0 flock(3, LOCK_EX) = 0`},
		{[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = -1 EIO (fault)`}, 1, `p0 waiting in open("l", O_RDWR|O_CREAT, 0600)`},
		{[]string{`kill p0`, `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`}, 2, `p0 at its end`},
		{[]string{`kill p0`, `kill p1`}, 2, `no such step possible`},
		{[]string{`time +1s`}, 1, `no such step possible`},
		{[]string{`p0.hb stat("l") = -1 ENOENT`}, 1, `no thread p0.hb`},
		{[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`,
			`p0 flock(3, LOCK_EX) = 0`, `p1 flock(3, LOCK_EX) = 0`,
		}, 4, `p1 waiting in flock(3, LOCK_EX)`},
	} {
		_, err := interleave.Run(tr, memory, interleave.NewReplay(steps(t, c.schedule...)))
		var d *interleave.Divergence
		if !errors.As(err, &d) || d.Index != c.at-1 || d.Found != c.found {
			t.Errorf("%q: found %v, wanted it to diverge at step %d as it found %s", c.schedule, err, c.at, c.found)
		}
	}
}

// steps reads a schedule.
func steps(tb testing.TB, lines ...string) []trial.Step {
	tb.Helper()
	var all []trial.Step
	for _, l := range lines {
		s, err := trial.ParseStep(l)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}
