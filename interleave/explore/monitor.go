package explore

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// A monitor follows a property that a state alone does not decide: it keeps a
// note at each client's own thread, and a tally in the state, and sets broken
// when the property is violated. Both belong to the state, so a monitor keeps as
// little as decides.
//
// A new note is 0. It is so again when a client begins the next segment of its
// workload; after is given the one before.
type monitor interface {
	before(w *walker, s *state, at place) error
	after(w *walker, s *state, at place, note uint32) error
}

// watch finds who follows the question's property.
func (w *walker) watch(t *trial.Trial) error {
	property, err := model.PropertyByName(w.property)
	if err != nil {
		return err
	}
	if property.Probes {
		w.probe = t.Clients[len(t.Clients)-1].Proc
	}
	switch w.property {
	case model.HonestyName:
		if !w.auto.hard {
			return nil
		}
		if t.Budget.Errors > 0 {
			// Alone an acquire meets the same faults, which a state does not tell.
			return &Limit{"the honesty of acquires whose calls are made to fail is not explored"}
		}
		w.monitor = honesty{}
	case model.UpdateName:
		w.monitor = update{}
	case model.DisclosureName:
		w.monitor = disclosure{}
	case model.OwnershipName:
		w.monitor = ownership{}
	case model.PhantomName:
		w.monitor = phantom{}
	case model.PatienceName:
		w.monitor = newPatience(t)
	}
	return nil
}

// follows returns a [Limit] where the monitor would not hear of an acquire: one
// that makes no call is over before the code comes to its first.
func (w *walker) follows() error {
	switch w.property {
	case model.UpdateName, model.DisclosureName, model.OwnershipName, model.PhantomName:
	default:
		return nil
	}
	for _, process := range w.plans {
		for _, client := range process {
			for _, begins := range client {
				if begins.claim != nothing {
					return &Limit{"an acquire that makes no call is not followed for " + w.property}
				}
			}
		}
	}
	return nil
}

// bad reports whether the state violates the property that is asked about.
func (w *walker) bad(s *state) (bool, error) {
	switch {
	case w.monitor != nil:
		return s.broken, nil
	case w.property == model.ExclusionName:
		return w.violated(s), nil
	case w.property == model.RecoveryName:
		return w.wedged(s)
	}
	return false, nil
}

// breaks reports whether the step from one state to the other violates the
// property, which was not violated before.
func (w *walker) breaks(here, there *state) (bool, error) {
	bad, err := w.bad(there)
	if !bad || err != nil {
		return false, err
	}
	before, err := w.bad(here)
	return !before, err
}

// pending reports whether the thread's client has invoked an acquire and not been
// answered.
func (t *thread) pending() bool {
	return t.status == waiting && (t.at.asks || t.at.begins && (t.asked || t.invoked))
}

// beginning reports whether an acquire is what the thread's call begins.
func (t *thread) beginning() bool { return t.at.begins && !t.asked && !t.invoked }

// busy reports whether the thread's client has asked for something and was not
// answered.
func (t *thread) busy() bool { return t.status == waiting && (t.at.busy || t.asked || t.invoked) }

// others calls do with the own threads of all clients but the one at the place.
func (w *walker) others(s *state, at place, do func(place, *thread)) {
	for p := range w.clients {
		for t := range w.clients[p] {
			if other := (place{int8(p), int8(t)}); other != at {
				do(other, s.thread(other))
			}
		}
	}
}

// claims reports whether the answer makes its client a holder. A conversion has
// given up what there was and makes a claim anew, also where it is refused.
func claims(e history.Event) bool {
	return e.Kind == history.Ok && history.IsAcquire(e.F) || history.IsConversion(e.F)
}
