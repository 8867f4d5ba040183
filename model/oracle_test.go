package model

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/ghostlock/ghostlock/history"
	"pgregory.net/rapid"
)

// A world is one way in which a history may have gone so far. The oracle follows all of them,
// taking nothing of what newClaims leaves out for granted: acquires of unknown outcome may
// make claims, and releases of every outcome may take effect at any time, or never.
type world struct {
	claims [4]uint8 // of each client: 0, or 1 and the number of the acquire among the operations
	shared uint8    // a bit for each client whose claim is shared
	done   uint32   // a bit for each operation that has taken effect
}

type oracle struct {
	h       history.History
	ops     []history.Operation
	clients map[string]int
}

// firstViolation returns the position at which no world is left, or -1.
func firstViolation(h history.History) int {
	o := oracle{h, h.Operations(), map[string]int{}}
	for i, name := range h.Clients() {
		o.clients[name] = i
	}
	worlds := map[world]bool{{}: true}
	for at, e := range h {
		o.grow(worlds, at)
		next := map[world]bool{}
		for w := range worlds {
			if e.F == history.Kill {
				w.claims[o.clients[e.Process]] = 0
			}
			if e.Kind != history.Ok || w.done&o.returning(at) != 0 {
				next[w] = true
			}
		}
		if worlds = next; len(worlds) == 0 {
			return at
		}
	}
	return -1
}

// returning returns the bit of the operation that returns at position at.
func (o oracle) returning(at int) uint32 {
	for i, op := range o.ops {
		if op.Returned == at {
			return 1 << i
		}
	}
	return 0
}

// grow adds every world that may come of worlds before the event at position at.
func (o oracle) grow(worlds map[world]bool, at int) {
	var queue []world
	for w := range worlds {
		queue = append(queue, w)
	}
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		for i, op := range o.ops {
			if next, may := o.effect(w, i, op, at); may && !worlds[next] {
				worlds[next] = true
				queue = append(queue, next)
			}
		}
	}
}

// effect returns w after operation i took effect before position at, if it may.
func (o oracle) effect(w world, i int, op history.Operation, at int) (world, bool) {
	c := o.clients[op.Client]
	acquire := history.IsAcquire(op.F)
	late := op.Outcome == history.Ok && op.Returned < at || o.killed(op.Client, at)
	if op.Invoked >= at || late || w.done&(1<<i) != 0 || acquire && op.Outcome == history.Fail {
		return w, false
	}
	w.done |= 1 << i
	switch {
	case acquire:
		for other, claim := range w.claims {
			both := history.IsShared(op.F) && w.shared&(1<<other) != 0
			if claim != 0 && (other == c || !both) {
				return w, false
			}
		}
		w.claims[c] = uint8(i + 1)
		w.shared &^= 1 << c
		if history.IsShared(op.F) {
			w.shared |= 1 << c
		}
	case op.F == history.Unlock && w.claims[c] <= uint8(i):
		w.claims[c] = 0
	}
	return w, true
}

func (o oracle) killed(client string, at int) bool {
	for _, e := range o.h[:at] {
		if e.Process == client && e.F == history.Kill {
			return true
		}
	}
	return false
}

// drawHistory draws a valid history of up to four clients, with or without readers.
func drawHistory(t *rapid.T) history.History {
	asks := []string{history.Lock, history.TryLock, history.Unlock, history.Unlock, history.Unlock, history.Update}
	if rapid.Bool().Draw(t, "readers") {
		asks = append(asks, history.RLock, history.TryRLock, history.RLock)
	}
	answers := []history.Kind{history.Ok, history.Ok, history.Ok, history.Ok, history.Fail, history.Info}
	alive := []string{"p0", "p1", "p1.b", "p2"}[:rapid.IntRange(1, 4).Draw(t, "clients")]
	pending := map[string]string{}
	var h history.History
	for n := rapid.IntRange(1, 16).Draw(t, "events"); len(h) < n && len(alive) > 0; {
		i := rapid.IntRange(0, len(alive)-1).Draw(t, "client")
		e := history.Event{Process: alive[i]}
		f, open := pending[e.Process]
		switch {
		case rapid.IntRange(0, 11).Draw(t, "kill") == 0:
			e.Kind, e.F = history.Info, history.Kill
			alive = append(alive[:i:i], alive[i+1:]...)
		case open:
			e.Kind, e.F = rapid.SampledFrom(answers).Draw(t, "answer"), f
			delete(pending, e.Process)
		default:
			e.Kind, e.F = history.Invoke, rapid.SampledFrom(asks).Draw(t, "f")
			pending[e.Process] = e.F
		}
		h = append(h, e)
	}
	return h
}

func TestExclusionAgreesWithAnOracleAndWithPorcupineAskedAboutEverything(t *testing.T) {
	seen := map[Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		j, err := Exclusion(h, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		seen[j.Verdict]++
		at := firstViolation(h)
		if j.At != at || (j.Verdict == Violated) != (at >= 0) || j.Verdict == Undecided {
			t.Fatalf("got %s (at %d), the oracle says at %d, of\n%s", describe(j), j.At, at, h)
		}
		c, err := newClaims(h)
		if err != nil {
			t.Fatal(err)
		}
		if all := porcupine.CheckOperations(c.model(), c.operations()); all != (j.Verdict == Holds) {
			t.Fatalf("got %s, porcupine says %v, of\n%s", describe(j), all, h)
		}
	})
	if !testing.Short() && (seen[Holds] == 0 || seen[Violated] == 0) { // -short draws too few
		t.Errorf("the drawn histories say little: %v", seen)
	}
}

func TestAMutexIsARWMutexWithoutReaders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := newClaims(drawHistory(t))
		if err != nil || c.shared {
			return
		}
		if porcupine.CheckOperations(mutex, c.operations()) != porcupine.CheckOperations(rwmutex, c.operations()) {
			t.Fatalf("the models differ")
		}
	})
}
