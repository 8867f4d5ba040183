package explore

import (
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// A solo is what an acquire would be told if its client went on alone from where
// it is invoked. It is kept from there to the acquire's response, and only while
// honesty is asked about and the code is known to fail with anything but busy or
// timeout.
type solo uint16

const (
	unasked solo = iota // no acquire is under way
	endless             // it never returns, so nothing can be said
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
	one := &w.solitary
	one.copyFrom(s)
	one.left, one.last = trial.Budget{}, nobody
	client := one.thread(at).client
	for p := range one.procs {
		one.procs[p].paused = false
		for i := range one.procs[p].threads {
			t := &one.procs[p].threads[i]
			if p != int(at.proc) || t.client != client {
				*t = thread{at: w.auto.gone[nothing], status: ended, client: t.client}
			}
		}
	}
	record := w.encode(one)
	where := byte(slices.Index(w.enc.order, int(at.proc)))
	key := string(append(record, where, byte(at.thread)))
	if told, ok := w.solos[key]; ok {
		return told, nil
	}
	told, err := w.goAlone(one, at, client)
	if err == nil {
		w.solos[key] = told
	}
	return told, err
}

// goAlone is interleave.Alone on a state in which nobody else is left. A state
// that comes back shows that the acquire has no end.
func (w *walker) goAlone(one *state, at place, client int8) (solo, error) {
	answers := w.answers
	defer func() { w.answers = answers }()
	w.answers = nil
	seen := map[string]bool{}
	for range interleave.MaxSteps {
		o, ok := w.ownOption(one, at, client)
		if !ok {
			return endless, nil
		}
		if o.env == trial.Time {
			one.now = one.now.Add(o.dur)
			if record := string(w.encode(one)); seen[record] {
				return endless, nil
			} else {
				seen[record] = true
			}
			continue
		}
		if err := w.carryOut(one, o); err != nil {
			return 0, err
		}
		if o.at == at && len(w.answers) > 0 {
			return w.soloOf(w.answers[0]), nil
		}
	}
	return endless, nil
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

// judgeResponses compares what the thread's client was told with what it would
// have been told alone.
func (w *walker) judgeResponses(s *state, at place) {
	t := s.thread(at)
	for _, e := range w.answers {
		if hard(e) && t.alone != endless && t.alone != w.soloOf(e) {
			s.lied = true
		}
	}
	if len(w.answers) > 0 {
		t.alone = unasked
	}
}

// judges reports whether the walker has to follow what acquires would be told
// alone.
func (a *automaton) judges(property string) bool {
	return property == model.HonestyName && a.hard
}
