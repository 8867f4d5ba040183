package main

import (
	"strings"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// A result is one line of --json.
type result struct {
	Lock      string  `json:"lock"`
	Property  string  `json:"property"`
	Verdict   string  `json:"verdict"`
	Start     string  `json:"start"`
	Clients   int     `json:"clients"`
	Acquires  int     `json:"acquires"`
	Threads   int     `json:"threads"`
	Kills     int     `json:"kills"`
	Pauses    int     `json:"pauses"`
	Jumps     int     `json:"jumps"`
	Kernel    string  `json:"kernel"`
	By        string  `json:"by,omitempty"`
	Seed      uint64  `json:"seed,omitempty"`
	Switches  int     `json:"switches,omitempty"`
	Steps     int     `json:"steps,omitempty"`
	Schedules int     `json:"schedules"`
	Histories int64   `json:"histories,omitempty"`
	Seconds   float64 `json:"seconds,omitempty"`
	Confirmed bool    `json:"confirmed"`
	Case      string  `json:"case,omitempty"`
	Result    string  `json:"result,omitempty"`
	Why       string  `json:"why,omitempty"`
}

// result returns what fuzzing came to as an object. Where nothing was found
// the bounds are those asked for, and the verdict is undecided.
func (r *fuzzed) result(f *fuzzFlags) result {
	out := result{
		Lock: r.lock.Name, Property: strings.Join(f.properties, ","), Verdict: model.Undecided.String(),
		Start: f.start, Clients: f.clients, Acquires: f.acquires, Threads: f.threads,
		Kills: f.bounds.budget.Kills, Pauses: f.bounds.budget.Pauses, Jumps: f.bounds.budget.Jumps,
		Kernel: f.kernel, By: f.by, Seed: f.seed,
		Schedules: r.run, Histories: r.stats.Histories.Load(), Seconds: r.seconds,
	}
	if r.Found == nil {
		return out
	}
	out.describe(&r.Found.Trial, r.Found.Steps)
	out.Property, out.Verdict, out.Why = r.Found.Property, model.Violated.String(), r.Found.Why
	out.Confirmed, out.Case = r.refused == nil && r.confirmed > 0, r.path
	return out
}

// describe fills in what a case's trial and schedule tell.
func (out *result) describe(t *trial.Trial, steps []trial.Step) {
	var files []string
	for _, e := range t.Start {
		files = append(files, trial.FormatEntry(e))
	}
	out.Start, out.Clients, out.Acquires, out.Threads = strings.Join(files, "; "), len(t.Clients), 0, 0
	for _, c := range t.Clients {
		n := 0
		for _, a := range c.Work {
			if _, acquires := a.Verb.Acquires(); acquires {
				n++
			}
		}
		out.Acquires = max(out.Acquires, n)
		if c.Letter != "" && c.Proc == 0 {
			out.Threads++
		}
	}
	out.Kills, out.Pauses, out.Jumps = t.Budget.Kills, t.Budget.Pauses, t.Budget.Jumps
	out.Switches, out.Steps = search.Switches(steps), len(steps)
}
