package explore

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// asking is a lock whose release begins with a step that only asks: it shares,
// and to give up converts, which waits for other readers and has given the old
// lock up by then. Those who try share first too, and convert to get the lock.
func asking(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_SH); err != nil {
		return nil, err
	}
	if how.Try {
		if p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) != nil {
			_ = p.Close(f)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
	return func(p *sys.Proc) error {
		_ = p.Flock(f, sys.LOCK_EX)
		return p.Close(f)
	}, nil
}

// A release ends its claim when it is invoked, which is right before its first
// step, also where that step is not answered.
func TestAReleaseThatWaitsHasBegun(t *testing.T) {
	tr := tiny(asking).clients(t, "p0: lock inside unlock", "p1: trylock inside unlock")
	wanted, _ := enumerated(t, tr, 10_000)
	if a := agree(t, tr, wanted); a.Stuck > 0 || wanted.violated > 0 || a.Contended == 0 {
		t.Errorf("found %+v of %+v, wanted nobody stuck and nothing violated", a, wanted)
	}
}

// nobodyWaits is a lock of nobody: it makes no call.
func nobodyWaits(*sys.Proc, lock.How) (lock.Release, error) {
	return func(*sys.Proc) error { return nil }, nil
}

// Two clients that acquire without a call hold the lock before the first step.
func TestAViolationNeedsNoStep(t *testing.T) {
	tr := tiny(nobodyWaits).clients(t, alike(2, "lock inside unlock")...)
	wanted, _ := enumerated(t, tr, 100)
	if agree(t, tr, wanted); wanted.least != (cost{0, 0}) {
		t.Errorf("found the shortest violation after %+v", wanted.least)
	}
	first := tiny(nobodyWaits).clients(t, alike(2, "lock inside unlock rest 1s")...)
	if a := explored(t, first, Question{}); a.Violations != 1 {
		t.Errorf("found %d violations, wanted one, before the first step", a.Violations)
	}
}

// A claimant is a client of a drawn history: where its thread stands, as far as
// the monitor looks at it, and what it may do next.
type claimant struct {
	name    string
	thread  *thread
	asked   string // the operation under way
	dead    bool
	holding bool
}

// What the monitor says of claims is what porcupine says of the history that
// they make, at each of its events.
func TestTheMonitorAgreesWithPorcupineOnClaims(t *testing.T) {
	verdicts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		works := make([]trial.Workload, rapid.IntRange(2, 4).Draw(t, "clients"))
		w, s := &walker{}, &state{}
		var all []*claimant
		for _, c := range trial.Place(works, rapid.IntRange(0, 2).Draw(t, "threads")) {
			if c.Proc == len(s.procs) {
				s.procs, w.clients = append(s.procs, process{}), append(w.clients, 0)
			}
			w.clients[c.Proc]++
			s.procs[c.Proc].threads = append(s.procs[c.Proc].threads, thread{at: &spot{}, status: waiting})
			all = append(all, &claimant{name: c.Name()})
		}
		i := 0
		for p := range s.procs {
			for n := range s.procs[p].threads {
				all[i].thread = &s.procs[p].threads[n]
				i++
			}
		}
		h, at := drawClaims(t, all, func() bool { return w.violated(s) })
		j, err := model.Exclusion(h, time.Minute)
		if err != nil || j.At != at {
			t.Fatalf("found a violation at event %d, wanted it at %d (%s), %v, of\n%s", at, j.At, j.Verdict, err, h)
		}
		verdicts[at >= 0]++
	})
	if !testing.Short() && (verdicts[true] < 10 || verdicts[false] < 10) { // -short draws too few
		t.Errorf("the drawn histories say little: %v", verdicts)
	}
}

// drawClaims draws what the clients do, and returns the first event behind which
// the claims are bad, or -1.
func drawClaims(t *rapid.T, all []*claimant, bad func() bool) (h history.History, at int) {
	at = -1
	for range rapid.IntRange(4, 30).Draw(t, "events") {
		c := all[rapid.IntRange(0, len(all)-1).Draw(t, "client")]
		if c.dead {
			continue
		}
		h = append(h, c.does(rapid.SampledFrom([]string{history.Lock, history.TryLock, history.RLock, history.TryRLock, history.Kill, ""}).Draw(t, "does")))
		if at < 0 && bad() {
			at = len(h) - 1
		}
	}
	return h, at
}

// does lets the client be answered, or ask, or be killed. It is refused where it
// asked to try and is told "".
func (c *claimant) does(what string) history.Event {
	e := history.Event{Process: c.name}
	switch {
	case what == history.Kill && c.asked != history.Unlock: // seldom enough
		e.Kind, e.F, c.dead = history.Info, history.Kill, true
		c.thread.at = &spot{claim: nothing}
	case c.asked == history.Unlock:
		e.Kind, e.F, c.asked, c.holding = history.Ok, c.asked, "", false
	case c.asked != "" && what == "":
		e.Kind, e.F, e.Error, c.asked = history.Fail, c.asked, history.Busy, ""
	case c.asked != "":
		c.thread.at = &spot{claim: owning}
		if history.IsShared(c.asked) {
			c.thread.at = &spot{claim: sharing}
		}
		e.Kind, e.F, c.asked, c.holding = history.Ok, c.asked, "", true
	case c.holding:
		e.Kind, e.F, c.asked = history.Invoke, history.Unlock, history.Unlock
		c.thread.at = &spot{claim: nothing}
	case what == "":
		e.Kind, e.F, c.asked = history.Invoke, history.Lock, history.Lock
	default:
		e.Kind, e.F, c.asked = history.Invoke, what, what
	}
	return e
}
