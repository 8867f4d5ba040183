package model

import (
	"fmt"

	"github.com/ghostlock/ghostlock/history"
)

// disclosure asks whether holders are told that they held the lock no more.
func disclosure() Property {
	return Property{
		Name:  DisclosureName,
		Holds: "a holder that lost exclusivity learns it before or at its release, through the lock's own interface",
		By:    "following the claims",
		Judge: func(h history.History, _ Means) (Judgement, error) { return Disclosure(h) },
	}
}

// Disclosure judges whether each release that succeeds ends a claim that nobody
// else's came into. A holder loses exclusivity when another client is told that
// it holds the lock in a way that excludes the first; that one is told by an
// error of its release, or of what it asks before. While a conversion is under
// way there is nothing to lose, as for Exclusion; one that is refused leaves its
// client what it had, so that this must not be another's by then.
func Disclosure(h history.History) (Judgement, error) {
	j := Judgement{Property: DisclosureName, Verdict: Holds, At: -1, Why: "no release succeeded of a lock that was lost"}
	if err := h.Validate(); err != nil {
		return Judgement{Property: DisclosureName, At: -1}, fmt.Errorf("disclosure: %w", err)
	}
	clients := map[string]*holding{}
	for _, name := range h.Clients() {
		clients[name] = &holding{}
	}
	for at, e := range h {
		c := clients[e.Process]
		c.follow(e)
		switch {
		case e.F == history.Unlock && e.Kind == history.Ok && c.lostTo != "":
			j.Verdict, j.At = Violated, at
			j.Why = fmt.Sprintf("%s's release succeeds, and %s held the lock before it", e.Process, c.lostTo)
			j.Holders = []string{e.Process, c.lostTo}
			return j, nil
		case e.F == history.Unlock && e.Kind != history.Invoke:
			c.lostTo, c.told = "", false
		case Tells(e):
			c.lostTo, c.told = "", true
		case e.Kind == history.Fail && history.IsConversion(e.F) && c.lostTo == "" && !c.told:
			for _, name := range h.Clients() {
				if c.excludes(clients[name]) {
					c.lostTo = name
				}
			}
		case e.Kind == history.Ok && c.holds && (history.IsAcquire(e.F) || history.IsConversion(e.F)):
			for _, other := range clients {
				if c.excludes(other) && other.lostTo == "" && !other.told {
					other.lostTo = e.Process
				}
			}
		}
	}
	return j, nil
}

// A holding is what a client has, as far as it was told.
type holding struct {
	holds, shared bool
	converts      bool   // it has given up what it had, to have it otherwise
	pending       bool   // an operation was asked for and not answered
	lostTo        string // who was told that it holds the lock, since
	told          bool   // of a failure, since it acquired
}

// Tells reports whether the answer tells a holder that something is wrong: it is
// a failure of what holders ask for, and neither busy nor timeout.
func Tells(e history.Event) bool {
	return e.Kind == history.Fail && !history.IsAcquire(e.F) && e.Error != history.Busy && e.Error != history.Timeout
}

// excludes reports whether both hold the lock, and not as readers.
func (c *holding) excludes(other *holding) bool {
	return c != other && c.holds && other.holds && !(c.shared && other.shared)
}

// follow takes note of the client's next event.
func (c *holding) follow(e history.Event) {
	c.pending = e.Kind == history.Invoke
	switch {
	case e.F == history.Kill:
		*c = holding{}
	case e.Kind == history.Invoke && e.F == history.Unlock:
		c.holds = false
	case e.Kind == history.Ok && history.IsAcquire(e.F):
		*c = holding{holds: true, shared: history.IsShared(e.F)}
	case e.Kind == history.Invoke && history.IsConversion(e.F):
		c.holds, c.converts = false, c.holds
	case history.IsConversion(e.F):
		c.holds, c.converts = c.converts && e.Kind != history.Info, false
		if e.Kind == history.Ok {
			c.shared = e.F == history.Downgrade
		}
	}
}
