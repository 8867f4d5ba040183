package interleave

import (
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// FstatAsStat makes the search take fstat for stat of the path: it then looks
// at what the path leads to as well. It returns what undoes that.
func FstatAsStat(path string) (undo func()) {
	was := taught[sys.OpFstat]
	taught[sys.OpFstat] = func(l look) {
		was(l)
		l.looks(ofPath(entryKind, path))
	}
	return func() { taught[sys.OpFstat] = was }
}

// RaceWithTheRelease makes the search take every step that conflicts with a
// call for one that it could be taken before, also a release that it waits for.
func (d *DPOR) RaceWithTheRelease() *DPOR {
	d.could = func(*event, int) bool { return true }
	return d
}

// Conflict reports whether the last two of these steps conflict. They are of p0
// and so on, with p0.b for a second thread of p0, and there is a file l in the
// beginning.
func Conflict(steps []trial.Step, reuse bool) bool {
	w := newWorld(&trial.Trial{Start: []sys.Entry{{Name: trial.Path}}}, reuse)
	var prints []*footprint
	for _, s := range steps {
		by := sys.TID{Proc: s.Thread[1] - '0'}
		if len(s.Thread) > 2 {
			by.Thread = 1
		}
		prints = append(prints, w.step(by, s))
	}
	n := len(prints)
	return prints[n-2].conflicts(prints[n-1])
}
