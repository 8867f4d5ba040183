package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// bounds are the flags that say what is tried. They have the same names for
// every command; what they default to is the command's.
type bounds struct {
	clients, acquires, threads int
	start                      string
	work                       time.Duration
	budget                     trial.Budget
	skew                       time.Duration
	properties                 []string
	set                        []string
}

// registerDrawn registers the flags of commands that draw trials within bounds.
func (b *bounds) registerDrawn(f *pflag.FlagSet) {
	f.IntVar(&b.clients, "clients", 0, "how many clients (default: 2 to 3)")
	f.IntVar(&b.acquires, "acquires", 2, "how often each client acquires, at most")
	f.DurationVar(&b.work, "work", 0, "how long holders may work inside; others may rest until their file is stale")
}

// registerWhole registers the flags of commands that cover all that is within
// the bounds.
func (b *bounds) registerWhole(f *pflag.FlagSet) {
	f.IntVar(&b.clients, "clients", 0, "how many clients (default: 2, and one more than the threads)")
	f.IntVar(&b.acquires, "acquires", 0, "how often each client acquires (default: 2 where there are 2 clients, else 1)")
	f.DurationVar(&b.work, "work", 0, "how long holders work inside (default: one step, which takes no time)")
}

// register registers the flags that are the same for all.
func (b *bounds) register(f *pflag.FlagSet) {
	f.IntVar(&b.threads, "threads", 0, "how many of the clients share the first process")
	f.StringVar(&b.start, "start", "", "the files at the start: "+strings.Join(interleave.EveryStart(), ", ")+" (default: each of the first three)")
	f.IntVar(&b.budget.Kills, "kills", 0, "how many processes may be killed")
	f.IntVar(&b.budget.Pauses, "pauses", 0, "how many processes may be stopped for a while")
	f.IntVar(&b.budget.Jumps, "jumps", 0, "how often the clocks may jump while somebody could run")
	f.IntVar(&b.budget.Walls, "walls", 0, "how often the wall clock may jump alone, as where the machine is suspended")
	f.DurationVar(&b.skew, "skew", 0, "how far the file server's clock, which sets mtimes, is ahead of the clients'; less than 0: behind")
	f.IntVar(&b.budget.Errors, "errors", 0, "how many calls may fail")
	f.IntVar(&b.budget.Unlinks, "unlinks", 0, "how often somebody outside may remove the lock file")
	f.StringSliceVar(&b.properties, "property", nil, "judge only these properties (default: all)")
	f.StringSliceVar(&b.set, "set", nil, "change a duration of the lock, as in stale=3s")
}

// maxAcquires keeps a mistyped number from asking for histories that no judge
// can decide.
const maxAcquires = 20

func (b *bounds) validate() error {
	switch {
	case b.clients < 0 || b.clients > 26:
		return fmt.Errorf("found --clients %d, wanted 1 to 26", b.clients)
	case b.acquires < 1 || b.acquires > maxAcquires:
		return fmt.Errorf("found --acquires %d, wanted 1 to %d", b.acquires, maxAcquires)
	case b.threads < 0 || b.threads > b.most():
		return fmt.Errorf("found --threads %d, wanted 0 to %d: they are some of the clients", b.threads, b.most())
	case b.work < 0:
		return fmt.Errorf("found --work %s, wanted no less than 0", b.work)
	}
	return b.budget.Validate()
}

// How many clients there are where --clients does not say.
const leastClients, mostClients = 2, 3

// most returns how many clients there may be.
func (b *bounds) most() int {
	if b.clients == 0 {
		return mostClients
	}
	return b.clients
}

// judged returns the properties to judge.
func (b *bounds) judged() ([]model.Property, error) {
	if len(b.properties) == 0 {
		return model.Properties(), nil
	}
	var out []model.Property
	for _, name := range b.properties {
		p, err := model.PropertyByName(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// matters reports whether a violation of the property is a failure: the lock
// claims it, or it was asked for by name.
func (b *bounds) matters(e lock.Entry, property string) bool {
	return slices.Contains(e.Claims, property) || slices.Contains(b.properties, property)
}

// forLocks returns what may be drawn for each of the locks.
func (b *bounds) forLocks(locks []lock.Entry) ([]draw.Bounds, error) {
	all := make([]draw.Bounds, len(locks))
	for i, e := range locks {
		d, err := b.forLock(e)
		if err != nil {
			return nil, err
		}
		all[i] = d
	}
	return all, nil
}

// forLock returns what may be drawn for the lock.
func (b *bounds) forLock(e lock.Entry) (draw.Bounds, error) {
	d := draw.Bounds{
		Lock: e, Config: e.Defaults,
		MinClients: leastClients, MaxClients: mostClients, Acquires: b.acquires, Threads: b.threads,
		Budget: b.budget, Skew: b.skew, Work: b.work,
	}
	if b.clients != 0 {
		d.MinClients, d.MaxClients = b.clients, b.clients
	}
	if err := d.Config.Set(b.set); err != nil {
		return d, fmt.Errorf("--set for %s: %w", e.Name, err)
	}
	names := interleave.Starts()
	if b.start != "" {
		names = []string{b.start}
	}
	for _, name := range names {
		files, err := interleave.MakeStart(name, &trial.Trial{Lock: e, Config: d.Config})
		if err != nil {
			return d, err
		}
		d.Starts = append(d.Starts, files)
	}
	return d, nil
}

// chosen returns the locks with these names, or all.
func chosen(names []string) ([]lock.Entry, error) {
	if len(names) == 0 {
		return lock.All(), nil
	}
	var out []lock.Entry
	for _, n := range names {
		e, err := lock.Find(n)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o lock.Entry) bool { return o.Name == n }) {
			out = append(out, e)
		}
	}
	return out, nil
}
