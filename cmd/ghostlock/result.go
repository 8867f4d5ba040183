package main

import (
	"strings"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A result is one line of --json.
type result struct {
	Lock     string `json:"lock"`
	Property string `json:"property"` // where none is violated: those asked for; "" for all
	Verdict  string `json:"verdict"`
	Expected string `json:"expected,omitempty"` // of check: the verdict on record
	Start    string `json:"start"`

	Environment string `json:"environment,omitempty"` // of check
	Clients     int    `json:"clients"`
	Acquires    int    `json:"acquires"`
	Threads     int    `json:"threads"`
	Kills       int    `json:"kills"`
	Pauses      int    `json:"pauses"`
	Jumps       int    `json:"jumps"`
	Errors      int    `json:"errors"`
	Unlinks     int    `json:"unlinks"`
	Walls       int    `json:"walls"`
	Skew        string `json:"skew,omitempty"` // of the file server's clock
	Kernel      string `json:"kernel"`
	By          string `json:"by"`
	Seed        uint64 `json:"seed"`
	Switches    int    `json:"switches"` // of the case, as are steps
	Steps       int    `json:"steps"`

	// Null: not counted. Running schedules counts none of these.
	States        *int    `json:"states"`
	Transitions   *int    `json:"transitions"`
	Interleavings *string `json:"interleavings"`

	Shapes    []string `json:"shapes,omitempty"`    // of explore: clients and acquires of each
	Depth     int      `json:"depth,omitempty"`     // of explore: every state is reached in so many steps
	Contended int      `json:"contended,omitempty"` // steps of an acquire while another client held the lock
	Runs      int      `json:"runs,omitempty"`      // of the lock's code, to learn it
	Covered   []string `json:"covered,omitempty"`   // of undecided: what was, of each shape and start
	Vacuous   []string `json:"vacuous,omitempty"`   // of holds: what did not happen
	Unreached []string `json:"unreached,omitempty"` // of holds: calls that were not made

	Schedules int     `json:"schedules"`
	Histories int64   `json:"histories,omitempty"` // different ones, where all schedules were run
	Seconds   float64 `json:"seconds"`
	Confirmed bool    `json:"confirmed"`        // on the real kernel
	Case      string  `json:"case"`             // its path; "" where there is none
	Result    string  `json:"result,omitempty"` // of replay
	Why       string  `json:"why,omitempty"`
}

// result returns what fuzzing came to as an object. Where nothing was found
// the bounds are those asked for, and the verdict is undecided.
func (r *fuzzed) result(f *fuzzFlags) result {
	out := result{
		Lock: r.lock.Name, Property: strings.Join(f.properties, ","), Verdict: model.Undecided.String(),
		Start: f.start, Clients: f.clients, Acquires: f.acquires, Threads: f.threads,
		Kernel: f.kernel, By: f.by, Seed: f.seed, Schedules: r.run, Seconds: r.seconds,
	}
	out.allow(f.bounds.budget)
	if r.Found == nil {
		out.Histories = r.stats.Histories.Load()
		return out
	}
	out.describe(&r.Found.Trial, r.Found.Steps)
	out.Property, out.Verdict, out.Why = r.Found.Property, model.Violated.String(), r.Found.Why
	out.Confirmed, out.Case = f.kernel != "sim" && r.refused == nil && r.confirmed > 0, r.path
	return out
}

// describe fills in what a case's trial and schedule tell.
func (out *result) describe(t *trial.Trial, steps []trial.Step) {
	out.Start, out.Clients, out.Acquires, out.Threads = startFiles(t), len(t.Clients), 0, 0
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
	out.allow(t.Budget)
	if t.Skew != 0 {
		out.Skew = sys.FormatDuration(t.Skew)
	}
	out.Switches, out.Steps = search.Switches(steps), len(steps)
}

// allow fills in what the environment may do.
func (out *result) allow(b trial.Budget) {
	out.Kills, out.Pauses, out.Jumps, out.Errors, out.Unlinks, out.Walls = b.Kills, b.Pauses, b.Jumps, b.Errors, b.Unlinks, b.Walls
}

// startFiles writes the files that are there at the start.
func startFiles(t *trial.Trial) string {
	var files []string
	for _, e := range t.Start {
		files = append(files, trial.FormatEntry(e))
	}
	return strings.Join(files, "; ")
}
