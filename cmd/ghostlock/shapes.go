package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A shape is how many clients there are and how often each acquires.
type shape struct {
	clients, acquires int
	threads           int // of the clients, so many share the first process; 0: none do

	// Where holders work for a while, all but the first client come a second
	// before the first one's work is done: what it holds is old then.
	late bool
}

// shapes are what is explored unless flags say otherwise: the least that the
// known flaws of file locks need. Those that unlink on release need two
// acquires each or a third client, record locks two threads and another
// process.
var shapes = []shape{{clients: 2, acquires: 2}, {clients: 3, acquires: 1}, {clients: 3, acquires: 1, threads: 2}}

// String writes the shape for people: "2 clients, 2 acquires each".
func (s shape) String() string {
	text := count(s.clients, "client")
	if s.threads > 1 {
		text += fmt.Sprintf(" (%d of them threads of one process)", s.threads)
	}
	text = fmt.Sprintf("%s, %s each", text, count(s.acquires, "acquire"))
	if s.late {
		text += ", all but the first come late"
	}
	return text
}

// A scene is who uses a lock, and for what.
type scene struct {
	lock     lock.Entry
	property model.Property
	work     time.Duration // how long holders work inside; 0: one step, which takes no time
	spawns   bool          // and start a program there
}

// clientsOf returns the shape's clients. Each repeats lock, a step inside or
// that much work, and unlock, or what the lock's setting says; then there are
// those that belong to the lock, and the property's probe.
func (s shape) clientsOf(sc scene) ([]trial.Client, error) {
	once, err := sc.acquisition()
	if err != nil {
		return nil, err
	}
	works := slices.Repeat([]trial.Workload{slices.Repeat(once, s.acquires)}, s.clients)
	if late := sc.work - time.Second; s.late && late > 0 {
		for i := range works[1:] {
			works[1+i] = append(trial.Workload{{Verb: trial.Rest, Dur: late}}, works[1+i]...)
		}
	}
	threads := s.threads
	if beside := sc.lock.Setting.Beside; beside != "" {
		w, err := trial.ParseWorkload(beside)
		if err != nil {
			return nil, fmt.Errorf("setting of %s: %w", sc.lock.Name, err)
		}
		if sc.lock.Setting.Within {
			works, threads = slices.Insert(works, 1, w), max(2, threads+1)
		} else {
			works = append(works, w)
		}
	}
	return sc.probed(trial.Place(works, threads)), nil
}

// acquisition returns what a client does from an acquire to its release.
func (sc scene) acquisition() (trial.Workload, error) {
	text := sc.lock.Setting.Acquisition
	switch update := sc.property.Name == model.UpdateName; {
	case text == "" && update:
		text = "lock read write unlock"
	case text == "":
		text = "lock inside unlock"
	case update:
		text = strings.Replace(text, " inside", " read write", 1)
	}
	if sc.spawns && !strings.Contains(text, " spawn ") {
		text = strings.Replace(text, "lock ", "lock spawn ", 1)
	}
	w, err := trial.ParseWorkload(text)
	if err != nil {
		return nil, fmt.Errorf("setting of %s: %w", sc.lock.Name, err)
	}
	if sc.work == 0 {
		return w, nil
	}
	work := trial.Action{Verb: trial.Work, Dur: sc.work}
	if i := slices.IndexFunc(w, func(a trial.Action) bool { return a.Verb == trial.Inside }); i >= 0 {
		w[i] = work
		return w, nil
	}
	return slices.Insert(w, 2, work), nil // behind the read
}

// probed returns the clients and, where the property has one, its probe, in a
// process of its own.
func (sc scene) probed(clients []trial.Client) []trial.Client {
	if !sc.property.Probes {
		return clients
	}
	asks := trial.Workload{{Verb: trial.Lock}, {Verb: trial.Inside}, {Verb: trial.Unlock}}
	if sc.property.Name == model.PhantomName {
		asks[0].Verb = trial.TryLock
	} else {
		asks = slices.Repeat(asks, explore.Attempts)
	}
	procs := (&trial.Trial{Clients: clients}).Procs()
	return append(clients, trial.Client{Proc: procs, Work: asks})
}

// shapes returns the shapes to explore: one where a flag says anything of it,
// the usual ones otherwise.
func (b *bounds) shapes() []shape {
	if b.clients == 0 && b.acquires == 0 && b.threads == 0 {
		return shapes
	}
	one := shape{clients: b.clients, acquires: b.acquires, threads: b.threads}
	switch {
	case one.clients == 0 && one.threads > 1:
		one.clients = one.threads + 1
	case one.clients == 0:
		one.clients = leastClients
	}
	switch {
	case one.acquires == 0 && one.clients == leastClients:
		one.acquires = 2
	case one.acquires == 0:
		one.acquires = 1
	}
	return []shape{one}
}

// suits reports whether the lock can be used so: where a client leaves its process
// to a child and that ends, it must be alone there.
func (s shape) suits(e lock.Entry) bool {
	return s.threads < 2 || !strings.Contains(e.Setting.Acquisition, " daemon ")
}

// withLate returns the shapes and, where there is work, each of them with clients
// that come late too.
func withLate(all []shape, work time.Duration) []shape {
	if work == 0 {
		return all
	}
	all = slices.Clone(all)
	for _, s := range all {
		s.late = true
		all = append(all, s)
	}
	return all
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
	for _, s := range withLate(b.shapes(), b.work) {
		if !s.suits(e) {
			continue
		}
		clients, err := s.clientsOf(scene{lock: e, property: p, work: b.work})
		if err != nil {
			return nil, err
		}
		for _, start := range starts {
			all = append(all, plan{Shape: s.String(), Clients: clients, Start: start, Budget: b.budget, Skew: b.skew})
		}
	}
	return all, nil
}
