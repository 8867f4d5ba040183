package search_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// The tests of this package that are not about mutants look at the broken locks
// of the registry.

// A written lock is one that a test writes down: its Acquire.
type written func(p *sys.Proc, path string, how lock.How) (lock.Release, error)

func (w written) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	return lock.Func(w).Acquire(p, path, how)
}

func (w written) entry(name string) lock.Entry {
	return lock.Entry{Name: name, New: func(lock.Config) lock.Lock { return w }}
}

// A hunt is a trial and the property that it violates.
type hunt struct {
	lock, start, property string
	clients               []string       // "p0: lock inside unlock"
	budget                string         // "kills=1"; "" for none
	faults                int            // how many the violation that is looked for must have met
	pattern               search.Pattern // that it must show; "" for any
}

func (h hunt) String() string {
	return fmt.Sprint(h.lock, " ", h.property, " ", h.pattern, " ", h.budget)
}

func (h hunt) trial(tb testing.TB) *trial.Trial {
	tb.Helper()
	e, err := lock.Find(h.lock)
	if err != nil {
		tb.Fatal(err)
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: program.Clients(tb, h.clients...)}
	if t.Budget, err = trial.ParseBudget(h.budget); err != nil {
		tb.Fatal(err)
	}
	if t.Start, err = interleave.MakeStart(h.start, t); err != nil {
		tb.Fatal(err)
	}
	if err := t.Validate(); err != nil {
		tb.Fatal(err)
	}
	return t
}

func propertyNamed(tb testing.TB, name string) []model.Property {
	tb.Helper()
	p, err := model.PropertyByName(name)
	if err != nil {
		tb.Fatal(err)
	}
	return []model.Property{p}
}

// memory is the machine that these tests run on.
var memory = sim.Machine{Rules: sim.RulesOf("ext4")}

// fuzzed returns a fuzz of the trial with POS, on so many machines.
func fuzzed(tb testing.TB, t *trial.Trial, property string, seed uint64, machines int) search.Fuzz {
	tb.Helper()
	return search.Fuzz{
		Machines:   slices.Repeat([]sys.Machine{memory}, machines),
		Runner:     search.Sampled([]*trial.Trial{t}, interleave.Strategies()[0], seed),
		Properties: propertyNamed(tb, property),
		Runs:       20_000,
		Stats:      &search.Stats{},
	}
}

// finding returns the first violation, over some seeds, that met as many
// faults as wanted.
func (h hunt) finding(tb testing.TB) *search.Finding {
	tb.Helper()
	t := h.trial(tb)
	for seed := range uint64(200) {
		f := fuzzed(tb, t, h.property, seed, 1)
		f.Pattern = h.pattern
		found, _, err := f.Run(context.Background())
		if err != nil {
			tb.Fatal(err)
		}
		if found != nil && found.Faults() >= h.faults {
			return found
		}
	}
	tb.Fatalf("%s: found no violation with %d faults", h, h.faults)
	return nil
}

// schedule writes steps down, one a line.
func schedule(steps []trial.Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}
