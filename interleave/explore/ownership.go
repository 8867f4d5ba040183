package explore

import (
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// ownership follows whose the path is. The note of a holder is 1 while the path
// leads to the file that it led to at the acquire's response, which is then what
// the holder's lock consists of, or is on: where its process has locks of the
// kernel's, one of them is on that file.
type ownership struct{}

func (ownership) before(w *walker, s *state, at place) error {
	w.taking.mayTake = false
	if mayTake(s.thread(at).at.call.Op) {
		w.taking = w.belongings(s, w.taking.locks[:0])
		w.taking.actor = s.thread(at).client // which may be at its end then
	}
	return nil
}

// mayTake reports whether such calls can take a name or a lock away.
func mayTake(op sys.Op) bool {
	switch op {
	case sys.OpUnlink, sys.OpRename, sys.OpRmdir, sys.OpFlock, sys.OpFcntl:
		return true
	case sys.OpClose, sys.OpExec, sys.OpExit, sys.OpLoad, sys.OpStore: // all of them close
		return true
	}
	return false
}

// belongings are what can be taken from holders.
type belongings struct {
	file    int   // that the path leads to
	locks   []int // of each process
	actor   int8  // who takes the step, of its process's clients
	mayTake bool
}

// What a process has of the kernel's locks.
const (
	noLocks = iota
	flockOnly
	withRecords
)

func (w *walker) belongings(s *state, locks []int) belongings {
	b := belongings{file: s.kernel.Named(trial.Path), locks: locks, mayTake: true}
	for p := range w.clients {
		b.locks = append(b.locks, s.locks(p))
	}
	return b
}

func (s *state) locks(p int) int {
	switch {
	case s.kernel.RecordLocks(p):
		return withRecords
	case s.kernel.Locks(p, sim.NoFile):
		return flockOnly
	}
	return noLocks
}

func (o ownership) after(w *walker, s *state, at place, _ uint32) error {
	if w.taking.mayTake {
		o.compare(w, s, at)
	}
	if slices.ContainsFunc(w.answers, claims) {
		file := s.kernel.Named(trial.Path)
		own := file != sim.NoFile && (s.locks(int(at.proc)) == noLocks || s.kernel.Locks(int(at.proc), file))
		s.thread(at).note = uint32(flag(own))
	}
	return nil
}

// compare finds what the step at the place has taken from others.
func (o ownership) compare(w *walker, s *state, at place) {
	actor := w.taking.actor
	moved := s.kernel.Named(trial.Path) != w.taking.file
	w.others(s, place{at.proc, actor}, func(other place, t *thread) {
		if t.holds() == nothing {
			return
		}
		had := w.taking.locks[other.proc]
		dropped := had != noLocks && s.locks(int(other.proc)) == noLocks && (other.proc != at.proc || had == withRecords)
		s.broken = s.broken || dropped || moved && t.note == 1
	})
	if !moved {
		return
	}
	o.forget(w, s)
	if int(actor) >= w.clients[at.proc] {
		return // it was forked
	}
	if own := s.thread(place{at.proc, actor}); own.holds() != nothing {
		own.note = uint32(flag(s.kernel.Named(trial.Path) != sim.NoFile))
	}
}

// forget takes note that the path leads elsewhere.
func (ownership) forget(w *walker, s *state) {
	w.others(s, nobody, func(_ place, t *thread) { t.note = 0 })
}
