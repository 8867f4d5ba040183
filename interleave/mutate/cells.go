package mutate

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
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Cell is what is asked about a lock.
type Cell struct{ Property, Environment, Start, Shape string }

// String writes the cell for people.
func (c Cell) String() string {
	return fmt.Sprintf("%s, %s, from %s, %s", c.Property, c.Environment, c.Start, c.Shape)
}

// An environment is what may happen besides the clients' own steps.
type environment struct {
	name       string
	properties []string // that are asked in it
	budget     trial.Budget
	long       bool // holders work past every threshold of the lock
	spawns     bool // and start a program, which outlives their release
}

var environments = []environment{
	{name: "calm", properties: []string{model.ExclusionName, model.PhantomName, model.HonestyName,
		model.PatienceName, model.OwnershipName, model.UpdateName}},
	{name: "kill", budget: trial.Budget{Kills: 1}, properties: []string{model.ExclusionName, model.RecoveryName,
		model.OwnershipName, model.HonestyName, model.UpdateName}},
	{name: "long", long: true, properties: []string{model.ExclusionName, model.DisclosureName,
		model.OwnershipName, model.PatienceName, model.HonestyName}},
	{name: "child", spawns: true, properties: []string{model.PhantomName}},
}

// A shape is how many clients there are and how often each acquires.
type shape struct {
	name              string
	clients, acquires int
	threads           int  // of the clients, so many share the first process
	late              bool // all but the first come when its work is almost done
}

var shapes = []shape{
	{name: "2 clients twice", clients: 2, acquires: 2},
	{name: "3 clients", clients: 3, acquires: 1},
	{name: "2 threads and a process", clients: 3, acquires: 1, threads: 2},
}

// shapes returns those of the environment.
func (e environment) shapes() []shape {
	all := slices.Clone(shapes)
	if !e.long {
		return all
	}
	for _, s := range shapes {
		s.name, s.late = s.name+", the others late", true
		all = append(all, s)
	}
	return all
}

// A question is a cell and what makes its trial.
type question struct {
	Cell
	environment environment
	shape       shape
}

// questions returns all of them, those first that are answered soon and catch
// most.
func questions() []question {
	var all []question
	for _, e := range environments {
		for _, property := range e.properties {
			for _, start := range interleave.Starts() {
				for _, s := range e.shapes() {
					all = append(all, question{Cell{property, e.name, start, s.name}, e, s})
				}
			}
		}
	}
	return all
}

// judges reports whether the question is one of those that say that a lock holds:
// it excludes processes, whether nothing else happens or one of them is killed.
// (Some are not made to exclude threads.)
func (q question) judges() bool {
	return q.Property == model.ExclusionName && q.shape.threads == 0 && (q.Environment == "calm" || q.Environment == "kill")
}

// trial returns the question's trial of the lock, still without its start.
func (q question) trial(e lock.Entry) (*trial.Trial, error) {
	once, err := q.acquisition(e)
	if err != nil {
		return nil, fmt.Errorf("setting of %s: %w", e.Name, err)
	}
	s := q.shape
	works := slices.Repeat([]trial.Workload{slices.Repeat(once, s.acquires)}, s.clients)
	if late := q.work(e) - time.Second; s.late && late > 0 {
		for i := range works[1:] {
			works[1+i] = append(trial.Workload{{Verb: trial.Rest, Dur: late}}, works[1+i]...)
		}
	}
	threads := s.threads
	if beside := e.Setting.Beside; beside != "" {
		w, err := trial.ParseWorkload(beside)
		if err != nil {
			return nil, fmt.Errorf("setting of %s: %w", e.Name, err)
		}
		if e.Setting.Within {
			works, threads = slices.Insert(works, 1, w), max(2, threads+1)
		} else {
			works = append(works, w)
		}
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place(works, threads), Budget: q.environment.budget}
	t.Clients = q.probed(t)
	return t, t.Validate()
}

// work returns how long holders work, or 0 for a step that takes no time.
func (q question) work(e lock.Entry) time.Duration {
	if q.environment.long {
		return interleave.LongWork(e.Defaults)
	}
	return 0
}

// acquisition returns what a client does from an acquire to its release.
func (q question) acquisition(e lock.Entry) (trial.Workload, error) {
	text := e.Setting.Acquisition
	if text == "" {
		text = "lock inside unlock"
	}
	inside := "inside"
	if work := q.work(e); work > 0 {
		inside = "work " + sys.FormatDuration(work)
	}
	if q.Property == model.UpdateName {
		inside = "read " + inside + " write"
	}
	text = strings.Replace(text, "inside", inside, 1)
	if q.environment.spawns {
		text = strings.Replace(text, "lock ", "lock spawn ", 1)
	}
	return trial.ParseWorkload(text)
}

// probed returns the clients and, where the property has one, its probe, in a
// process of its own.
func (q question) probed(t *trial.Trial) []trial.Client {
	asks := trial.Workload{{Verb: trial.Lock}, {Verb: trial.Inside}, {Verb: trial.Unlock}}
	switch q.Property {
	case model.PhantomName:
		asks[0].Verb = trial.TryLock
	case model.RecoveryName:
		asks = slices.Repeat(asks, explore.Attempts)
	default:
		return t.Clients
	}
	return append(t.Clients, trial.Client{Proc: t.Procs(), Work: asks})
}
