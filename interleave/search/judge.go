package search

import (
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A Judge judges outcomes by the properties that it was made for. It remembers
// the histories that it has seen, for most runs of a trial tell the same story.
// It is for one goroutine.
type Judge struct {
	properties []model.Property
	profile    string
	remembered map[string]model.Judgement // by property and history
	seen       map[string]bool            // histories

	// Undecided counts the outcomes for which some property is undecided.
	Undecided int

	// Met, if it is set, is told each history that the judge has not seen
	// before, by a key that tells histories apart.
	Met func(key string)
}

// NewJudge returns a judge of these properties, on the file system of that
// profile.
func NewJudge(profile string, properties []model.Property) *Judge {
	return &Judge{
		properties: properties,
		profile:    profile,
		remembered: map[string]model.Judgement{},
		seen:       map[string]bool{},
	}
}

// Judge returns a finding of the first of the properties that the outcome
// violates, or nil.
func (j *Judge) Judge(t *trial.Trial, out interleave.Outcome) (*Finding, error) {
	key := historyKey(out.History)
	if !j.seen[key] {
		j.seen[key] = true
		if j.Met != nil {
			j.Met(key)
		}
	}
	for _, p := range j.properties {
		g, err := j.judgement(p, key, t, out)
		if err != nil {
			return nil, err
		}
		switch g.Verdict {
		case model.Undecided:
			j.Undecided++
		case model.Violated:
			return j.finding(t, out, g), nil
		}
	}
	return nil, nil
}

func (j *Judge) judgement(p model.Property, key string, t *trial.Trial, out interleave.Outcome) (model.Judgement, error) {
	key = p.Name + "\x00" + key
	if g, ok := j.remembered[key]; ok {
		return g, nil
	}
	g, err := p.Judge(out.History, j.means(p, t, out))
	if err == nil && !p.Replays && !p.Probes {
		j.remembered[key] = g
	}
	return g, err
}

func (j *Judge) means(p model.Property, t *trial.Trial, out interleave.Outcome) model.Means {
	m := model.Means{
		Budget: judgeTime,
		Steps:  len(out.Steps),
		Alone:  func(op history.Operation) (model.Solo, error) { return j.alone(t, out, op) },
		Wait:   func(op history.Operation) (model.Wait, error) { return j.wait(t, out, op) },
		Taken:  func() ([]model.Taking, error) { return taken(t, out, j.profile) },
	}
	if p.Probes {
		last := len(t.Clients) - 1
		m.Probe = t.Clients[last].Name()
		m.Stuck = out.Waits[last] || circles(t, sinceLastEvent(out), m.Probe)
	}
	return m
}

// sinceLastEvent returns the steps in which no client was told anything.
func sinceLastEvent(out interleave.Outcome) []trial.Step {
	if len(out.After) == 0 {
		return nil
	}
	return out.Steps[out.After[len(out.After)-1]:]
}

// finding cuts the outcome behind the step that completes the violation.
func (j *Judge) finding(t *trial.Trial, out interleave.Outcome, g model.Judgement) *Finding {
	n := out.After[g.At]
	if g.Steps > 0 {
		n = g.Steps
	}
	pattern, where := PatternOf(g.Property, t, out.Steps[:n])
	return &Finding{
		Pattern:  pattern,
		Where:    where,
		Trial:    *t,
		Steps:    slices.Clone(out.Steps[:n]),
		History:  slices.Clone(out.History[:g.At+1]),
		After:    slices.Clone(out.After[:g.At+1]),
		Property: g.Property,
		Why:      g.Why,
		Holders:  g.Holders,
		Profile:  profileOf(out.Steps[:n], j.profile),
	}
}

// profileOf returns the profile if the schedule shows which file system it ran
// on: an inode number is used again, or the file system is asked for its name. So
// does any that ran on one on a server. Otherwise its answers are right on any.
func profileOf(steps []trial.Step, profile string) string {
	if sim.FromDocuments(profile) {
		return profile
	}
	for _, s := range steps {
		if s.Ret.Ino.Gen > 0 || s.Call.Op == sys.OpStatfs {
			return profile
		}
	}
	return trial.AnyProfile
}

// historyKey tells histories apart.
func historyKey(h history.History) string {
	var key []byte
	for _, e := range h {
		key = append(key, byte(e.Kind))
		for _, s := range []string{e.Process, e.F, e.Value, e.Error} {
			key = append(append(key, s...), 0)
		}
	}
	return string(key)
}

// alone runs the acquire again, alone, from the state in which it was invoked.
func (j *Judge) alone(t *trial.Trial, out interleave.Outcome, op history.Operation) (model.Solo, error) {
	client := slices.Index(t.Names(), op.Client)
	from, to := out.After[op.Invoked], out.After[op.Returned]
	var faults []trial.Step
	for _, s := range out.Steps[from:to] {
		if s.Ret.Fault && t.ClientOf(s.Thread) == client {
			faults = append(faults, s)
		}
	}
	e, returned, err := interleave.Alone(t, solo(j.profile), out.Steps[:from], client, faults)
	if err != nil || !returned {
		return model.Solo{Op: op}, err
	}
	return model.Solo{Op: op, Outcome: e.Kind, Error: e.Error}, nil
}
