package explore

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Move is a step of a schedule as the choice that it is.
type Move struct {
	Env   trial.Env
	TID   sys.TID       // of a thread's step; of the environment's on a process, that
	Fault sys.Errno     // the environment makes the thread's call fail
	Dur   time.Duration // of Time, Jump and Wall
}

// A frame tells the processes and threads of a state by their real names: those
// that they have in a run.
type frame struct {
	proc    []int   // of each process of the state
	thread  [][]int // of each place for a thread, by state's process
	started []int   // threads, by real process
}

func (w *walker) frame() *frame {
	f := &frame{}
	for p, n := range w.clients {
		f.proc = append(f.proc, p)
		f.started = append(f.started, n)
		var threads []int
		for t := range n {
			threads = append(threads, t)
		}
		f.thread = append(f.thread, threads)
	}
	return f
}

// move returns the option as a move.
func (f *frame) move(o option) Move {
	m := Move{Env: o.env, Fault: o.fault, Dur: o.dur}
	if o.onProcess() {
		m.TID.Proc = uint8(f.proc[o.at.proc])
	}
	if o.env == trial.None {
		m.TID.Thread = uint8(f.thread[o.at.proc][o.at.thread])
	}
	return m
}

// start notes that a thread was started in a place of the process.
func (f *frame) start(proc, place int) {
	for len(f.thread[proc]) <= place {
		f.thread[proc] = append(f.thread[proc], 0)
	}
	f.thread[proc][place] = f.started[f.proc[proc]]
	f.started[f.proc[proc]]++
}

// taken notes what thread the option, taken from the state, has started.
func (f *frame) taken(w *walker, here *state, o option) {
	if o.env != trial.None || o.fault != 0 {
		return
	}
	switch here.thread(o.at).at.call.Op {
	case sys.OpGo:
		f.start(int(o.at.proc), w.room(here, int(o.at.proc)))
	case sys.OpFork:
		f.start(here.kernel.NextProcess(), 0)
	}
}

// permute gives the processes their places after a step.
func (f *frame) permute(order []int) {
	proc, thread := slices.Clone(f.proc), slices.Clone(f.thread)
	for i, p := range order {
		f.proc[i], f.thread[i] = proc[p], thread[p]
	}
}

// retrace finds the steps between the states of a way, which are given from the
// last one to the first: at the first all processes of a class are alike, so
// each is in its place. What a state was met from is stored, and by which step
// is not: that is found by taking all of them again.
//
// Each step is told to taken, with the state that it is taken from. The frame
// is that of the last state.
func (w *walker) retrace(records [][]byte, taken func(*state, option)) ([]Move, *frame, error) {
	var moves []Move
	here, there := w.blank(), w.blank()
	f := w.frame()
	for i := len(records) - 1; i > 0; i-- {
		w.decode(here, records[i])
		o, err := w.stepTo(here, there, records[i-1])
		if err != nil {
			return nil, nil, err
		}
		order := slices.Clone(w.enc.order)
		taken(here, o)
		moves = append(moves, f.move(o))
		f.taken(w, here, o)
		f.permute(order)
	}
	return moves, f, nil
}

// stepTo returns the option that leads from a state to the one with the record.
// Of processes that are alike any could take the step; then it is the one that
// took the last, if that is asked for, because it is no switch.
func (w *walker) stepTo(here, there *state, record []byte) (option, error) {
	options := w.options(here, nil)
	slices.SortStableFunc(options, func(a, b option) int { return int(flag(here.switches(a))) - int(flag(here.switches(b))) })
	for _, o := range options {
		there.copyFrom(here)
		if w.take(there, o) == nil && bytes.Equal(w.encode(there), record) {
			return o, nil
		}
	}
	return option{}, fmt.Errorf("retrace a schedule: found no step to a state that was met")
}

// A Guide is a chooser that makes these moves and then stops the run.
type Guide struct {
	moves []Move
	at    int
}

// NewGuide returns a chooser that makes the moves.
func NewGuide(moves []Move) *Guide { return &Guide{moves: moves} }

// Choose implements interleave.Chooser.
func (g *Guide) Choose(m *interleave.Menu) (int, error) {
	if g.at == len(g.moves) {
		return 0, interleave.ErrStop
	}
	want := g.moves[g.at]
	g.at++
	for i := range m.Options {
		if moveOf(m, i) == want {
			return i, nil
		}
	}
	return 0, fmt.Errorf("step %d: the lock code does not do what it did while it was learned; "+
		"it has an input that is no call, or keeps state from one round or operation to the next", g.at)
}

// Took implements interleave.Chooser.
func (g *Guide) Took(trial.Step) error { return nil }

// moveOf returns the menu's option as a move.
func moveOf(m *interleave.Menu, i int) Move {
	o := m.Options[i]
	move := Move{Env: o.Env, Fault: o.Fault, Dur: o.Dur}
	if o.Env == trial.None {
		move.TID = m.TID(i)
	} else {
		move.TID.Proc = uint8(o.Proc)
	}
	return move
}
