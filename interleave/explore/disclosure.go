package explore

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/model"
)

// disclosure is model.Disclosure on states. The note of a holder says whether
// somebody else was told that it holds the lock, and whether the holder knows.
type disclosure struct{}

// What a holder's note says.
const (
	sole     uint32 = iota
	lost            // somebody else was told that it holds the lock
	informed        // the holder was told of a failure
)

func (disclosure) before(*walker, *state, place) error { return nil }

func (d disclosure) after(w *walker, s *state, at place, note uint32) error {
	for _, e := range w.answers {
		switch {
		case e.F == history.Unlock:
			s.broken = s.broken || e.Kind == history.Ok && note == lost
			note = sole
		case history.IsAcquire(e.F) && e.Kind != history.Ok:
			note = sole
		case model.Tells(e):
			note = informed
		case history.IsConversion(e.F) && e.Kind != history.Ok && note == sole:
			d.excluded(w, s, at, func(*thread) { note = lost })
		case claims(e) && e.Kind == history.Ok:
			d.excluded(w, s, at, func(t *thread) {
				if t.note == sole && t.status == waiting { // who has ended releases nothing
					t.note = lost
				}
			})
		}
	}
	if len(w.answers) > 0 {
		s.thread(at).note = note
	}
	return nil
}

// excluded calls do with all who hold the lock in a way that excludes how the
// client at the place does.
func (disclosure) excluded(w *walker, s *state, at place, do func(*thread)) {
	own := s.thread(at).holds()
	w.others(s, at, func(_ place, t *thread) {
		if c := t.holds(); c == owning || c == sharing && own == owning {
			do(t)
		}
	})
}
