package model

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/ghostlock/ghostlock/history"
)

// update asks whether the lock guards data.
func update() Property {
	return Property{
		Name:  UpdateName,
		Holds: "a counter that is read in one step and written in another, inside, loses no update: its history is linearizable",
		By:    "porcupine",
		Judge: func(h history.History, m Means) (Judgement, error) { return Update(h, m.Budget) },
	}
}

// An increment is what a client does to the counter between an acquire and its
// release: it reads a value and writes the next one.
type increment struct {
	client    int
	name      string
	read      int
	invoked   int // position of the acquire's invocation
	wrote     bool
	returned  int // position of the release's response
	completed bool
}

// Update judges whether the increments of the history can be put in an order in
// which each reads what the one before has written. Increments whose client was
// killed, or told of a failure, may have happened or not.
func Update(h history.History, budget time.Duration) (Judgement, error) {
	j := Judgement{Property: UpdateName, At: -1}
	if err := h.Validate(); err != nil {
		return j, fmt.Errorf("update: %w", err)
	}
	all, why := increments(h)
	if j.Why = why; why != "" {
		return j, nil
	}
	if budget <= 0 {
		j.Why = "no time was left to judge it"
		return j, nil
	}
	completed := 0
	for _, i := range all {
		if !i.completed {
			continue
		}
		completed++
		switch porcupine.CheckOperationsTimeout(counter, prefix(all, i.returned), budget) {
		case porcupine.Unknown:
			j.Why = fmt.Sprintf("it could not be judged within %v", budget)
			return j, nil
		case porcupine.Illegal:
			j.Verdict, j.At, j.Why = Violated, i.returned, lost(all, i)
			return j, nil
		}
	}
	j.Verdict, j.Why = Holds, fmt.Sprintf("%d updates, and none is lost", completed)
	return j, nil
}

// TwiceInside is why a history is undecided in which a client counts on, reads
// what it wrote and counts on again before it releases.
const TwiceInside = "a client counts on twice before it releases, which is not followed"

// increments returns what the history has of them, in the order in which they
// were completed, and last those that were not; or why they say nothing.
func increments(h history.History) (_ []increment, why string) {
	names := h.Clients()
	now := make(map[string]*increment)
	var all, open []increment
	for at, e := range h {
		i := now[e.Process]
		switch {
		case e.Kind == history.Invoke && history.IsAcquire(e.F):
			now[e.Process] = &increment{client: slices.Index(names, e.Process), name: e.Process, read: -1, invoked: at}
		case i == nil:
		case e.F == history.Read && e.Kind == history.Ok && i.wrote:
			return nil, TwiceInside
		case e.F == history.Read && e.Kind == history.Ok:
			n, err := value(e.Value)
			if err != nil {
				return nil, fmt.Sprintf("event %d: %v", at, err)
			}
			i.read = n
		case e.F == history.Write && e.Kind == history.Invoke:
			i.wrote = true
		case e.F == history.Kill, e.F == history.Unlock && e.Kind != history.Invoke:
			i.completed = e.F == history.Unlock && e.Kind == history.Ok && i.wrote && i.read >= 0
			i.returned = at
			if i.completed {
				all = append(all, *i)
			} else if i.wrote && i.read >= 0 {
				open = append(open, *i)
			}
			delete(now, e.Process)
		case e.F == history.Write && e.Kind == history.Fail:
			if i.read >= 0 {
				open = append(open, *i) // it may have been written all the same
			}
			i.read = -1
		}
	}
	for _, i := range now {
		if i.wrote && i.read >= 0 {
			open = append(open, *i)
		}
	}
	return append(all, open...), ""
}

// value reads a counter. Nothing stands for 0.
func value(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("found %q read, wanted a number", text)
	}
	return n, nil
}

// prefix returns the operations that were completed up to a position, and those
// that may take effect at any time.
func prefix(all []increment, end int) []porcupine.Operation {
	var ops []porcupine.Operation
	for _, i := range all {
		op := porcupine.Operation{ClientId: i.client, Input: i, Call: scale * int64(i.invoked), Return: scale * int64(i.returned)}
		switch {
		case i.invoked > end:
			continue
		case !i.completed || i.returned > end:
			i.completed = false
			op.Input, op.Return = i, scale*int64(end)+1+int64(len(ops))
		}
		ops = append(ops, op)
	}
	return ops
}

// counter is the counter as one would have it. An increment that may have
// happened takes effect where it can, and can always be put where it cannot.
var counter = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, _ any) (bool, any) {
		n, i := state.(int), input.(increment)
		switch {
		case n == i.read:
			return true, n + 1
		default:
			return !i.completed, n
		}
	},
}

// lost says which update is lost by i.
func lost(all []increment, i increment) string {
	for _, other := range all {
		if other.completed && other.returned < i.returned && other.read == i.read {
			return fmt.Sprintf("%s and %s both count on from %d: an update is lost", other.name, i.name, i.read)
		}
	}
	return fmt.Sprintf("%s counts on from %d, which nobody has left: an update is lost", i.name, i.read)
}
