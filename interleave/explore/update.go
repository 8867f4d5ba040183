package explore

import (
	"math/bits"
	"strconv"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/model"
)

// update is model.Update on states. The tally has a bit for each value that a
// completed update has counted on from. An update is lost when one completes
// that counted on from such a value, or from a lower one than was complete
// before it was begun.
type update struct{}

// An updating is a client's note: what its update has come to.
type updating struct {
	read  int // the value, plus 1; 0: none was read
	least int // the value that it must find at the least
	wrote bool
	begun bool // its acquire has made a call, and was not answered
}

func (u updating) note() uint32 {
	return uint32(u.read)&0xff | uint32(u.least)&0xff<<8 | uint32(flag(u.wrote))<<16 | uint32(flag(u.begun))<<17
}

func updatingOf(note uint32) updating {
	return updating{read: int(note & 0xff), least: int(note >> 8 & 0xff), wrote: note>>16&1 != 0, begun: note>>17&1 != 0}
}

// mostUpdates is how many updates a trial may have: as many as the tally has
// bits.
const mostUpdates = 32

func (update) before(_ *walker, s *state, at place) error {
	t := s.thread(at)
	if t.beginning() {
		t.note = updating{least: s.complete(), begun: true}.note()
	}
	return nil
}

// complete returns the lowest value that may be left: one more than the highest
// that a completed update has counted on from. Where every lower value was
// counted on from as well that says no more than the tally does, so it is 0.
func (s *state) complete() int {
	n := bits.Len32(s.tally)
	if n == bits.OnesCount32(s.tally) {
		return 0
	}
	return n
}

func (update) after(w *walker, s *state, at place, note uint32) error {
	u := updatingOf(note)
	for _, e := range w.answers {
		switch {
		case history.IsAcquire(e.F):
			if !u.begun {
				u.least = s.complete() // it made no call: it was asked for right now
			}
			if u.begun = false; e.Kind != history.Ok {
				u = updating{}
			}
		case e.F == history.Read && e.Kind == history.Ok:
			if u.wrote {
				return &Limit{model.TwiceInside}
			}
			n, err := valueOf(e.Value)
			if err != nil {
				return err
			}
			u.read = n + 1
		case e.F == history.Write && e.Kind == history.Ok:
			u.wrote = true
		case e.F == history.Read || e.F == history.Write:
			u = updating{}
		case e.F == history.Unlock:
			if value := u.read - 1; e.Kind == history.Ok && u.wrote && value >= 0 {
				s.broken = s.broken || s.tally&(1<<value) != 0 || value < u.least
				s.tally |= 1 << value
			}
			u = updating{}
		}
	}
	if len(w.answers) > 0 {
		s.thread(at).note = u.note()
	}
	return nil
}

func valueOf(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= mostUpdates {
		return 0, &Limit{"a counter was read that is none: " + strconv.Quote(text)}
	}
	return n, nil
}
