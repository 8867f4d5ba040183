package explore

import (
	"testing"

	"github.com/ghostlock/ghostlock/history"
)

// told is a walker whose one client was just told these.
func told(answers ...history.Event) *walker {
	return &walker{auto: &automaton{}, clients: []int{1}, answers: answers}
}

func holder() *state {
	return &state{procs: []process{{threads: []thread{{at: &spot{claim: owning}, status: waiting}}}}}
}

// An update of a value that was left behind before the lock was asked for is
// lost, also where that value is no completed update's.
func TestAnOldValueIsNotCountedOnFrom(t *testing.T) {
	for _, test := range []struct {
		tally uint32
		read  string
		lost  bool
	}{{0b10, "0", true}, {0b10, "2", false}, {0b11, "1", true}, {0b11, "2", false}, {0, "0", false}} {
		s := holder()
		s.tally = test.tally
		note := updating{least: s.complete()}.note()
		w := told(history.Event{Kind: history.Ok, F: history.Read, Value: test.read}, history.Event{Kind: history.Ok, F: history.Write}, history.Event{Kind: history.Ok, F: history.Unlock})
		if err := (update{}).after(w, s, place{}, note); err != nil || s.broken != test.lost || s.thread(place{}).note != 0 {
			t.Errorf("%+v: found %t, note %d, %v", test, s.broken, s.thread(place{}).note, err)
		}
	}
}

// What a client's next hold begins with is nothing, however the last one ended.
func TestNotesEndWithTheirHold(t *testing.T) {
	for _, e := range []history.Event{
		{Kind: history.Fail, F: history.Unlock, Error: history.Lost},
		{Kind: history.Fail, F: history.Lock, Error: history.Busy},
		{Kind: history.Fail, F: history.Lock, Error: "EIO"},
	} {
		for note, m := range map[uint32]monitor{lost: disclosure{}, informed: disclosure{}, updating{read: 1, wrote: true, begun: true}.note(): update{}, uint32(granted): honesty{}} {
			s := holder()
			if err := m.after(told(e), s, place{}, note); err != nil && e.F == history.Unlock || s.thread(place{}).note != 0 {
				t.Errorf("%T: found note %d behind %s, %v", m, s.thread(place{}).note, e, err)
			}
		}
	}
}
