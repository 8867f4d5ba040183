package main

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// An environment is what may happen besides the clients' own steps.
type environment struct {
	name   string
	about  string
	budget trial.Budget
	long   bool // holders work past every threshold of the lock

	// The shapes that take minutes, for --full alone.
	large []shape
}

// environments are those for which a verdict is on record.
var environments = []environment{
	{name: "calm", about: "nothing else happens"},
	{name: "kill", about: "a process is killed", budget: trial.Budget{Kills: 1}},
	{name: "long", about: "holders work past every threshold", long: true},
	{name: "pause", about: "a process is stopped, and a clock jumps", budget: trial.Budget{Pauses: 1, Jumps: 1}, large: shapes[2:]},
}

// work returns how long holders work, or 0 for a step that takes no time.
func (e environment) work(config lock.Config) time.Duration {
	if e.long {
		return interleave.LongWork(config)
	}
	return 0
}

// A cell is one entry of the table of verdicts.
type cell struct{ lock, property, environment, start string }

func (c cell) String() string {
	return c.lock + " " + c.property + " " + c.environment + " " + c.start
}

// cells returns all of the table, lock by lock.
func cells() []cell {
	var all []cell
	for _, e := range lock.All() {
		for _, env := range environments {
			for _, p := range model.Properties() {
				for _, start := range interleave.Starts() {
					all = append(all, cell{e.Name, p.Name, env.name, start})
				}
			}
		}
	}
	return all
}

func (c cell) env() environment {
	i := slices.IndexFunc(environments, func(e environment) bool { return e.name == c.environment })
	return environments[i]
}

// plans returns what is explored for the cell: every shape, or all but those that
// take minutes.
func (c cell) plans(config lock.Config, full bool) []plan {
	env := c.env()
	var all []plan
	for _, s := range withLate(shapes, env.work(config)) {
		if !full && slices.Contains(env.large, s) {
			continue
		}
		all = append(all, plan{Shape: s.String(), Clients: s.clientsOf(env.work(config)), Start: c.start, Budget: env.budget})
	}
	return all
}

// task returns the question of the cell. It is judged for its verdict alone:
// nothing is shrunk or counted.
func (c cell) task(config lock.Config, full bool) *task {
	t := &task{
		Lock: c.lock, Config: config, Property: c.property, Profile: "ext4", Plans: c.plans(config, full),
		limits: limits{Switches: -1, Memory: 3 << 30, Workers: 1, Brief: true},
	}
	if full {
		t.Memory = 8 << 30
	}
	return t
}
