package model

import (
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/history"
)

// patience asks whether acquires that are bounded return, and whether others
// give up where there is nothing to wait for.
func patience() Property {
	return Property{
		Name:    PatienceName,
		Holds:   "under timely, a bounded acquire returns within its bound plus one poll, whatever the others do, and a permanent error is not retried for ever",
		By:      "the time that acquires take",
		Replays: true,
		Judge:   func(h history.History, m Means) (Judgement, error) { return Patience(h, m) },
	}
}

// A Wait is how long an acquire took, or has taken when the run ended.
type Wait struct {
	Took    time.Duration
	Bound   time.Duration // how long it may take
	Bounded bool          // false: as long as somebody else has the lock
	Circles bool          // it did not return, and did the same again and again although nothing changed
	Never   bool          // it did not return, and never will if everybody else stands still
}

// Patience judges how long acquires took, by what m tells of each.
func Patience(h history.History, m Means) (Judgement, error) {
	j := Judgement{Property: PatienceName, Verdict: Holds, At: -1}
	if err := h.Validate(); err != nil {
		return Judgement{Property: PatienceName, At: -1}, fmt.Errorf("patience: %w", err)
	}
	acquires := 0
	for _, op := range h.Operations() {
		if !history.IsAcquire(op.F) {
			continue
		}
		acquires++
		w, err := m.Wait(op)
		if err != nil {
			return Judgement{Property: PatienceName, At: -1}, fmt.Errorf("patience of %s's %s (event %d): %w", op.Client, op.F, op.Invoked, err)
		}
		at := op.Returned
		if op.Outcome == 0 {
			at = len(h) - 1
		}
		switch {
		case w.Bounded && w.Took > w.Bound:
			j.Why = fmt.Sprintf("%s's %s takes %v, and may take %v", op.Client, op.F, w.Took, w.Bound)
		case w.Bounded && w.Never:
			j.Why = fmt.Sprintf("%s's %s may take %v, and waits for ever", op.Client, op.F, w.Bound)
		case w.Circles && !w.Bounded && waitsFor(h, op):
			continue
		case w.Circles:
			j.Why = fmt.Sprintf("%s's %s does the same again and again and never returns", op.Client, op.F)
		default:
			continue
		}
		j.Verdict, j.At = Violated, at
		if op.Outcome == 0 {
			j.Steps = m.Steps
		}
		return j, nil
	}
	j.Why = fmt.Sprintf("%d acquires, each in time", acquires)
	return j, nil
}

// waitsFor reports whether, at the history's end, somebody else holds the lock or
// is about to.
func waitsFor(h history.History, op history.Operation) bool {
	clients := map[string]*holding{}
	for _, e := range h {
		if clients[e.Process] == nil {
			clients[e.Process] = &holding{}
		}
		clients[e.Process].follow(e)
	}
	for name, c := range clients {
		if name != op.Client && (c.holds || c.pending) {
			return true
		}
	}
	return false
}
