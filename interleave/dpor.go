package interleave

import (
	"errors"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// DPOR enumerates traces: of all runs that differ only in the order of steps
// that do not conflict it makes one. Run, then Next, until that reports false.
//
// It is source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Source
// Sets: A Foundation for Optimal Dynamic Partial Order Reduction, JACM 2017).
// Wherever a run has two steps that conflict and could be in the other order,
// another is made that has them so. A step sleeps where all runs that begin
// with it were made before, until one that conflicts with it is taken; a run in
// which every option sleeps is given up, for it would be one of those again.
//
// What holds of one run of a trace holds of all, if it is about the clients'
// calls and answers and about which claims overlap, see footprint.claim. That
// goes for exclusion. It does not go for what is asked of states in between:
// honesty looks at the state in which an acquire was invoked.
//
// The environment is part of the search. A call that is made to fail goes where
// the call would, and so does a kill of its process. Where a pause, a jump or an
// unlink outside may still come every option is tried, so that sleep sets alone
// reduce the search there.
type DPOR struct {
	observer
	steps   int
	every   bool // try every option everywhere
	nodes   []node
	waiting []wish // flocks that wait after the last step

	runs, blocked int
	pruned        bool
}

// A wish is a call that waits.
type wish struct {
	by   sys.TID
	call sys.Call
}

// NewDPOR returns an enumerator of the traces of a trial on the machine, whose
// runs are cut after so many steps.
func NewDPOR(m sys.Machine, steps int) *DPOR {
	d := &DPOR{steps: steps, observer: observer{reuse: reuses(m), remote: sim.FromDocuments(m.Profile())}}
	d.could = d.reversible
	return d
}

// NewSleepSets returns one that tries every option that does not sleep. It
// finds the same traces with no reasoning about races, and gives many more runs
// up on its way: a yardstick for the other.
func NewSleepSets(m sys.Machine, steps int) *DPOR {
	d := NewDPOR(m, steps)
	d.every = true
	return d
}

// Runs returns the number of runs begun.
func (d *DPOR) Runs() int { return d.runs }

// Blocked returns the number of runs that were given up because every option
// slept: they are no traces.
func (d *DPOR) Blocked() int { return d.blocked }

// Pruned reports whether a run was cut: what lies behind was not enumerated,
// and neither were runs that only it would have asked for.
func (d *DPOR) Pruned() bool { return d.pruned }

// Choose implements Chooser.
func (d *DPOR) Choose(m *Menu) (int, error) {
	if m.Step == 0 {
		if m.run.trial.Forks() > 0 {
			return 0, errors.New("found a workload that forks, wanted none: traces are not enumerated where descriptors are shared by processes")
		}
		d.runs++
		d.waiting = nil
	}
	if m.Step >= d.steps {
		d.pruned = true
		return 0, ErrStop
	}
	if m.Step == len(d.nodes) {
		n := d.newNode(m)
		if n.taken = n.next(); n.taken < 0 {
			d.blocked++
			return 0, ErrStop
		}
		d.nodes = append(d.nodes, n)
	} else if err := d.nodes[m.Step].same(m); err != nil {
		return 0, err
	}
	i := d.nodes[m.Step].taken
	if id := idOf(m, i); m.Step == len(d.events) && (id.env == trial.Kill || id.fault == sys.EINTR) {
		d.denied()
	}
	d.chose(m, i)
	return i, nil
}

// Took implements Chooser.
func (d *DPOR) Took(s trial.Step) error {
	e, fresh, err := d.took(s)
	if err != nil {
		return err
	}
	if fresh {
		for _, i := range d.relate(e) {
			d.reverse(i, e)
		}
		d.events = append(d.events, *e)
		d.nodes[len(d.events)-1].touched(e.print)
	}
	d.waiting = d.waiting[:0]
	for _, t := range d.run.threads {
		if t.state == waiting {
			d.heed(t)
		}
	}
	return nil
}

// heed notes what the thread, which has not ended, announced. Some of that is
// beyond the rules for races, and then every option is tried everywhere:
//
//   - Steps of threads that are left behind when all clients are done. They are
//     cut off by a step that they need not conflict with.
//   - Record locks and mutexes that wait, and calls of which nothing is known.
//
// It is early enough to begin with that once it is seen. A run that the rules
// fail to ask for is missed at a place where another was made which shows why,
// and that place is still to be left.
func (d *DPOR) heed(t *thread) {
	_, known := taught[t.call.Op]
	waitsForRecord := t.call.Op == sys.OpFcntl && (t.call.Flags == sys.F_SETLKW || t.call.Flags == sys.F_OFD_SETLKW)
	if !known || waitsForRecord || t.call.Op == sys.OpMutex || d.world.strange || d.run.finished() {
		d.every = true
		for i := range d.nodes {
			d.nodes[i].wantAll()
		}
	}
	if waits(t.call) && !d.run.enabled(t) {
		d.waiting = append(d.waiting, wish{t.id, t.call})
	}
}

// Next prepares the next run. It reports false when there is none.
func (d *DPOR) Next() bool {
	d.denied()
	d.pruned = d.pruned || len(d.events) >= MaxSteps
	for len(d.nodes) > 0 {
		at := len(d.nodes) - 1
		n := &d.nodes[at]
		n.explored[n.taken] = d.events[at].print
		d.events = d.events[:at]
		if n.taken = n.next(); n.taken >= 0 {
			return true
		}
		d.nodes = d.nodes[:at]
	}
	return false
}

// same reports as an error that the menu is not the one of the run before.
func (n *node) same(m *Menu) error {
	same := len(n.ids) == len(m.Options)
	for i := 0; same && i < len(n.ids); i++ {
		same = n.ids[i] == idOf(m, i)
	}
	if !same {
		return &Unsteady{m.Step, "other options", "those"}
	}
	return nil
}
