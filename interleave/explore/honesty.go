package explore

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// A solo is what an acquire would be told if its client went on alone from where
// it is invoked. It is kept from there to the acquire's response, and only while
// honesty is asked about and the code is known to fail with anything but busy or
// timeout.
type solo uint32

const (
	unasked solo = iota // no acquire is under way
	endless             // it never returns: it does the same again and again
	stuck               // it never returns: it waits for those who stand still
	granted             // it is told ok
	refused             // and from here on: told the automaton's errors, in order
)

// hard reports whether the response is a failure that honesty is about: an
// acquire's that is neither busy nor timeout.
func hard(e history.Event) bool {
	return history.IsAcquire(e.F) && e.Kind == history.Fail && e.Error != history.Busy && e.Error != history.Timeout
}

// alone returns what the acquire that the thread at hand is about to begin is
// told if all others stand still. What the others would do next does not matter
// for that, so it is remembered without it.
func (w *walker) alone(s *state, at place) (solo, error) {
	one := w.isolate(s, at)
	key := w.keyOf(one, at)
	if told, ok := w.solos[key]; ok {
		return told, nil
	}
	told, _, err := w.goAlone(one, at)
	if err == nil {
		w.solos[key] = told
	}
	return told, err
}

// isolate returns the state with everybody but the thread's client standing
// still for ever. It is valid until the next.
func (w *walker) isolate(s *state, at place) *state {
	one := &w.solitary
	one.copyFrom(s)
	one.left, one.last, one.broken, one.tally = trial.Budget{}, nobody, false, 0
	client := one.thread(at).client
	for p := range one.procs {
		one.procs[p].paused = false
		for i := range one.procs[p].threads {
			t := &one.procs[p].threads[i]
			if t.note = 0; p != int(at.proc) || t.client != client {
				*t = thread{at: w.auto.gone[nothing], status: ended, client: t.client}
			}
		}
	}
	return one
}

// keyOf tells what a client does alone by the state that it is in.
func (w *walker) keyOf(one *state, at place) string {
	record := w.encode(one)
	where := byte(slices.Index(w.enc.order, int(at.proc)))
	return string(append(record, where, byte(at.thread)))
}

// goAlone is interleave.Alone on a state in which nobody else is left: it takes
// the client's steps until its operation returns, and tells how long that took. A
// state that comes back shows that it has no end. The steps are left in w.steps.
func (w *walker) goAlone(one *state, at place) (told solo, took time.Duration, err error) {
	answers, old := w.answers, w.old
	defer func() { w.answers, w.old = answers, old }()
	w.answers, w.steps = nil, w.steps[:0]
	client, begun := one.thread(at).client, one.now.Mono
	seen := map[string]bool{}
	for range interleave.MaxSteps {
		o, ok := w.ownOption(one, at, client)
		if !ok {
			return stuck, one.now.Mono - begun, nil
		}
		w.steps = append(w.steps, o)
		if o.env == trial.Time {
			one.now = one.now.Add(o.dur)
		} else if err := w.carryOut(one, o); err != nil {
			return 0, 0, err
		} else if o.at == at && len(w.answers) > 0 {
			return w.soloOf(w.answers[0]), one.now.Mono - begun, nil
		}
		record := string(w.encode(one))
		if seen[record] {
			return endless, one.now.Mono - begun, nil
		}
		seen[record] = true
	}
	return endless, one.now.Mono - begun, nil
}

// ownOption returns what the client does next when it is alone: a step of its
// own thread, of another one that it started, or to let time pass.
func (w *walker) ownOption(s *state, at place, client int8) (option, bool) {
	if w.enabled(s, int(at.proc), int(at.thread)) {
		return option{at: at}, true
	}
	threads := s.procs[at.proc].threads
	nearest := option{env: trial.Time}
	for t := range threads {
		if threads[t].status != waiting || threads[t].client != client {
			continue
		}
		if w.enabled(s, int(at.proc), t) {
			return option{at: place{at.proc, int8(t)}}, true
		}
		if ahead, ok := s.deadline(&threads[t]); ok && (nearest.dur == 0 || ahead < nearest.dur) {
			nearest.dur = ahead
		}
	}
	return nearest, nearest.dur > 0
}

// soloOf returns the solo that ends with the response.
func (w *walker) soloOf(e history.Event) solo {
	if e.Kind == history.Ok {
		return granted
	}
	for i, text := range w.auto.errors {
		if text == e.Error {
			return refused + solo(i)
		}
	}
	return endless
}

// honesty compares what acquires are told with what they would have been told
// alone. The note is the [solo] of the acquire under way.
type honesty struct{}

func (honesty) before(w *walker, s *state, at place) error {
	t := s.thread(at)
	if !t.beginning() {
		return nil
	}
	told, err := w.alone(s, at)
	t.note = uint32(told)
	return err
}

func (honesty) after(w *walker, s *state, at place, note uint32) error {
	for _, e := range w.answers {
		alone := solo(note)
		if hard(e) && alone > stuck && alone != w.soloOf(e) {
			s.broken = true
		}
		note = uint32(unasked) // an acquire that makes no call meets nobody
	}
	if len(w.answers) > 0 {
		s.thread(at).note = uint32(unasked)
	}
	return nil
}
