package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// Smallest looks for the smallest violation of the question's trial: fewest
// clients, then faults, then switches, then steps. It goes on to at most so many
// switches, without bound where that is negative. It returns nil where there is
// none, or where what bounds the question, or the context, ended it first.
func Smallest(ctx context.Context, code *explore.Code, q explore.Question, switches int) (*Shrunk, error) {
	property, err := model.PropertyByName(q.Property)
	if err != nil {
		return nil, err
	}
	m := &minimizer{code: code, question: q, property: property, most: switches}
	return m.minimize(ctx)
}

// A minimizer looks for the smallest violation, level by level.
type minimizer struct {
	code     *explore.Code
	question explore.Question
	property model.Property
	most     int // switches; negative: any number
	levels   []Level
	best     *Finding
	covered  int // states
}

func (m *minimizer) minimize(ctx context.Context) (*Shrunk, error) {
	t := m.question.Trial
	least, most := 1, len(t.Clients)
	if m.property.Probes {
		least, most = 0, most-1
	}
	for n := least; n <= most && m.best == nil; n++ {
		for faults := 0; faults <= t.Budget.Total() && m.best == nil; faults++ {
			if err := m.level(ctx, n, faults); err != nil {
				return nil, err
			}
		}
	}
	if m.best == nil {
		return nil, nil
	}
	if err := m.simplify(ctx); err != nil {
		return nil, err
	}
	best, err := inOrder(trimmed(m.best), solo(m.question.Profile), m.property)
	return &Shrunk{Finding: best, Levels: m.levels, Runs: m.covered}, err
}

// level looks at every trial of so many clients and faults.
func (m *minimizer) level(ctx context.Context, n, faults int) error {
	everywhere := true
	t := m.question.Trial
	clients, probe := t.Clients, []trial.Client(nil)
	if last := len(clients) - 1; m.property.Probes {
		clients, probe = clients[:last], clients[last:]
	}
	for _, clients := range simpler(clients) {
		choices := subsets(clients, n)
		everywhere = everywhere && len(choices) < mostSubsets
		for _, chosen := range choices {
			for _, b := range t.Budget.Of(faults) {
				smaller := *t
				smaller.Clients, smaller.Budget = beside(chosen, probe), b
				if _, all, err := m.try(ctx, &smaller); err != nil {
					return err
				} else if !all {
					everywhere = false
				}
			}
		}
	}
	l := Level{Clients: n, Faults: faults, All: everywhere && m.most < 0, Shortest: everywhere && m.best != nil}
	if everywhere && m.most >= 0 {
		l.Switches = m.most + 1
	}
	m.levels = append(m.levels, l)
	return nil
}

// try looks for a violation of the trial that is smaller than the best one so
// far, and makes it the best. It reports whether it found one, and whether it
// looked everywhere.
func (m *minimizer) try(ctx context.Context, t *trial.Trial) (better, all bool, err error) {
	q := m.question
	q.Trial = t
	most := m.most
	if m.best != nil {
		most = Switches(m.best.Steps)
	}
	if m.most < 0 && m.best == nil {
		// Where there is none to be found, that is found out at less cost.
		if none, err := m.none(ctx, q); none || err != nil {
			return false, none, err
		}
	}
	s, err := m.code.Shortest(ctx, q, most)
	m.covered += s.States
	if err != nil || !s.Found {
		return false, s.Why == nil, err
	}
	if m.best != nil && (s.Switches > most || s.Switches == most && len(s.Moves) >= len(m.best.Steps)) {
		return false, true, nil
	}
	m.best, err = m.finding(t, s)
	return true, true, err
}

// none reports whether the property holds of the question's trial.
func (m *minimizer) none(ctx context.Context, q explore.Question) (bool, error) {
	q.Reduce, q.NoCount, q.KeepGoing, q.Depth = true, true, false, 0
	a, err := m.code.Explore(ctx, q)
	m.covered += a.States
	return a.Verdict == model.Holds, err
}

// beside returns the clients with a probe, if there is one, in a process of its
// own.
func beside(clients, probe []trial.Client) []trial.Client {
	if len(probe) == 0 {
		return clients
	}
	return renumbered(slices.Concat(clients, probe))
}

// finding runs the real code along the moves and judges what it does.
func (m *minimizer) finding(t *trial.Trial, s explore.Shortest) (*Finding, error) {
	machine := solo(m.question.Profile)
	shown := *t
	shown.Budget = t.Budget.Plus(s.Beyond)
	out, err := interleave.Run(&shown, machine, explore.NewGuide(s.Moves))
	if err != nil {
		return nil, fmt.Errorf("%s of %s, replayed: %w", m.property.Name, t.Lock.Name, err)
	}
	f, err := NewJudge(m.question.Profile, []model.Property{m.property}).Judge(&shown, out)
	if err == nil && f == nil {
		err = fmt.Errorf("%s of %s: exploring found it violated, and %s does not, in\n%s",
			m.property.Name, t.Lock.Name, m.property.By, out.History)
	}
	if f != nil {
		f.Trial.Budget = t.Budget
	}
	return f, err
}

// simplify leaves out of the workloads what the violation does not need, as long
// as it grows neither in switches nor in steps.
func (m *minimizer) simplify(ctx context.Context) error {
	for again := true; again; {
		again = false
		for i := range m.best.Trial.Clients {
			if m.property.Probes && i == len(m.best.Trial.Clients)-1 {
				continue
			}
			for _, w := range plainer(m.best.Trial.Clients[i].Work) {
				shown, err := m.showsWith(ctx, i, w)
				if err != nil {
					return err
				}
				if shown {
					again = true
					break
				}
			}
		}
	}
	return nil
}

// showsWith reports whether the violation shows, as small as it is, with that
// workload of client i, and keeps it then.
func (m *minimizer) showsWith(ctx context.Context, i int, w trial.Workload) (bool, error) {
	t := m.best.Trial
	t.Clients = append([]trial.Client(nil), t.Clients...)
	t.Clients[i].Work = w
	if t.Validate() != nil {
		return false, nil
	}
	q := m.question
	q.Trial = &t
	s, err := m.code.Shortest(ctx, q, Switches(m.best.Steps))
	if err != nil || !s.Found || len(s.Moves) > len(m.best.Steps) {
		return false, err
	}
	m.best, err = m.finding(&t, s)
	return err == nil, err
}
