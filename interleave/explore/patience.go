package explore

import (
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// patience follows how long acquires take, and whether one that goes on alone
// comes to an end. The state keeps when each that is under way was invoked.
type patience struct {
	trial *trial.Trial
	most  time.Duration // beyond it all times are the same
	since time.Duration // when the acquire was invoked that a step is taken of
	waits map[string]wait
}

// A wait is how an acquire that is under way goes on alone.
type wait struct {
	told solo
	took time.Duration
}

func newPatience(t *trial.Trial) *patience {
	p := &patience{trial: t, waits: map[string]wait{}}
	for _, c := range t.Clients {
		for _, a := range c.Work {
			if bound, bounded := t.Bound(a.Verb.String()); bounded {
				p.most = max(p.most, bound+1)
			}
		}
	}
	return p
}

// timed reports whether states keep when acquires were invoked.
func (w *walker) timed() bool {
	_, is := w.monitor.(*patience)
	return is
}

func (m *patience) before(_ *walker, s *state, at place) error {
	t := s.thread(at)
	if t.beginning() {
		t.since = s.now.Mono
	}
	m.since = t.since
	return nil
}

func (m *patience) after(w *walker, s *state, at place, _ uint32) error {
	took := s.now.Mono - m.since
	for _, e := range w.answers {
		if history.IsAcquire(e.F) {
			bound, bounded := m.trial.Bound(e.F)
			s.broken = s.broken || bounded && took > bound
		}
	}
	for p := range w.clients {
		for t := range w.clients[p] {
			one := place{int8(p), int8(t)}
			if s.broken || one != at && !w.blocked(s, one) {
				continue // who can go on will, and is looked at then
			}
			if err := m.look(w, s, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// blocked reports whether the thread waits for others, and not for a clock.
func (w *walker) blocked(s *state, at place) bool {
	_, timed := s.deadline(s.thread(at))
	return !timed && !s.procs[at.proc].paused && !w.enabled(s, int(at.proc), int(at.thread))
}

// look sets broken where the acquire that the client has under way, if it has
// one, is patient no more.
func (m *patience) look(w *walker, s *state, at place) (err error) {
	if s.thread(at).pending() {
		s.broken, err = m.late(w, s, at)
	}
	return err
}

// late reports whether the acquire would go on for too long if everybody else
// stood still.
func (m *patience) late(w *walker, s *state, at place) (bool, error) {
	one := w.isolate(s, at)
	key := w.keyOf(one, at)
	alone, known := m.waits[key]
	if !known {
		told, left, err := w.goAlone(one, at)
		if err == errUnknown {
			return false, nil // all is explored again when it is known
		}
		if err != nil {
			return false, err
		}
		alone = wait{told, left}
		m.waits[key] = alone
	}
	bound, bounded := m.trial.Bound(w.acquiring(s, at))
	if bounded {
		took := s.now.Mono - s.thread(at).since
		return alone.told == endless || alone.told == stuck || took+alone.took > bound, nil
	}
	return alone.told == endless && !w.contested(s, at), nil
}

// acquiring returns what the client at the place has asked for.
func (w *walker) acquiring(s *state, at place) string {
	return s.thread(at).at.from.op.String()
}

// contested reports whether another client has the lock, or has asked for it.
func (w *walker) contested(s *state, at place) bool {
	contested := false
	w.others(s, at, func(_ place, t *thread) { contested = contested || t.holds() != nothing || t.busy() })
	return contested
}
