package explore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A walker takes steps from state to state. It is for one goroutine.
type walker struct {
	auto  *automaton
	stale time.Duration // the age at which the lock calls a file old

	origin   *state      // the first one
	clients  []int       // of each process, how many: of those to be forked, none
	plans    [][][]*spot // of each client of a process, where the segments of its workload begin
	class    []int       // processes of one class do the same
	budgeted []func(*trial.Budget) *int

	symmetry   bool // processes of one class may change places
	lastCounts bool // who took the last step belongs to the state
	property   string
	profile    string
	monitor    monitor         // follows the property, where a state does not tell whether it is violated
	probe      int             // the process that takes no step but alone; -1: none
	solos      map[string]solo // what clients are told alone, by state and thread
	solitary   state
	steps      []option // of who went alone
	taking     belongings

	enc     encoder
	answers []history.Event // of the last step
	old     bool            // it was told that a file is old
	lessons []lesson        // what is not known of the code
	missed  map[lesson]bool // and the same, to find it
}

// newWalker returns a walker of the trial for the automaton, and its first
// state.
func newWalker(q *Question, auto *automaton) (*walker, *state, error) {
	t := q.Trial
	procs := t.Procs() + t.Forks()
	if procs > maxProcs {
		return nil, nil, &Limit{fmt.Sprintf("found %d processes, wanted at most %d", procs, maxProcs)}
	}
	w := &walker{
		auto: auto, stale: t.Config.Stale, symmetry: !q.NoSymmetry && !auto.pids && t.Forks() == 0,
		property: cmp.Or(q.Property, model.ExclusionName), profile: q.Profile, probe: -1, solos: map[string]solo{}, missed: map[lesson]bool{},
	}
	works := make([]string, procs)
	w.clients = make([]int, procs)
	if err := w.watch(t); err != nil {
		return nil, nil, err
	}
	for _, client := range t.Clients {
		w.clients[client.Proc]++
		works[client.Proc] += client.Work.String() + "\n"
		for len(w.plans) <= client.Proc {
			w.plans = append(w.plans, nil)
		}
		w.plans[client.Proc] = append(w.plans[client.Proc], auto.plan(client.Work))
	}
	for p := range works {
		w.class = append(w.class, p)
		if p > 0 && p != w.probe && works[p] == works[p-1] {
			w.class[p] = w.class[p-1]
		}
	}
	w.budgeted = budgeted(t.Budget)
	err := w.follows()
	if err != nil {
		return nil, nil, err
	}
	w.origin, err = w.first(t, sim.RulesOf(q.Profile))
	return w, w.origin, err
}

// maxProcs is how many processes a trial may have: as many as a byte can name
// with their threads.
const maxProcs = 255 / maxThreads

// blank returns a state to decode others into.
func (w *walker) blank() *state {
	s := &state{}
	s.copyFrom(w.origin)
	return s
}

// lessonsOf returns what a walker that came to nothing has met that is not known.
func (w *walker) lessonsOf() []lesson {
	if w == nil {
		return nil
	}
	return w.lessons
}

// budgeted returns the parts of a budget that are not 0.
func budgeted(b trial.Budget) []func(*trial.Budget) *int {
	var parts []func(*trial.Budget) *int
	for _, part := range []func(*trial.Budget) *int{
		func(b *trial.Budget) *int { return &b.Kills },
		func(b *trial.Budget) *int { return &b.Pauses },
		func(b *trial.Budget) *int { return &b.Jumps },
		func(b *trial.Budget) *int { return &b.Errors },
		func(b *trial.Budget) *int { return &b.Unlinks },
		func(b *trial.Budget) *int { return &b.Walls },
	} {
		if *part(&b) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

// enter lets a client come to its first call. It may have been told something by
// then, of acquires that make none.
func (w *walker) enter(s *state, at place) error {
	w.answers = nil
	err := w.settle(s, at)
	if err != nil || w.monitor == nil {
		return err
	}
	return w.monitor.after(w, s, at, 0)
}

// first returns the state before the first step.
func (w *walker) first(t *trial.Trial, rules sim.Rules) (*state, error) {
	kernel, err := sim.New(rules, t.Setup())
	if err != nil {
		return nil, err
	}
	kernel.Reserve(t.Forks())
	s := &state{left: t.Budget, last: nobody}
	s.kernel.CopyFrom(kernel)
	if err := s.fits(); err != nil {
		return nil, err
	}
	s.grow(len(w.clients))
	for _, client := range t.Clients {
		p := &s.procs[client.Proc]
		p.threads = append(p.threads, thread{client: int8(len(p.threads)), segment: -1})
		w.begin(s, place{int8(client.Proc), int8(len(p.threads) - 1)})
	}
	for _, client := range t.Clients {
		for i := range s.procs[client.Proc].threads {
			if err := w.enter(s, place{int8(client.Proc), int8(i)}); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}
