package interleave_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// beating holds nothing, but keeps a thread busy meanwhile: every second it
// looks at a file, until it is told to stop.
func beating(p *sys.Proc, _ lock.How) (lock.Release, error) {
	hb := p.Go("hb", func(p *sys.Proc) {
		for !p.Cancelled(time.Second) {
			_, _ = p.Stat("f")
		}
	})
	return func(p *sys.Proc) error {
		p.Cancel(hb)
		p.Join(hb)
		return nil
	}, nil
}

// A thread is started by a call, takes its steps among the others, and is told
// to stop and waited for by calls. Cancelled lasts until the one or the other.
func TestAThreadIsStartedCancelledAndJoined(t *testing.T) {
	tr := tiny(beating).Trial(t, "p0: lock work 1500ms unlock")
	ch := inOrder("p0", "time", "p0.hb", "p0.hb", "time", "p0 sleep", "p0 cancel", "p0.hb", "p0 join")
	same(t, told(t, tr, ch), `
		        p0 asks: lock
		p0 go("hb") = #1
		        p0 is told: ok
		time +1s
		p0.hb cancelled(1s) = no
		p0.hb stat("f") = -1 ENOENT
		time +500ms
		p0 sleep(1.5s) = 0
		        p0 asks: unlock
		p0 cancel(#1) = 0
		p0.hb cancelled(1s) = yes
		p0 join(#1) = 0
		        p0 is told: ok
		finished`)
	for i, wanted := range map[int]string{
		1: "| time_+1s",    // the heartbeat waits
		6: "p0",            // and is not told yet
		7: "p0.hb",         // now it is; join waits for its end
		4: "| time_+500ms", // only the nearest deadline counts
	} {
		if ch.menus[i] != wanted {
			t.Errorf("found the menu %q before step %d, wanted %q", ch.menus[i], i+1, wanted)
		}
	}
}

// Where the tick and the cancellation are both there, the cancellation wins.
func TestACancellationWinsOverATick(t *testing.T) {
	tr := tiny(beating).Trial(t, "p0: lock work 1s unlock")
	out := played(t, tr, inOrder("p0", "time", "p0 sleep", "p0 cancel", "p0.hb", "p0 join"))
	if s := out.Steps[4].String(); s != "p0.hb cancelled(1s) = yes" {
		t.Errorf("found %s, wanted it to be told", s)
	}
}

// Threads are named by who started them: p0.hb, the second of that name
// p0.hb2, and one that p0.hb starts p0.hb.x.
func TestThreadsHaveNamesOfTheirOwn(t *testing.T) {
	spawning := func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		nested := func(p *sys.Proc) { p.Join(p.Go("x", func(p *sys.Proc) { p.Inside() })) }
		for range 3 {
			p.Go("hb", nested)
		}
		return free(p, lock.How{})
	}
	tr := tiny(spawning).Trial(t, "p0: lock inside unlock", "p1.a: lock inside unlock", "p1.b: lock inside unlock")
	ch := inOrder("p0", "p0", "p0", "p0.hb2", "p1.b", "p1.a", "p0.hb", "p0.hb.x")
	out := played(t, tr, ch)
	// p0.hb2 is in join, and so not there.
	if wanted := "p1.a p0 p1.b p0.hb p0.hb3 p0.hb2.x p1.b.hb p1.a.hb"; ch.menus[6] != wanted {
		t.Errorf("found the menu %q, wanted %q", ch.menus[6], wanted)
	}
	for _, s := range out.Steps {
		if client := tr.ClientOf(s.Thread); client < 0 || !strings.HasPrefix(s.Thread, tr.Clients[client].Name()) {
			t.Errorf("found %s of client %d, wanted it to be known by its name", s, client)
		}
	}
}

// A run is over when the clients' own threads are, whatever they left behind.
func TestAThreadLeftBehindDoesNotKeepARunGoing(t *testing.T) {
	leaving := func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		p.Go("hb", func(p *sys.Proc) {
			for {
				p.Sleep(time.Second)
			}
		})
		return free(p, lock.How{})
	}
	out := played(t, tiny(leaving).Trial(t, "p0: lock inside unlock"), first{})
	if out.End != interleave.Finished || len(out.Steps) != 2 {
		t.Errorf("found %s, wanted it finished after 2 steps", story(out))
	}
}

// Lock code that panics fails the run, wherever it does: the error names the
// thread, and the call whose answer it did not like.
func TestAPanicNamesTheThreadAndItsCall(t *testing.T) {
	for wanted, code := range map[string]tiny{
		`thread p0 panicked before its first call: at once`: func(*sys.Proc, lock.How) (lock.Release, error) { panic("at once") },
		`thread p0 panicked after its call stat("f"): no f`: func(p *sys.Proc, _ lock.How) (lock.Release, error) {
			if _, err := p.Stat("f"); err != nil {
				panic("no f")
			}
			return nil, nil
		},
		`thread p0.hb panicked before its first call: at once`: func(p *sys.Proc, _ lock.How) (lock.Release, error) {
			p.Go("hb", func(*sys.Proc) { panic("at once") })
			return nil, nil
		},
		`thread p0.hb panicked after its call cancelled(1s): no tick`: func(p *sys.Proc, how lock.How) (lock.Release, error) {
			p.Go("hb", func(p *sys.Proc) {
				p.Cancelled(time.Second)
				panic("no tick")
			})
			p.Sleep(time.Hour)
			return nil, nil
		},
	} {
		_, err := interleave.Run(code.Trial(t, "p0: lock inside unlock", "p1: rest 1s lock inside unlock"), memory, first{})
		if err == nil || err.Error() != wanted {
			t.Errorf("found %v, wanted %s", err, wanted)
		}
	}
}

// A run leaves no goroutine behind, however it ends: coroutines are goroutines,
// and one that is not unwound stays for ever.
func TestNothingLeaks(t *testing.T) {
	panicking := func(p *sys.Proc, how lock.How) (lock.Release, error) {
		_, _ = beating(p, how)
		p.Sleep(1500 * time.Millisecond)
		panic("enough")
	}
	run := func(code tiny, ch interleave.Chooser, b trial.Budget) {
		tr := code.Trial(t, "p0.a: lock inside unlock", "p0.b: rlock inside unlock", "p1: lock inside unlock")
		tr.Budget = b
		_, _ = interleave.Run(tr, memory, ch)
	}
	before := runtime.NumGoroutine()
	for range 250 {
		run(crossed, interleave.RoundRobin{}, trial.Budget{})                                     // stuck
		run(beating, inOrder("p0.a", "p0.b", "p1", "time", "p0.a.hb"), trial.Budget{})            // stopped
		run(beating, inOrder("p0.a", "p0.b", "p1", "kill p0", "nothing"), trial.Budget{Kills: 1}) // failed by its chooser
		run(panicking, interleave.RoundRobin{}, trial.Budget{})                                   // panicked
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("found %d goroutines after 1,000 runs, wanted the %d from before", after, before)
	}
}
