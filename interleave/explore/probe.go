package explore

import (
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A probe is a client in a process of its own, the last one, that takes no step
// in the graph. What it would be told, if it asked for the lock in a state, is
// found out aside.

// wedged reports whether a probe never gets the lock once everybody is dead; or,
// where the environment stops processes, once those who hold it are, and the
// others stopped. The proof is that no way of the probe's leads to an acquire:
// all of them are followed, with any time between its steps, until nothing is
// new.
func (w *walker) wedged(s *state) (bool, error) {
	one, err := w.stranded(s)
	if err != nil {
		return false, err
	}
	key := w.keyOf(one, w.probePlace())
	if told, ok := w.solos[key]; ok {
		return told != granted, nil
	}
	got, err := w.probeAcquires(one)
	switch {
	case err == errUnknown:
		return false, nil // all is explored again when it is known
	case err != nil:
		return false, err
	case got:
		w.solos[key] = granted
	default:
		w.solos[key] = endless
	}
	return !got, nil
}

func (w *walker) probePlace() place { return place{int8(w.probe), 0} }

// stranded returns the state with nobody left but the probe. It is valid until
// the next.
func (w *walker) stranded(s *state) (*state, error) {
	one := w.isolate(s, w.probePlace())
	for p := range w.clients {
		if p == w.probe || s.gone(p) || !w.strands(s, p) {
			continue
		}
		if err := w.kill(one, p); err != nil {
			return nil, err
		}
	}
	one.left = trial.Budget{}
	return one, nil
}

// strands reports whether the process is killed before the probe asks, and not
// stopped.
func (w *walker) strands(s *state, p int) bool {
	if w.origin == nil || w.origin.left.Pauses == 0 {
		return true
	}
	for t := range w.clients[p] {
		if s.procs[p].threads[t].holds() != nothing {
			return true
		}
	}
	return false
}

// gone reports whether the process was killed.
func (s *state) gone(p int) bool { return s.kernel.Dead(p) }

// mostProbed bounds what is explored of a probe from one state.
const mostProbed = 20_000

// probeAcquires reports whether some way of the probe's, alone from the state,
// leads to an acquire.
func (w *walker) probeAcquires(from *state) (bool, error) {
	answers, old := w.answers, w.old
	defer func() { w.answers, w.old = answers, old }()
	if got, err := w.probeWaits(from); got || err != nil {
		return got, err
	}
	w.answers = nil
	seen := map[string]bool{}
	queue := []string{string(w.encode(from))}
	seen[queue[0]] = true
	here, there := w.blank(), w.blank()
	unknown := error(nil)
	for len(queue) > 0 {
		// The shortest ways first: along some, time goes on for ever.
		w.decode(here, []byte(queue[0]))
		queue = queue[1:]
		for _, o := range w.probeOptions(here) {
			there.copyFrom(here)
			got, err := w.probeTakes(there, o)
			switch {
			case got:
				return true, nil
			case err == errUnknown:
				unknown = err
				continue
			case err != nil:
				return false, err
			}
			if record := string(w.encode(there)); !seen[record] {
				seen[record] = true
				queue = append(queue, record)
			}
		}
		if len(seen) > mostProbed {
			return false, &Limit{fmt.Sprintf("a client that asks alone comes to more than %d states", mostProbed)}
		}
	}
	return false, unknown
}

// probeOptions returns what the probe can do next, and that time may pass.
func (w *walker) probeOptions(s *state) []option {
	var all []option
	own := s.procs[w.probe].threads
	for t := range own {
		if w.enabled(s, w.probe, t) {
			all = append(all, option{at: place{int8(w.probe), int8(t)}})
		}
	}
	for t := range own {
		if ahead, ok := s.deadline(&own[t]); ok && ahead > 0 {
			all = append(all, option{env: trial.Time, dur: ahead})
		}
	}
	if old := w.ageing(); old > 0 {
		all = append(all, option{env: trial.Time, dur: old})
	}
	return all
}

// probeTakes makes the option happen, and reports whether the probe has acquired.
// A probe that was refused asks again.
func (w *walker) probeTakes(s *state, o option) (got bool, err error) {
	w.answers = w.answers[:0]
	if o.env == trial.Time {
		s.now = s.now.Add(o.dur)
		return false, nil
	}
	if err := w.carryOut(s, o); err != nil {
		return false, err
	}
	return w.probed(s)
}

// probed reports whether the probe's last step was told that it has the lock, and
// lets it ask again where it was told that it has not.
func (w *walker) probed(s *state) (got bool, err error) {
	for _, e := range w.answers {
		if history.IsAcquire(e.F) && e.Kind == history.Ok {
			return true, nil
		}
	}
	if len(w.answers) > 0 {
		s.thread(w.probePlace()).segment = -1
		w.begin(s, w.probePlace())
		err = w.settle(s, w.probePlace())
	}
	return false, err
}

// probeWaits reports whether the probe acquires at its first attempt, right away
// or when what is there has grown old. That is so of most states, and sooner seen
// than by trying everything: where times are compared, time has no end.
func (w *walker) probeWaits(from *state) (bool, error) {
	one := w.blank()
	for _, wait := range []time.Duration{0, w.ageing()} {
		one.copyFrom(from)
		one.now = one.now.Add(wait)
		if told, _, err := w.goAlone(one, w.probePlace()); err != nil || told == granted {
			return told == granted, err
		}
	}
	return false, nil
}

// ageing returns how long it takes until files are old; 0 where none ever is.
func (w *walker) ageing() time.Duration {
	if oldest := w.auto.oldest; w.stale == 0 {
		return oldest
	}
	return w.stale
}

// phantom asks a probe whenever the lock was released and nobody has it or is
// about to: its single try must succeed. The tally is 1 from a release that
// succeeds until somebody acquires, or is killed while it has the lock or has
// asked for something: what the dead leave behind is no phantom.
type phantom struct{}

func (phantom) before(*walker, *state, place) error { return nil }

func (phantom) after(w *walker, s *state, at place, _ uint32) error {
	for _, e := range w.answers {
		switch {
		case e.F == history.Unlock:
			s.tally = uint32(flag(e.Kind == history.Ok))
		case claims(e):
			s.tally = 0
		}
	}
	if s.tally == 0 || s.broken || !w.quiet(s) {
		return nil
	}
	told, err := w.alone(s, w.probePlace())
	if err == errUnknown {
		return nil // all is explored again when it is known
	}
	s.broken = err == nil && told != granted
	return err
}

// killed takes note that the process is about to be.
func (phantom) killed(w *walker, s *state, p int) {
	for t := range w.clients[p] {
		if one := &s.procs[p].threads[t]; one.holds() != nothing || one.busy() {
			s.tally = 0
		}
	}
}

// quiet reports whether no client has the lock or has asked for it.
func (w *walker) quiet(s *state) bool {
	quiet := true
	w.others(s, nobody, func(_ place, t *thread) {
		quiet = quiet && t.holds() == nothing && !t.busy()
	})
	return quiet
}
