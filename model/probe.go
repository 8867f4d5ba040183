package model

import (
	"fmt"
	"strings"

	"github.com/ghostlock/ghostlock/history"
)

// recovery and phantom are judged by what a probe is told: a fresh client that
// asks for the lock, alone, when the others have done what they did.

func recovery() Property {
	return Property{
		Name:   RecoveryName,
		Holds:  "from every reachable state, once whoever is inside was killed, the others being dead or stopped, some run of a fresh client alone acquires",
		By:     "a fresh client that asks again and again",
		Probes: true,
		Judge:  func(h history.History, m Means) (Judgement, error) { return Recovery(h, m) },
	}
}

func phantom() Property {
	return Property{
		Name:   PhantomName,
		Holds:  "after a release, with nobody inside or about to be, a fresh client's single try succeeds, however the others (children included) are stopped",
		By:     "a fresh client that tries once",
		Probes: true,
		Judge:  func(h history.History, m Means) (Judgement, error) { return Phantom(h, m) },
	}
}

// Recovery judges whether the probe of m got the lock. It asked when nobody
// held it any more, and nobody else took part from then on; each time it was
// refused it asked again, later. Where m says that the run is stuck, an acquire that
// did not return never will.
//
// That no further attempt would succeed is not in a history: a search through
// what the probe can do from there shows it.
func Recovery(h history.History, m Means) (Judgement, error) {
	return judgeProbe(h, m, RecoveryName, func(others map[string]*holding, _ bool) string {
		for name, c := range others {
			if c.holds {
				return name + " holds the lock"
			}
		}
		return ""
	})
}

// Phantom judges whether the probe of m got the lock by its only try, when the
// lock was released, nobody held it or had asked for it, and what happened to it
// last was that release: nobody acquired or was killed inside since.
func Phantom(h history.History, m Means) (Judgement, error) {
	return judgeProbe(h, m, PhantomName, func(others map[string]*holding, released bool) string {
		for name, c := range others {
			if c.holds || c.pending {
				return name + " holds the lock or is about to"
			}
		}
		if !released {
			return "nobody has released the lock"
		}
		return ""
	})
}

// judgeProbe judges what the probe was told. Unfit says why the others do not
// allow a judgement.
func judgeProbe(h history.History, m Means, property string, unfit func(others map[string]*holding, released bool) string) (Judgement, error) {
	j := Judgement{Property: property, At: -1}
	if err := h.Validate(); err != nil {
		return j, fmt.Errorf("%s: %w", property, err)
	}
	probe := m.Probe
	if probe == "" {
		j.Why = "no client of the history is a probe"
		return j, nil
	}
	others, released, asked := map[string]*holding{}, false, false
	var refusals []string
	for _, e := range h {
		if e.Process != probe {
			if asked {
				j.Why = fmt.Sprintf("%s is not alone: %s goes on", probe, e.Process)
				return j, nil
			}
			if others[e.Process] == nil {
				others[e.Process] = &holding{}
			}
			released = others[e.Process].frees(e, released)
			continue
		}
		if !asked {
			if j.Why = unfit(others, released); j.Why != "" {
				return j, nil
			}
		}
		asked = true
		switch {
		case e.Kind == history.Ok && history.IsAcquire(e.F):
			j.Verdict, j.Why = Holds, probe+" acquires"
			return j, nil
		case e.Kind == history.Fail && history.IsAcquire(e.F):
			refusals = append(refusals, e.Error)
		}
	}
	pending := asked && h[len(h)-1].Kind == history.Invoke
	switch {
	case !asked || pending && !m.Stuck:
		j.Why = probe + " was not told anything"
		return j, nil
	case pending:
		refusals = append(refusals, "waits for ever")
	}
	j.Verdict, j.At, j.Steps = Violated, len(h)-1, m.Steps
	j.Why = fmt.Sprintf("%s asks alone and does not get the lock: %s", probe, strings.Join(refusals, ", "))
	return j, nil
}

// frees follows the client's next event and returns whether the lock counts as
// released behind it. What the dead leave behind is no phantom.
func (c *holding) frees(e history.Event, released bool) bool {
	engaged := c.holds || c.pending
	c.follow(e)
	switch {
	case e.F == history.Kill:
		return released && !engaged
	case e.Kind == history.Invoke:
		return released
	case e.F == history.Unlock:
		return e.Kind == history.Ok
	case e.Kind == history.Ok && history.IsAcquire(e.F), history.IsConversion(e.F):
		return false
	}
	return released
}
