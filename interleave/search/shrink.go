package search

import (
	"context"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Shrunk is what shrinking came to.
type Shrunk struct {
	*Finding
	Levels []Level // what was searched, the finding's own level last
	Runs   int     // schedules tried
}

// A Level is the schedules of one size: so many clients, so many faults.
type Level struct {
	Clients, Faults int
	Switches        int  // every schedule with fewer switches was tried
	All             bool // and every other one too
	Shortest        bool // of the finding's level: and all that are shorter, with as few switches
}

// levelRuns bounds the schedules tried on one level: about a second's worth in
// memory.
const levelRuns = 60_000

// shrinkRuns bounds the schedules of all levels together: trials of many
// clients have many levels.
const shrinkRuns = 10 * levelRuns

// Shrink looks for the smallest schedule with the finding's signature. It does not cut the schedule down but searches anew, on the
// machine (a simulated one is fast enough): fewest clients first, then fewest
// faults, then fewest switches, then fewest steps. The finding itself is what
// is left where nothing smaller is met. The levels of the result say what was
// searched, and so how far "smallest" goes.
func Shrink(ctx context.Context, f *Finding, m sys.Machine) (Shrunk, error) {
	property, err := model.PropertyByName(f.Property)
	if err != nil {
		return Shrunk{Finding: f}, err
	}
	s := &shrinker{ctx: ctx, machine: m, property: property, from: f, best: f}
	defer s.runner.Close()
	if err = s.search(); err == nil {
		s.best = trimmed(s.best)
		err = s.simplify()
	}
	if err == nil {
		s.best, err = inOrder(trimmed(s.best), m, property)
	}
	return Shrunk{Finding: s.best, Levels: s.levels, Runs: s.runs}, err
}

type shrinker struct {
	ctx      context.Context
	machine  sys.Machine
	property model.Property
	from     *Finding
	best     *Finding
	levels   []Level
	runs     int
	runner   interleave.Runner
	left     int // runs left on this level
}

// search goes through the levels in the order of size and stops at the first
// that shows the violation.
func (s *shrinker) search() error {
	for n := 1; n <= len(s.from.Trial.Clients); n++ {
		for faults := 0; faults <= s.from.Faults(); faults++ {
			found, err := s.level(n, faults)
			if found || err != nil {
				return err
			}
		}
	}
	return nil
}

// trials returns the trials of one level: every choice of n clients, with
// simpler workloads first, under every budget of so many faults. It reports
// whether these are all.
func (s *shrinker) trials(n, faults int) (trials []trial.Trial, all bool) {
	all = true
	for _, clients := range simpler(s.from.Trial.Clients) {
		choices := subsets(clients, n)
		all = all && len(choices) < mostSubsets
		for _, chosen := range choices {
			for _, b := range trial.Spent(s.from.Steps).Of(faults) {
				t := s.from.Trial
				t.Clients, t.Budget = chosen, b
				trials = append(trials, t)
			}
		}
	}
	return trials, all
}

// level tries the trials of one level with more and more switches, and reports
// whether it found the violation.
func (s *shrinker) level(n, faults int) (bool, error) {
	trials, every := s.trials(n, faults)
	l := Level{Clients: n, Faults: faults}
	s.left = min(levelRuns, shrinkRuns-s.runs)
	found := false
	for ; !found && !l.All && s.left > 0 && s.ctx.Err() == nil; l.Switches++ {
		l.All = every
		for i := range trials {
			steps := 4*len(s.from.Steps) + 100
			if found {
				steps = len(s.best.Steps) - 1
			}
			hit, all, err := s.bounded(&trials[i], l.Switches, steps)
			if err != nil {
				return false, err
			}
			found = found || hit
			l.All = l.All && all
		}
	}
	ended := s.left == 0 || s.ctx.Err() != nil
	if found || ended && !l.All {
		l.Switches = max(0, l.Switches-1) // the last bound was not searched to its end
	}
	if !every {
		l.Switches = 0
	}
	l.Shortest = found && !ended && every
	s.levels = append(s.levels, l)
	return found, nil
}

// bounded tries every schedule of the trial with at most so many switches and
// steps, and makes the shortest violation the best. It also reports whether a
// larger bound of switches would add nothing.
func (s *shrinker) bounded(t *trial.Trial, switches, steps int) (hit, all bool, err error) {
	b := interleave.NewBounded(switches, steps)
	judge := NewJudge(s.machine.Profile(), []model.Property{s.property})
	for more := true; more; more = b.Next() {
		if s.left == 0 || s.ctx.Err() != nil {
			return hit, false, nil
		}
		s.left--
		s.runs++
		out, err := s.runner.Run(t, s.machine, b)
		if err != nil {
			return false, false, err
		}
		f, err := judge.Judge(t, out)
		if err != nil {
			return false, false, err
		}
		switch {
		case f == nil:
		case s.from.Pattern == "" || f.Pattern == s.from.Pattern:
			s.best, hit = f, true
			b.Shorten(len(f.Steps) - 1)
		default:
			b.Skip(len(f.Steps))
		}
	}
	return hit, !b.Pruned(), nil
}
