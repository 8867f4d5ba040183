package mutate

import (
	"fmt"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
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

// shapes returns those of the environment: where holders work long, some come
// late.
func (e environment) shapes() []scene.Shape {
	if e.long {
		return scene.WithLate(scene.Shapes())
	}
	return scene.Shapes()
}

// A question is a cell and what makes its trial.
type question struct {
	Cell
	environment environment
	shape       scene.Shape
}

// questions returns all of them, those first that are answered soon and catch
// most.
func questions() []question {
	var all []question
	for _, e := range environments {
		for _, property := range e.properties {
			for _, start := range interleave.Starts() {
				for _, s := range e.shapes() {
					all = append(all, question{Cell{property, e.name, start, s.String()}, e, s})
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
	return q.Property == model.ExclusionName && q.shape.Threads == 0 && (q.Environment == "calm" || q.Environment == "kill")
}

// trial returns the question's trial of the lock, still without its start.
func (q question) trial(e lock.Entry) (*trial.Trial, error) {
	sc := scene.Scene{Lock: e, Property: q.Property, Spawns: q.environment.spawns}
	if q.environment.long {
		sc.Work = interleave.LongWork(e.Defaults)
	}
	clients, err := sc.Clients(q.shape)
	if err != nil {
		return nil, err
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: clients, Budget: q.environment.budget}
	return t, t.Validate()
}
