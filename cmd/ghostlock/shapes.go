package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// shapes returns the shapes to explore: one where a flag says anything of it,
// the usual ones otherwise.
func (b *bounds) shapes() []scene.Shape {
	if b.clients == 0 && b.acquires == 0 && b.threads == 0 {
		return scene.Shapes()
	}
	one := scene.Shape{Clients: b.clients, Acquires: b.acquires, Threads: b.threads}
	switch {
	case one.Clients == 0 && one.Threads > 1:
		one.Clients = one.Threads + 1
	case one.Clients == 0:
		one.Clients = leastClients
	}
	switch {
	case one.Acquires == 0 && one.Clients == leastClients:
		one.Acquires = 2
	case one.Acquires == 0:
		one.Acquires = 1
	}
	return []scene.Shape{one}
}

// starts returns the names of the starts.
func (b *bounds) starts() ([]string, error) {
	all := interleave.EveryStart()
	switch {
	case b.start == "":
		return interleave.Starts(), nil
	case !slices.Contains(all, b.start):
		return nil, fmt.Errorf("found start %q, wanted one of %s", b.start, strings.Join(all, ", "))
	}
	return []string{b.start}, nil
}

// A plan is a trial whose start is not made yet: that takes running the lock's
// code.
type plan struct {
	Shape   string // for people
	Clients []trial.Client
	Start   string // its name
	Budget  trial.Budget
	Skew    time.Duration // of the file server's clock
}

// plans returns what is to be explored of the lock and the property: every shape
// from every start.
func (b *bounds) plans(e lock.Entry, p model.Property) ([]plan, error) {
	starts, err := b.starts()
	if err != nil {
		return nil, err
	}
	var all []plan
	sc := scene.Scene{Lock: e, Property: p.Name, Work: b.work}
	for _, s := range sc.Shapes(b.shapes()) {
		clients, err := sc.Clients(s)
		if err != nil {
			return nil, err
		}
		for _, start := range starts {
			all = append(all, plan{Shape: s.String(), Clients: clients, Start: start, Budget: b.budget, Skew: b.skew})
		}
	}
	return all, nil
}
