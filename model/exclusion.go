package model

import (
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/ghostlock/ghostlock/history"
)

func exclusion() Property {
	return Property{
		Name:  ExclusionName,
		Holds: "the history of successful operations is linearizable as a mutex, or as a rwmutex where it has readers",
		By:    "porcupine",
		Judge: func(h history.History, m Means) (Judgement, error) { return Exclusion(h, m.Budget) },
	}
}

// Exclusion judges whether the successful operations of h are linearizable as those of a mutex:
// whether the claims can be put in an order that agrees with the positions and has one holder
// at a time. If h asks for shared claims (rlock, tryrlock) the model is a rwmutex: one writer,
// or any number of readers. If it does not, the rwmutex would answer the same as the mutex,
// whose state is smaller.
//
// Holds and Violated are proved by porcupine. If it takes longer than budget the verdict is
// Undecided; so it is if budget is not positive, which is time that ran out and not time
// without limit. At is the position of the event with which the shortest violating prefix
// ends, always the response of an acquire; continuing a violating history cannot mend it.
//
// The error says that h is invalid, or has shared claims and more than MaxClients clients.
func Exclusion(h history.History, budget time.Duration) (Judgement, error) {
	return judgeExclusion(h, budget, porcupine.CheckOperationsTimeout)
}

// A checker is porcupine.CheckOperationsTimeout, or a test's stand-in.
type checker func(porcupine.Model, []porcupine.Operation, time.Duration) porcupine.CheckResult

// judgeExclusion asks two judges. The sweep finds the claims that overlap, if any do;
// porcupine has the say. It is asked about the whole history if the sweep found nothing, and
// otherwise about the operations of the two clients in conflict: leaving out the others' only
// takes claims away, so if theirs alone are not linearizable, all are not. (Of all, porcupine
// would try every subset of what was concurrent: seconds for 20 readers.) That the two judges
// differ is an error, and a mistake in this package.
func judgeExclusion(h history.History, budget time.Duration, check checker) (Judgement, error) {
	j := Judgement{Property: ExclusionName, At: -1}
	if err := h.Validate(); err != nil {
		return j, fmt.Errorf("exclusion: %w", err)
	}
	claims, err := newClaims(h)
	if err != nil {
		return j, fmt.Errorf("exclusion: %w", err)
	}
	if budget <= 0 {
		j.Why = "no time was left to judge it"
		return j, nil
	}
	conflict, want := claims.sweep(), porcupine.Ok
	if conflict != nil {
		claims, want = claims.of(conflict.holder, conflict.client), porcupine.Illegal
	}
	result := check(claims.model(), claims.operations(), budget)
	switch {
	case result == porcupine.Unknown:
		j.Why = fmt.Sprintf("it could not be judged within %v", budget)
	case result != want:
		return j, fmt.Errorf("exclusion: found porcupine saying %s, wanted %s as the claims have it, of\n%s", result, want, h)
	case conflict != nil:
		j.Verdict, j.At, j.Holders, j.Why = Violated, conflict.at, conflict.holders, conflict.why
	default:
		j.Verdict, j.Why = Holds, claims.summary()
	}
	return j, nil
}

// summary says what porcupine has found an order for.
func (c *claims) summary() string {
	n := 0
	for _, s := range c.steps {
		if s.acquires {
			n++
		}
	}
	if n == 1 {
		return "1 claim, and no other at its time"
	}
	return fmt.Sprintf("%d claims can be put in an order in which none conflicts with another", n)
}

// operations returns the steps of c as porcupine takes them. The model's input is the step.
func (c *claims) operations() []porcupine.Operation {
	ops := make([]porcupine.Operation, len(c.steps))
	for i := range c.steps {
		s := &c.steps[i]
		ops[i] = porcupine.Operation{ClientId: s.client, Input: s, Call: s.from, Return: s.to}
	}
	return ops
}

// of returns the claims of two clients (or one, twice) alone.
func (c *claims) of(a, b int) *claims {
	only := *c
	only.steps = slices.DeleteFunc(slices.Clone(c.steps), func(s step) bool { return s.client != a && s.client != b })
	return &only
}
