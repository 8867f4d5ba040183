package explore

import (
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Attempts is how often a probe asks, in a demonstration that it never gets the
// lock, or fewer times if that takes long: once it has taken longAttempts steps,
// it asks no more. What is shown there is not the proof; see wedged.
const (
	Attempts     = 3
	longAttempts = 100
)

// A demonstration goes on from a state that violates a property of what would
// happen next, so that a run shows it: the others are killed or stopped, and one
// client goes on alone.
type demonstration struct {
	w      *walker
	s      *state
	frame  *frame
	moves  []Move
	budget trial.Budget // what it needs of faults
	err    error
}

// demonstrate returns the moves that show what is wrong with the state, which
// are none where the way to it does, and the faults that are among them.
func (w *walker) demonstrate(s *state, f *frame) ([]Move, trial.Budget, error) {
	d := &demonstration{w: w, s: s, frame: f}
	answers := w.answers
	defer func() { w.answers = answers }()
	s.left = trial.Budget{}
	switch w.property {
	case model.RecoveryName:
		d.others(w.probePlace(), true)
		for n := 0; d.acquire(w.probePlace()) && n+1 < Attempts && len(d.moves) < longAttempts; n++ {
			if w.stale > 0 {
				d.pass(option{env: trial.Jump, dur: w.stale})
			}
		}
	case model.PhantomName:
		d.others(w.probePlace(), false)
		d.acquire(w.probePlace())
	case model.PatienceName:
		if late, is := d.late(); is {
			d.others(late, false)
			d.acquire(late)
		}
	}
	return d.moves, d.budget, d.err
}

// late returns the client whose acquire is under way and patient no more, if
// there is one.
func (d *demonstration) late() (late place, found bool) {
	d.w.others(d.s, nobody, func(at place, t *thread) {
		if found || d.err != nil || !t.pending() {
			return
		}
		late = at
		found, d.err = d.w.monitor.(*patience).late(d.w, d.s, at)
	})
	return late, found
}

// others kills, if that is asked for, those whom the property wants dead, and
// stops the rest.
func (d *demonstration) others(but place, kill bool) {
	w, s := d.w, d.s
	for p := range w.clients {
		at := place{proc: int8(p)}
		switch {
		case p == int(but.proc) || s.gone(p) || p == w.probe:
		case kill && w.strands(s, p):
			d.pass(option{env: trial.Kill, at: at})
			d.budget.Kills++
		case s.busy(p) && !s.procs[p].paused:
			d.pass(option{env: trial.Pause, at: at})
			d.budget.Pauses++
		}
	}
}

// pass makes the option happen.
func (d *demonstration) pass(o option) {
	if d.err != nil {
		return
	}
	d.moves = append(d.moves, d.frame.move(o))
	s, w := d.s, d.w
	switch {
	case o.env == trial.Kill:
		d.err = w.kill(s, int(o.at.proc))
	case o.env == trial.Pause:
		s.procs[o.at.proc].paused = true
	case o.env == trial.Time || o.env == trial.Jump:
		s.now = s.now.Add(o.dur)
		d.budget.Jumps += int(flag(o.env == trial.Jump))
	default:
		if c := s.thread(o.at).at.call; c.Op == sys.OpGo {
			d.frame.start(int(o.at.proc), w.room(s, int(o.at.proc)))
		}
		w.answers = w.answers[:0]
		d.err = w.carryOut(s, o)
	}
}

// acquire lets the client go on alone until it is told something. It reports
// false where it is told nothing: it waits for ever, or circles, which is shown
// twice.
func (d *demonstration) acquire(at place) bool {
	client := d.s.thread(at).client
	seen := map[string]int{}
	for n := 0; n < interleave.MaxSteps && d.err == nil; n++ {
		record := string(d.w.encode(d.s))
		if first, again := seen[record]; again {
			d.moves = append(d.moves, slices.Clone(d.moves[first:])...)
			return false
		}
		seen[record] = len(d.moves)
		o, ok := d.w.ownOption(d.s, at, client)
		if !ok {
			return false
		}
		if o.env == trial.Time && d.running() {
			o.env = trial.Jump
		}
		if d.pass(o); o.env == trial.None && o.at == at && slices.ContainsFunc(d.w.answers, answersAcquire) {
			return d.s.thread(at).status == waiting
		}
	}
	return false
}

func answersAcquire(e history.Event) bool { return history.IsAcquire(e.F) }

// running reports whether some thread could take a step, so that time does not
// pass by itself.
func (d *demonstration) running() bool {
	for p := range d.s.procs {
		for t := range d.s.procs[p].threads {
			if d.w.enabled(d.s, p, t) && p != d.w.probe {
				return true
			}
		}
	}
	return false
}
