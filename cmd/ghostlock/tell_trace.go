package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/table"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// commandName returns a word for the programs, for files and first lines: what is
// run and, of an interpreter, the script.
func commandName(t *trial.Trial) string {
	var words []string
	for _, w := range t.Clients[0].Program {
		plain := w != "" && w[0] != '-' && !strings.ContainsAny(w, "{} \t\n\"'")
		if plain && len(words) < 2 && (len(words) == 0 || strings.ContainsAny(w, "./")) {
			words = append(words, filepath.Base(w))
		}
	}
	return strings.Join(words, "-")
}

func (r *programmed) writePrograms(dir string) error {
	r.path = filepath.Join(dir, fmt.Sprintf("%s-%s.txt", commandName(r.trial), r.Found.Property))
	return save(r.path, r.Found.Case(r.Found.Where).Format())
}

// vacuous says why what holds proves less than it seems.
func (r *programmed) vacuous() string {
	switch {
	case r.verdict != model.Holds:
		return ""
	case r.few == nil && r.idle:
		return "no client had the lock in the schedule that was run first"
	case r.few == nil:
		return ""
	case r.few.Acquired == 0:
		return "no client ever had the lock"
	case r.few.Contended == 0 && len(r.trial.Clients) > 1:
		return "no client asked for the lock while another held it"
	}
	return ""
}

func (a *app) tellPrograms(r *programmed, f *traceFlags) error {
	if f.json {
		return json.NewEncoder(a.stdout).Encode(r.result(f))
	}
	w := a.stdout
	for _, n := range r.notes {
		fmt.Fprintf(a.stderr, "ghostlock: note: %s\n", n)
	}
	if r.Found != nil {
		return a.tellProgramFinding(r, f)
	}
	if f.explain {
		if err := tellRun(w, r.trial, r.sample); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%s: exclusion %s\n", commandName(r.trial), r.verdictText(f))
	fmt.Fprintf(w, "bounds: %s, %s; %s\n", count(len(r.trial.Clients), "client"), startText(r.trial), r.trial.Budget)
	_, err := fmt.Fprintf(w, "covered: %s %s, %.1f s%s\n", counted(r.runs, "schedule"), r.where, r.seconds, r.evidence())
	if why := r.vacuous(); err == nil && why != "" {
		_, err = fmt.Fprintf(w, "vacuous: %s\n", why)
	}
	return err
}

// verdictText says what came of the hunt, and within which bounds.
func (r *programmed) verdictText(f *traceFlags) string {
	switch {
	case f.draws():
		return fmt.Sprintf("is undecided: no violation was drawn by %s", r.how)
	case r.verdict == model.Undecided && r.few != nil && r.few.Switches >= 0:
		return fmt.Sprintf("is undecided, as %v; it holds in every schedule with at most %s", r.why, count(r.few.Switches, "switch"))
	case r.verdict == model.Undecided:
		return fmt.Sprintf("is undecided, as %v", r.why)
	case r.few == nil || r.few.All:
		return "holds in every schedule within these bounds"
	}
	return fmt.Sprintf("holds in every schedule with at most %s", count(r.few.Switches, "switch"))
}

// evidence says what the schedules stand for, and what happened in them.
func (r *programmed) evidence() string {
	switch {
	case r.how == byTraces:
		return fmt.Sprintf("; one for each trace (schedules that differ only in the order of steps that do not conflict); another stands for %s that were given up",
			counted(r.blocked, "run"))
	case r.few == nil:
		return ""
	}
	return fmt.Sprintf("; the lock was asked for while another held it in %d of them", r.few.Contended)
}

func startText(t *trial.Trial) string {
	if len(t.Start) == 0 {
		return "no file at the start"
	}
	return "at the start " + startFiles(t)
}

func (a *app) tellProgramFinding(r *programmed, f *traceFlags) error {
	w := a.stdout
	fmt.Fprintf(w, "%s: %s violated: %s\n\n", commandName(r.trial), r.Found.Property, r.Found.Why)
	out := interleave.Outcome{Steps: r.Found.Steps, History: r.Found.History, After: r.Found.After}
	if err := tellRun(w, r.trial, out); err != nil {
		return err
	}
	if r.Found.Where != "" {
		fmt.Fprintf(w, "why: %s\n", r.Found.Where)
	}
	fmt.Fprintf(w, "size: %s, %s, %s, %s; %s\n", count(len(r.trial.Clients), "client"), count(r.Found.Faults(), "fault"),
		count(search.Switches(r.Found.Steps), "switch"), count(len(r.Found.Steps), "step"), r.smallest())
	fmt.Fprintf(w, "found: in schedule %d by %s, after %.1f s\n", r.runs, r.how, r.took.Seconds())
	r.tellConfirmed(w, "linux", f.confirm)
	_, err := fmt.Fprintf(w, "replay: ghostlock replay %s\n", r.path)
	return err
}

// smallest says how far smaller ones were looked for.
func (r *programmed) smallest() string {
	switch {
	case r.few == nil || r.few.Found == nil:
		return "smaller ones may exist"
	case r.few.Shortest:
		return "no schedule with fewer switches shows it, and none with as many has fewer steps"
	}
	return "no schedule with fewer switches shows it"
}

// tellRun prints what programs did, as a table, and what they told.
func tellRun(w io.Writer, t *trial.Trial, out interleave.Outcome) error {
	if err := table.Write(w, t, out); err != nil {
		return err
	}
	if err := tellTold(w, out.History); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// result returns what it came to as an object.
func (r *programmed) result(f *traceFlags) result {
	by := f.by
	if by == "" {
		by = "switches"
	}
	out := result{
		Lock: commandName(r.trial), Property: model.ExclusionName, Verdict: r.verdict.String(), Start: startFiles(r.trial),
		Clients: len(r.trial.Clients), Kernel: "trace", By: by, Seed: f.seed, Schedules: r.runs, Seconds: r.seconds,
	}
	out.allow(f.budget)
	if r.why != nil {
		out.Why = r.why.Error()
	}
	if why := r.vacuous(); why != "" {
		out.Vacuous = []string{why}
	}
	if r.Found != nil {
		out.describe(&r.Found.Trial, r.Found.Steps)
		out.Lock, out.Why, out.Case, out.Confirmed = commandName(r.trial), r.Found.Why, r.path, r.refused == nil && r.confirmed > 0
	}
	return out
}
