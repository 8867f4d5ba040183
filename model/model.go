// Package model says what a correct lock may answer.
//
// Its words are those of package history, and:
//
//   - A property is what must hold of a history. A judgement says whether it does, and why.
//   - A verdict is holds (proved of this history), violated (proved) or undecided (the time
//     ran out first, or something needed for the proof is missing). A verdict of one history
//     is no verdict about the lock: that takes every history.
//   - A claim is what an acquire that is ok gives its client, and what a release ends. Who has
//     a claim is a holder.
//
// What a history says of claims, and why:
//
//   - An acquire that is ok makes a claim at some moment between its invocation and its
//     response. A trylock that is ok does as a lock does.
//   - Busy, timeout and other failures make no claim and are always legal here. They would be
//     lies only if the lock was free, and Honesty is about that.
//   - An acquire that never returned, whose outcome is unknown (info), or whose client was
//     killed meanwhile, may have made a claim. It is dropped: a claim only forbids things to
//     others, so a history that is legal with it is legal without it. (Keeping a dozen costs
//     porcupine seconds.) That goes for a client that does more after an info, too; should it
//     unlock, that ends nothing.
//   - An unlock that is ok ends the claim of its client between its invocation and its response.
//   - An unlock that failed, is unknown or never returned may end the claim at any moment
//     from its invocation on: its client gave the claim up, and the release may be halfway
//     done. It ends no later claim of that client.
//   - An unlock of a client without a claim ends nothing and is legal: it lets nobody in. A
//     workload that unlocks after a busy is no fault of the lock.
//   - A client that was killed holds nothing from the position of its kill on. If it was
//     unlocking, the claim ends between that invocation and the kill.
//   - An acquire that is ok while its own client has a claim is a violation, also as an
//     upgrade or downgrade: one unlock ends one claim, and nobody could say which. To change
//     its claim a client unlocks first.
//   - Reads and updates of data say nothing about claims.
//
// To add a property, add a file that defines it and name it in Properties.
package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/history"
)

// A Verdict is the outcome of judging a property. The zero Verdict is Undecided, so that one
// that was forgotten never reads as Holds.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Holds
	Violated
)

var verdictNames = [...]string{Undecided: "undecided", Holds: "holds", Violated: "violated"}

// String returns "undecided", "holds" or "violated".
func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return fmt.Sprintf("Verdict(%d)", uint8(v))
	}
	return verdictNames[v]
}

// A Judgement is what was found out about one property of one history.
type Judgement struct {
	Property string
	Verdict  Verdict
	Why      string   // one sentence without a full stop: "p0 and p1 both hold the lock"
	At       int      // where Violated: the position of the event that made it so; else -1
	Holders  []string // where Violated, and the property is about holders: they, in order of their claims
	Steps    int      // where Violated: of the run's steps as many show it; 0: those up to that event
}

// A Property is what must hold of histories.
type Property struct {
	Name, Holds string
	By          string // who judges, for people

	// Replays says that judging it takes more than the history: it asks how
	// operations go alone. Of the others the history alone decides, so a
	// judgement can be remembered by it.
	Replays bool

	// Probes says that the last client is a probe: it takes no step while the
	// others do theirs, and then asks for the lock alone.
	Probes bool

	// Judge judges the history.
	Judge func(history.History, Means) (Judgement, error)
}

// Means are what a property may use to judge.
type Means struct {
	// Budget is the time that judging may take; when it is over the verdict is
	// Undecided. No time at all is over at once.
	Budget time.Duration

	// Alone runs an acquire of the history again, alone, from the state in
	// which it was invoked and under the same faults.
	Alone func(history.Operation) (Solo, error)

	// Probe names the client that is one, and Stuck says that the run ended
	// because nothing could happen any more.
	Probe string
	Stuck bool

	// Steps is how many the run took.
	Steps int

	// Wait tells how long an acquire of the history took.
	Wait func(history.Operation) (Wait, error)

	// Taken tells of the calls by which holders lost what their locks consist of.
	Taken func() ([]Taking, error)
}

// Properties returns all properties, in the order in which they are shown.
func Properties() []Property {
	return []Property{
		exclusion(), update(), recovery(), ownership(), honesty(), patience(), phantom(), disclosure(),
	}
}

// OfRuns returns the properties of which any run tells something: those without
// a probe.
func OfRuns() []Property {
	return slices.DeleteFunc(Properties(), func(p Property) bool { return p.Probes })
}

// PropertyByName returns the property with that name.
func PropertyByName(name string) (Property, error) {
	var names []string
	for _, p := range Properties() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Property{}, fmt.Errorf("found property %q, wanted one of %s", name, strings.Join(names, ", "))
}
