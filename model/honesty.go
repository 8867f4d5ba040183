package model

import (
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/history"
)

func honesty() Property {
	return Property{
		Name:    HonestyName,
		Holds:   "an acquire that fails with anything but busy or timeout fails with the same error when run alone from the state in which it was invoked",
		By:      "running the acquire alone",
		Replays: true,
		Judge:   func(h history.History, m Means) (Judgement, error) { return Honesty(h, m.Alone) },
	}
}

// A Solo is what an acquire answered when it was run again: alone, from the state in which it
// had been invoked, under the same faults.
type Solo struct {
	Op      history.Operation // what was run again, as it was asked for
	Outcome history.Kind      // Ok, Fail or Info, as in a response; 0 if it never returned
	Error   string            // its error, if it has one
}

// Honesty judges whether each acquire of h that failed, but not with busy or timeout, fails
// with the same error when it is run alone. An error that comes of contention must say so, or
// its client gives up where it should try again.
//
// Running alone is the caller's part: Honesty calls solo for one such acquire after the other
// in the order of their responses, and stops at the first that is dishonest: it answers
// otherwise when alone. At is the position of that one's response. A solo that never returned,
// or whose outcome is info, proves nothing: the verdict is then Undecided, unless another
// acquire is dishonest.
//
// The error is solo's, or says that h is invalid or that solo answered something else than it
// was asked.
func Honesty(h history.History, solo func(op history.Operation) (Solo, error)) (Judgement, error) {
	j := Judgement{Property: HonestyName, Verdict: Holds, At: -1}
	if err := h.Validate(); err != nil {
		return Judgement{Property: HonestyName, At: -1}, fmt.Errorf("honesty: %w", err)
	}
	failed := failures(h)
	j.Why = fmt.Sprintf("failed acquires: %d, each the same when alone", len(failed))
	for _, op := range failed {
		alone, err := solo(op)
		if err == nil {
			err = alone.answers(op)
		}
		if err != nil {
			return Judgement{Property: HonestyName, At: -1}, fmt.Errorf("honesty of %s's %s (event %d): %w", op.Client, op.F, op.Invoked, err)
		}
		switch {
		case alone.Outcome == history.Ok:
			j.Verdict, j.At, j.Why = Violated, op.Returned, lie(op, "succeeds")
			return j, nil
		case alone.Outcome == history.Fail && alone.Error != op.Error:
			j.Verdict, j.At, j.Why = Violated, op.Returned, lie(op, fmt.Sprintf("fails with %q", alone.Error))
			return j, nil
		case alone.Outcome != history.Fail && j.Verdict == Holds:
			j.Verdict, j.Why = Undecided, lie(op, "gives no answer")
		}
	}
	return j, nil
}

// failures returns the acquires that honesty is about, in the order of their responses.
func failures(h history.History) []history.Operation {
	ops := slices.DeleteFunc(h.Operations(), func(op history.Operation) bool {
		return !history.IsAcquire(op.F) || op.Outcome != history.Fail ||
			op.Error == history.Busy || op.Error == history.Timeout
	})
	slices.SortFunc(ops, func(a, b history.Operation) int { return a.Returned - b.Returned })
	return ops
}

// answers returns an error unless s is an answer about op.
func (s Solo) answers(op history.Operation) error {
	switch {
	case s.Op != op:
		return fmt.Errorf("found the solo of %s's %s (event %d), wanted its own", s.Op.Client, s.Op.F, s.Op.Invoked)
	case s.Outcome != 0 && (s.Outcome < history.Ok || s.Outcome > history.Info):
		return fmt.Errorf("found a solo with outcome %v, wanted ok, fail, info or 0", s.Outcome)
	}
	return nil
}

func lie(op history.Operation, alone string) string {
	return fmt.Sprintf("%s's %s failed with %q, but alone it %s", op.Client, op.F, op.Error, alone)
}
