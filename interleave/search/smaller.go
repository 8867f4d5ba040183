package search

import (
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// simpler returns the clients with simpler workloads, and last as they are:
// plain locks and no time spent; plain locks.
func simpler(clients []trial.Client) [][]trial.Client {
	locks := rewritten(clients, func(a trial.Action) (trial.Action, bool) { return plain(a), true })
	quick := rewritten(locks, func(a trial.Action) (trial.Action, bool) {
		if a.Verb == trial.Work {
			a = trial.Action{Verb: trial.Inside}
		}
		return a, a.Verb != trial.Rest
	})
	var all [][]trial.Client
	for _, c := range [][]trial.Client{quick, locks, clients} {
		if !slices.ContainsFunc(all, func(other []trial.Client) bool { return sameWork(c, other) }) {
			all = append(all, c)
		}
	}
	return all
}

func rewritten(clients []trial.Client, change func(trial.Action) (trial.Action, bool)) []trial.Client {
	out := slices.Clone(clients)
	for i := range out {
		var w trial.Workload
		for _, a := range out[i].Work {
			if b, keep := change(a); keep {
				w = append(w, b)
			}
		}
		out[i].Work = w
	}
	return out
}

func sameWork(a, b []trial.Client) bool {
	return slices.EqualFunc(a, b, func(c, d trial.Client) bool { return slices.Equal(c.Work, d.Work) })
}

// mostSubsets bounds the choices of clients on one level. Only trials of more
// clients than anybody reads come near it.
const mostSubsets = 1000

// subsets returns the choices of n clients, at most mostSubsets, renumbered so
// that processes start from 0 and a process with one client left names it
// plainly. Of choices that differ only in which of several equal clients they
// take, one is returned.
func subsets(clients []trial.Client, n int) [][]trial.Client {
	var all [][]trial.Client
	var choose func(from int, chosen []trial.Client)
	choose = func(from int, chosen []trial.Client) {
		if len(chosen) == n {
			all = append(all, renumbered(chosen))
			return
		}
		for i := from; i < len(clients) && len(all) < mostSubsets; i++ {
			passed := slices.ContainsFunc(clients[from:i], func(c trial.Client) bool { return interchangeable(c, clients[i]) })
			if !passed {
				choose(i+1, append(chosen[:len(chosen):len(chosen)], clients[i]))
			}
		}
	}
	choose(0, nil)
	return all
}

// interchangeable reports whether the clients do the same, each in a process of
// its own.
func interchangeable(c, d trial.Client) bool {
	return c.Letter == "" && d.Letter == "" && slices.Equal(c.Work, d.Work)
}

func renumbered(clients []trial.Client) []trial.Client {
	procs := map[int]int{}
	size := map[int]int{}
	for _, c := range clients {
		if _, ok := procs[c.Proc]; !ok {
			procs[c.Proc] = len(procs)
		}
		size[c.Proc]++
	}
	seen := map[int]int{}
	out := slices.Clone(clients)
	for i, c := range clients {
		out[i].Proc, out[i].Letter = procs[c.Proc], ""
		if size[c.Proc] > 1 {
			out[i].Letter = string(rune('a' + seen[c.Proc]))
			seen[c.Proc]++
		}
	}
	return out
}
