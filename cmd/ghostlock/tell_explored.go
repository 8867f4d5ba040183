package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// tell prints what exploring a lock for a property came to.
func (x *exploration) tell(r *explored) error {
	if x.flags.json {
		return json.NewEncoder(x.stdout).Encode(r.result(x.flags))
	}
	if x.told {
		fmt.Fprintln(x.stdout)
	}
	x.told = true
	switch r.verdict() {
	case model.Violated:
		return x.tellViolated(x.stdout, r)
	case model.Holds:
		return r.tellHolds(x.stdout)
	}
	return r.tellUndecided(x.stdout)
}

// tellViolated prints the violation, as fuzz does.
func (x *exploration) tellViolated(w io.Writer, r *explored) error {
	if err := tellFinding(w, r.Found.Finding); err != nil {
		return err
	}
	p := r.task.Plans[r.answer.Trial]
	fmt.Fprintf(w, "size: %s\n", size(r.Found))
	fmt.Fprintf(w, "found: from the start %s (%s), among %s, after %.1f s\n",
		p.Start, files(r.Found.Trial), counted(r.answer.States, "state"), r.seconds)
	if r.task.KeepGoing {
		r.tellCovered(w)
	}
	r.tellConfirmed(w, x.kernel.kernel, x.flags.confirm)
	_, err := fmt.Fprintf(w, "replay: ghostlock replay %s\n", r.path)
	return err
}

// files writes the files of a start.
func files(t trial.Trial) string {
	var all []string
	for _, e := range t.Start {
		all = append(all, trial.FormatEntry(e))
	}
	if all == nil {
		return "no file is there"
	}
	return strings.Join(all, "; ")
}

func (r *explored) tellHolds(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s: %s holds in %s within these bounds\n", r.lock.Name, r.task.Property, r.within())
	r.tellBounds(w)
	r.tellCovered(w)
	a := &r.answer
	if all := a.evidence(); all != nil {
		fmt.Fprintf(w, "evidence: %s\n", strings.Join(all, "; "))
	}
	if c := r.proved; c != nil {
		fmt.Fprintf(w, "confirmed: on Linux, by %s, %d of them to an end and judged: %s of a kernel's state and a call\n",
			count(c.Schedules, "schedule"), c.Whole, count(c.Pairs, "pair"))
	}
	for i, call := range a.Unreached {
		fmt.Fprintf(w, "%s%s\n", label(i, "never called:"), call)
	}
	for _, why := range a.Vacuous {
		fmt.Fprintf(w, "vacuous: %s, so this proves little%s\n", why, r.hint())
	}
	return err
}

// evidence says what happened on the way, so that what holds does so for more
// than want of occasion.
func (a *answer) evidence() (all []string) {
	for _, e := range []struct {
		n    int
		what string
	}{
		{a.Contended, "a client asked for the lock %s while another held it"},
		{a.Aged, "a file was found old %s"},
		{a.Timers, "a heartbeat fired %s"},
	} {
		if e.n > 0 {
			all = append(all, fmt.Sprintf(e.what, counted(e.n, "time")))
		}
	}
	return all
}

// within says which schedules were covered.
func (r *explored) within() string {
	switch {
	case r.task.Switches >= 0:
		return "every schedule of at most " + count(r.task.Switches, "switch")
	case r.task.Depth > 0:
		return "every schedule of at most " + count(r.task.Depth, "step")
	}
	return "every schedule"
}

// hint says what would let more happen.
func (r *explored) hint() string {
	worked := slices.ContainsFunc(r.task.Plans[0].Clients[0].Work, func(a trial.Action) bool { return a.Verb == trial.Work })
	if worked || r.task.Config.Heartbeat == 0 {
		return ""
	}
	return fmt.Sprintf(" (try --work %s)", interleave.LongWork(r.task.Config))
}

// tellBounds prints what was to be covered.
func (r *explored) tellBounds(w io.Writer) {
	happens := "nobody is killed or stopped, no call fails, no clock jumps"
	if b := r.task.Plans[0].Budget; b.Total() > 0 {
		happens = "besides, at most: " + b.String()
	}
	happens += skewed(r.task.Plans[0].Skew)
	for i, s := range r.shapes() {
		fmt.Fprintf(w, "%s%s\n", label(i, "bounds:"), s)
	}
	from := "from the start " + r.starts()[0]
	if len(r.starts()) > 1 {
		from = "from each of the starts " + strings.Join(r.starts(), ", ")
	}
	fmt.Fprintf(w, "%s%s; %s\n", label(1, "bounds:"), from, happens)
}

func (r *explored) shapes() (all []string) {
	for _, p := range r.task.Plans {
		if !slices.Contains(all, p.Shape) {
			all = append(all, p.Shape)
		}
	}
	return all
}

func (r *explored) starts() (all []string) {
	for _, p := range r.task.Plans {
		if !slices.Contains(all, p.Start) {
			all = append(all, p.Start)
		}
	}
	return all
}

// tellCovered prints the figures of what was covered as a whole.
func (r *explored) tellCovered(w io.Writer) {
	a := &r.answer
	fmt.Fprintf(w, "covered: %s", counted(a.States, "state"))
	if r.task.Switches < 0 {
		fmt.Fprintf(w, ", %s, %s, up to %s deep", counted(a.Transitions, "transition"), a.interleavings(), count(a.Depth, "step"))
	}
	if a.Violations > 0 {
		fmt.Fprintf(w, ", %s that violate it", counted(a.Violations, "transition"))
	}
	fmt.Fprintf(w, "; %s of the lock's code, %.1f s\n", counted(a.Runs, "run"), r.seconds)
}

func (a *answer) interleavings() string {
	switch {
	case a.Interleavings == "1":
		return "1 interleaving"
	case a.Interleavings != "":
		return thousands(a.Interleavings) + " interleavings"
	case a.Endless:
		return "interleavings without end"
	}
	return "interleavings not counted"
}

func (r *explored) tellUndecided(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s: %s undecided after %.1f s: %s\n", r.lock.Name, r.task.Property, r.seconds, r.answer.Why)
	r.tellBounds(w)
	for i, line := range r.coverage() {
		fmt.Fprintf(w, "%s%s\n", label(i, "covered:"), line)
	}
	return err
}

// coverage says of each trial that was begun what was covered of it.
func (r *explored) coverage() (all []string) {
	rest := 0
	for i, c := range r.covered {
		if !c.Begun {
			rest++
			continue
		}
		p := r.task.Plans[i]
		line := fmt.Sprintf("%s, start %s: %s (%s)", p.Shape, p.Start, c, counted(c.States, "state"))
		if c.Why != "" && c.Why != r.answer.Why {
			line += ": " + c.Why
		}
		all = append(all, line)
	}
	if rest > 0 {
		all = append(all, fmt.Sprintf("%s not begun", counted(rest, "other trial")))
	}
	return all
}

// label returns the word before the first line, and as much room before others.
func label(i int, word string) string {
	if i > 0 {
		word = strings.Repeat(" ", len(word))
	}
	return word + " "
}

// counted is count for large numbers.
func counted(n int, noun string) string {
	if n == 1 {
		return count(n, noun)
	}
	_, nouns, _ := strings.Cut(count(0, noun), " ")
	return thousands(fmt.Sprint(n)) + " " + nouns
}

// thousands writes digits in groups of three.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
