package search

import (
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// simplify rewrites the workloads of the best finding piece by piece (an
// acquire left out, time not spent, a plain lock), as long as the violation
// stays and the schedule grows neither in switches nor in steps.
func (s *shrinker) simplify() error {
	for again := true; again; {
		again = false
		for i := range s.best.Trial.Clients {
			for _, w := range plainer(s.best.Trial.Clients[i].Work) {
				shown, err := s.showsWith(i, w)
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

// showsWith reports whether the violation shows with that workload of client
// i, and keeps it then.
func (s *shrinker) showsWith(i int, w trial.Workload) (bool, error) {
	t := s.best.Trial
	t.Clients = slices.Clone(t.Clients)
	t.Clients[i].Work = w
	if t.Clients[i].Work.Validate() != nil {
		return false, nil
	}
	s.left = min(levelRuns, shrinkRuns-s.runs)
	before := s.best
	for switches := 0; switches <= Switches(before.Steps); switches++ {
		hit, _, err := s.bounded(&t, switches, len(before.Steps))
		if hit || err != nil {
			return hit, err
		}
	}
	return false, nil
}

// plainer returns the workloads that are one change plainer, the plainest
// first.
func plainer(w trial.Workload) []trial.Workload {
	var all []trial.Workload
	for i := 0; i < len(w); {
		end := i + 1
		if w[i].Verb != trial.Rest {
			for end < len(w) && w[end-1].Verb != trial.Unlock {
				end++
			}
		}
		all = append(all, slices.Delete(slices.Clone(w), i, end))
		i = end
	}
	for i, a := range w {
		b := plain(a)
		if a.Verb == trial.Work {
			b = trial.Action{Verb: trial.Inside}
		}
		if b != a {
			v := slices.Clone(w)
			v[i] = b
			all = append(all, v)
		}
	}
	return all
}

// plain turns every way of acquiring into a plain lock.
func plain(a trial.Action) trial.Action {
	if _, acquires := a.Verb.Acquires(); acquires {
		a.Verb = trial.Lock
	}
	return a
}
