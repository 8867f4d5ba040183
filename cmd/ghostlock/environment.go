package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// An environment is what may happen besides the clients' own steps.
type environment struct {
	name       string
	about      string
	properties []string // that are asked in it
	budget     trial.Budget
	long       bool // holders work past every threshold of the lock
	spawns     bool // and start a program, which outlives their release

	profile string          // the file system; "" is ext4
	starts  []string        // from which it is asked; none are those that there are for any lock
	skews   []time.Duration // of the file server's clock, one after the other; none is no skew

	// The shapes that take minutes, for --full alone.
	large []scene.Shape
}

// environments are those for which a verdict is on record. A property is asked
// where the environment has a say in it: what a probe is told after everybody
// died needs no deaths before, but one who dies while others go on.
var environments = []environment{
	{name: "calm", about: "nothing else happens", properties: []string{
		model.ExclusionName, model.UpdateName, model.OwnershipName, model.HonestyName, model.PatienceName, model.PhantomName}},
	{name: "kill", about: "a process is killed", budget: trial.Budget{Kills: 1}, properties: []string{
		model.ExclusionName, model.UpdateName, model.RecoveryName, model.OwnershipName, model.HonestyName}},
	{name: "long", about: "holders work past every threshold", long: true, properties: []string{
		model.ExclusionName, model.UpdateName, model.OwnershipName, model.HonestyName, model.PatienceName, model.DisclosureName}},
	{name: "pause", about: "a process is stopped, and a clock jumps", budget: trial.Budget{Pauses: 1, Jumps: 1}, large: scene.Shapes()[2:], properties: []string{
		model.ExclusionName, model.OwnershipName, model.HonestyName, model.DisclosureName}},
	{name: "child", about: "holders start a program that outlives their release", spawns: true, properties: []string{
		model.ExclusionName, model.PhantomName}},
	{name: "cleaner", about: "somebody outside removes the lock file", budget: trial.Budget{Unlinks: 1}, properties: []string{
		model.ExclusionName, model.DisclosureName}},
	{name: "errors", about: "a call fails", budget: trial.Budget{Errors: 1}, large: scene.Shapes()[1:], properties: []string{
		model.ExclusionName}},
	{name: "skew", about: "the file server's clock is ahead, or behind", skews: []time.Duration{time.Minute, -time.Minute},
		starts: []string{"none", "idle"}, properties: []string{model.ExclusionName}},
	{name: "suspend", about: "the wall clock jumps alone", budget: trial.Budget{Walls: 1}, properties: []string{
		model.ExclusionName}},
	{name: "planted", about: "a directory, or a link that leads elsewhere, is in the lock's place",
		starts: []string{"dir", "planted"}, properties: []string{model.ExclusionName, model.HonestyName, model.PatienceName}},
	{name: "nfs2", about: "clients on hosts that share NFSv2", profile: "nfs2", starts: []string{"none", "idle"}, properties: []string{
		model.ExclusionName}},
	{name: "nfs3-nolock", about: "clients on hosts that share NFSv3 without locks", profile: "nfs3-nolock", starts: []string{"none", "idle"},
		properties: []string{model.ExclusionName}},
	{name: "nfs4", about: "clients on hosts that share NFSv4", profile: "nfs4", starts: []string{"none", "idle"}, properties: []string{
		model.ExclusionName}},
	{name: "smb", about: "clients on hosts that share SMB", profile: "smb", starts: []string{"none", "idle"}, properties: []string{
		model.ExclusionName}},
	{name: "fuse", about: "clients on hosts that share a file system by FUSE that has no locks", profile: "fuse", starts: []string{"none", "idle"},
		properties: []string{model.ExclusionName}},
}

// fileSystem returns the file system whose rules hold.
func (e environment) fileSystem() string { return cmp.Or(e.profile, "ext4") }

// documented reports whether what happens in it is known from documents alone: it
// was not confirmed on Linux, and cannot be.
func (e environment) documented() bool { return sim.FromDocuments(e.fileSystem()) }

// documented returns the names of such environments.
func documented() (names []string) {
	for _, e := range environments {
		if e.documented() {
			names = append(names, e.name)
		}
	}
	return names
}

// from returns the names of the starts from which properties are asked in it.
func (e environment) from() []string {
	if e.starts != nil {
		return e.starts
	}
	return interleave.Starts()
}

// clocks returns by how much the file server's clock is ahead.
func (e environment) clocks() []time.Duration {
	if e.skews != nil {
		return e.skews
	}
	return []time.Duration{0}
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

// cells returns all of the table for these locks, one after the other.
func cells(locks ...lock.Entry) []cell {
	var all []cell
	for _, e := range locks {
		for _, env := range environments {
			for _, property := range env.properties {
				for _, start := range env.from() {
					all = append(all, cell{e.Name, property, env.name, start})
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

// An extent says which shapes are explored: those that take seconds, those that take
// minutes, or both.
type extent int

const (
	small extent = iota
	large
	whole
)

// plans returns what is explored for the cell.
func (c cell) plans(e lock.Entry, to extent) ([]plan, error) {
	env := c.env()
	sc := scene.Scene{Lock: e, Property: c.property, Work: env.work(e.Defaults), Spawns: env.spawns}
	var all []plan
	for _, s := range sc.Shapes(scene.Shapes()) {
		if of := slices.Contains(env.large, s); of && to == small || !of && to == large {
			continue
		}
		clients, err := sc.Clients(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		for _, skew := range env.clocks() {
			all = append(all, plan{Shape: s.String() + skewed(skew), Clients: clients, Start: c.start, Budget: env.budget, Skew: skew})
		}
	}
	return all, nil
}

// skewed says of a shape what the file server's clock is.
func skewed(skew time.Duration) string {
	switch {
	case skew > 0:
		return fmt.Sprintf(", the server's clock %s ahead", sys.FormatDuration(skew))
	case skew < 0:
		return fmt.Sprintf(", the server's clock %s behind", sys.FormatDuration(-skew))
	}
	return ""
}

// cellTime is how long a cell may take before it is left undecided: so long that
// almost none is, and so short that all of the table is a matter of minutes.
const cellTime = 3 * time.Second

// patientTime is how long one may take that was decided before.
const patientTime = 2 * time.Minute

// task returns the question of the cell. It is judged for its verdict alone:
// nothing is shrunk or counted.
func (c cell) task(e lock.Entry, to extent) (*task, error) {
	plans, err := c.plans(e, to)
	t := &task{
		Lock: c.lock, Config: e.Defaults, Property: c.property, Profile: c.env().fileSystem(), Plans: plans,
		limits: limits{Switches: -1, Memory: 3 << 30, Time: cellTime, Workers: 1, Brief: true},
	}
	if to == whole {
		t.Memory, t.Time = 8<<30, 0
	}
	return t, err
}
