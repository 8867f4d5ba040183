package mutate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A Mutant is a lock without one of its guards.
type Mutant struct {
	Name    string // "flock-persist/no-flock"
	Changed string // in a line
	Lock    lock.Entry
}

// Mutants returns the mutants of the lock: one for each of its guards and each
// way to take it out.
func Mutants(e lock.Entry) ([]Mutant, error) {
	seen, err := watch(e)
	if err != nil {
		return nil, err
	}
	return seen.mutants(e)
}

// watch returns where the lock's code was seen.
func watch(e lock.Entry) (sightings, error) {
	seen := sightings{}
	return seen, perform(through(e, nil, seen), func(interleave.Outcome) {})
}

func (all sightings) mutants(e lock.Entry) ([]Mutant, error) {
	var made []Mutant
	for _, g := range all.sorted() {
		for i := range removals {
			if !removals[i].guards(g) {
				continue
			}
			m := mutant(e, &tamper{&removals[i], g.site})
			if slices.ContainsFunc(made, func(o Mutant) bool { return o.Name == m.Name }) {
				return nil, fmt.Errorf("found two mutants %s, wanted a name for each", m.Name)
			}
			if removals[i].look == nil || differs(e, m.Lock) {
				made = append(made, m)
			}
		}
	}
	return made, nil
}

// mutant returns the lock with the change.
func mutant(e lock.Entry, t *tamper) Mutant {
	m := Mutant{Name: e.Name + "/" + t.guard.named(t.removal.name, trial.Path), Changed: t.removal.changed}
	m.Lock = through(e, t, nil)
	m.Lock.Name = m.Name
	return m
}

// How much is run to see the lock's code: schedules of each trial, and the steps of
// each. Who polls while another works for long does so many times.
const (
	seedsOfRuns = 6
	stepsOfRuns = 2500
)

// A brief chooser draws, and ends runs that are long.
type brief struct{ *interleave.POS }

// Choose implements interleave.Chooser.
func (b brief) Choose(m *interleave.Menu) (int, error) {
	if m.Step >= stepsOfRuns {
		return 0, interleave.ErrStop
	}
	return b.POS.Choose(m)
}

// perform runs the lock's code: alone and contended, from every start, with and
// without a kill, and for long. The schedules are drawn alike for locks that do
// alike.
func perform(e lock.Entry, did func(interleave.Outcome)) error {
	var runner interleave.Runner
	defer runner.Close()
	for _, q := range questions() {
		if q.Property != model.ExclusionName {
			continue
		}
		t, err := q.trial(e)
		if err != nil {
			return err
		}
		var unmade *interleave.Unmade
		if t.Start, err = interleave.MakeStart(q.Start, t); errors.As(err, &unmade) {
			continue
		} else if err != nil {
			return err
		}
		for seed := range seedsOfRuns {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			out, err := runner.Run(t, memoryMachine, brief{interleave.NewPOS(rng)})
			if err != nil {
				return fmt.Errorf("run %s: %w", e.Name, err)
			}
			did(out)
		}
	}
	return nil
}

var memoryMachine = sim.Machine{Rules: sim.RulesOf("ext4")}

// differs reports whether the mutant was seen to do anything that the lock does
// not. Code that looks at a file tells nobody at what, so a mutant that changes it
// may be none.
func differs(e, mutant lock.Entry) bool {
	own, err := deeds(e)
	if err != nil {
		return true
	}
	other, err := deeds(mutant)
	return err != nil || !slices.Equal(own, other)
}

// deeds returns what the lock's code did, schedule by schedule.
func deeds(e lock.Entry) (all []string, err error) {
	err = perform(e, func(out interleave.Outcome) { all = append(all, fmt.Sprint(out.Steps)) })
	return all, err
}
