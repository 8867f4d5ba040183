package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
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

// clientsOf returns the shape's clients. Each repeats lock, a step inside or
// that much work, and unlock.
func (s shape) clientsOf(work time.Duration) []trial.Client {
	inside := trial.Action{Verb: trial.Inside}
	if work > 0 {
		inside = trial.Action{Verb: trial.Work, Dur: work}
	}
	once := trial.Workload{{Verb: trial.Lock}, inside, {Verb: trial.Unlock}}
	works := slices.Repeat([]trial.Workload{slices.Repeat(once, s.acquires)}, s.clients)
	if late := work - time.Second; s.late && late > 0 {
		for i := range works[1:] {
			works[1+i] = append(trial.Workload{{Verb: trial.Rest, Dur: late}}, works[1+i]...)
		}
	}
	return trial.Place(works, s.threads)
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
	all := interleave.Starts()
	switch {
	case b.start == "":
		return all, nil
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
}

// plans returns what is to be explored: every shape from every start.
func (b *bounds) plans() ([]plan, error) {
	starts, err := b.starts()
	var all []plan
	for _, s := range withLate(b.shapes(), b.work) {
		for _, start := range starts {
			all = append(all, plan{Shape: s.String(), Clients: s.clientsOf(b.work), Start: start, Budget: b.budget})
		}
	}
	return all, err
}
