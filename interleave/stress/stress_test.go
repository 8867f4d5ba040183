package stress_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/stress"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A guarded kernel is a simulated one, one call at a time. It has no flock that
// blocks, and here none is asked for.
type guarded struct {
	mu    sync.Mutex
	state *sim.State
	calls []sys.Call
	fails error // the harness's, of each unlink
}

func (g *guarded) Start(setup sys.Setup) (time.Time, error) {
	var err error
	g.state, err = sim.New(sim.RulesOf("tmpfs"), setup)
	return time.Now(), err
}

func (g *guarded) Do(c sys.Call) (sys.Ret, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, c)
	if g.fails != nil && c.Op == sys.OpUnlink {
		return sys.Ret{}, g.fails
	}
	return g.state.Do(sys.TID{}, c)
}

// trialOf returns a trial of clients that share a process, from an empty
// directory.
func trialOf(tb testing.TB, e lock.Entry, works ...string) *trial.Trial {
	tb.Helper()
	t := &trial.Trial{Lock: e, Config: e.Defaults}
	parsed := make([]trial.Workload, len(works))
	for i, text := range works {
		var err error
		if parsed[i], err = trial.ParseWorkload(text); err != nil {
			tb.Fatal(err)
		}
	}
	t.Clients = trial.Place(parsed, len(works))
	return t
}

func entry(tb testing.TB, name string) lock.Entry {
	tb.Helper()
	e, err := lock.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// wantHistory checks what can be said of any run's history: it is valid, its
// times follow its order, and every operation of the workloads is in it, with
// its answer.
func wantHistory(tb testing.TB, t *trial.Trial, h history.History) {
	tb.Helper()
	if err := h.Validate(); err != nil {
		tb.Errorf("%v, of\n%s", err, h)
	}
	if !slices.IsSortedFunc(h, func(a, b history.Event) int { return int(a.Time - b.Time) }) {
		tb.Errorf("found times that go back in\n%s", h)
	}
	asked, answered, refused := map[string]int{}, map[string]int{}, map[string]int{}
	for _, e := range h {
		switch {
		case e.Kind == history.Invoke:
			asked[e.Process]++
		case e.Kind == history.Fail && history.IsAcquire(e.F):
			refused[e.Process]++
			fallthrough
		default:
			answered[e.Process]++
		}
	}
	for _, c := range t.Clients {
		wanted := -refused[c.Name()] // whoever is refused does not unlock
		for _, a := range c.Work {
			if _, acquires := a.Verb.Acquires(); acquires || a.Verb == trial.Unlock {
				wanted++
			}
		}
		if n := asked[c.Name()]; n != wanted || answered[c.Name()] != n {
			tb.Errorf("%s: found %d invocations and %d responses, wanted %d, in\n%s", c.Name(), n, answered[c.Name()], wanted, h)
		}
	}
}

// Threads run freely, each through its workload; what they ask and are told is
// written down.
func TestARunIsWrittenDown(t *testing.T) {
	for _, delays := range [][][]time.Duration{nil, {{0}}, {{time.Microsecond, 0}, {3 * time.Microsecond}}} {
		tr := trialOf(t, entry(t, "posixage-v1"), "trylock inside unlock", "trylock inside unlock trylock inside unlock", "lock inside unlock")
		k := &guarded{}
		h, err := stress.Run(tr, k, delays)
		if err != nil {
			t.Fatal(err)
		}
		wantHistory(t, tr, h)
		for _, c := range k.calls {
			if c.At.Mono <= 0 || c.At.Mono != c.At.Wall {
				t.Errorf("found %s stamped %v, wanted the time since the start", c, c.At)
			}
		}
	}
}

// A run starts from the trial's files, and from nothing that the run before it
// left.
func TestARunStartsAnew(t *testing.T) {
	tr := trialOf(t, entry(t, "ctx-v2"), "lock inside unlock")
	k := &guarded{}
	for range 2 {
		h, err := stress.Run(tr, k, nil)
		if err != nil || h[1].Kind != history.Ok {
			t.Errorf("found %v, %v, wanted the lock to be got", h, err)
		}
	}
	tr.Start = []sys.Entry{{Name: trial.Path}}
	h, err := stress.Run(tr, k, nil)
	if err != nil || h[1].Error != history.Busy {
		t.Errorf("found %v, %v, wanted it busy as its file is there", h, err)
	}
}

// beaten is a lock that keeps two threads busy while it is held. It tells the
// one to stop, twice, and waits for it; the other it only tells.
func beaten(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	beat := func(p *sys.Proc) {
		for !p.Cancelled(time.Microsecond) {
			_, _ = p.Stat(path)
		}
		for range 1000 {
			_, _ = p.Stat(path)
		}
		_ = p.Unlink("the end of a beat")
	}
	one, other := p.Go("one", beat), p.Go("other", beat)
	return func(p *sys.Proc) error {
		p.Cancel(one)
		p.Cancel(one)
		p.Join(one)
		p.Cancel(other)
		return nil
	}, nil
}

// When a run is over so are its heartbeats, those that nobody waits for too:
// each has made its last call.
func TestHeartbeatsStop(t *testing.T) {
	tr := trialOf(t, lock.Entry{New: func(lock.Config) lock.Lock { return lock.Func(beaten) }}, "lock work 20ms unlock", "lock work 20ms unlock")
	k := &guarded{}
	h, err := stress.Run(tr, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantHistory(t, tr, h)
	k.mu.Lock()
	defer k.mu.Unlock()
	beats, ends := 0, 0
	for _, c := range k.calls {
		if c.Op == sys.OpUnlink {
			ends++
		} else {
			beats++
		}
	}
	if beats <= 4*1000 || ends != 4 {
		t.Errorf("found %d beats and %d ends of beats, wanted some beats before the last 4,000, and 4 ends", beats, ends)
	}
}

// What the kernel cannot do fails the run, not the clients alone: they are
// told EIO and go on.
func TestAHarnessErrorFailsTheRun(t *testing.T) {
	broken := errors.New("the disk is gone")
	tr := trialOf(t, entry(t, "ctx-v2"), "lock inside unlock lock inside unlock", "lock inside unlock")
	h, err := stress.Run(tr, &guarded{fails: broken}, nil)
	if !errors.Is(err, broken) {
		t.Errorf("found %v, wanted %v", err, broken)
	}
	wantHistory(t, tr, h)

	tr.Start = []sys.Entry{{Name: "no/such/directory"}}
	if _, err := stress.Run(tr, &guarded{}, nil); err == nil {
		t.Error("found no error, wanted that of the start")
	}
}
