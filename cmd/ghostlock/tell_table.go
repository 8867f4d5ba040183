package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/model"
)

// tellTable prints what was not expected; where everything was explored, also a
// line a lock and property with the verdicts that were found. Why says which those are.
func (c *checker) tellTable(why string) error {
	for _, e := range c.record.expected {
		if e.differs(c.table.found[e.cell]) {
			c.wrong++
		}
	}
	if c.json {
		return c.tellCells()
	}
	if c.thorough {
		c.tellRows()
	}
	for _, e := range c.record.expected {
		if err := c.tellDifference(e); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.replayed)) {
		if why := c.replayed[name]; why != "" {
			fmt.Fprintf(c.stdout, "\n%s: %s\n", name, why)
		}
	}
	_, err := fmt.Fprintf(c.stdout, "%s on record, %s\n", count(len(c.record.expected), "verdict"), why)
	return err
}

// differs reports whether the answer is not the one on record. What took too long
// there may be known here.
func (e *expectation) differs(a *answer) bool {
	return a != nil && e.verdict != model.Undecided && verdict(a.Verdict) != e.verdict
}

// tellRows prints the table of what was explored.
func (c *checker) tellRows() {
	fmt.Fprintf(c.stdout, "%-31s", "")
	for _, env := range environments {
		fmt.Fprintf(c.stdout, "%-*s", env.width(), env.name)
	}
	fmt.Fprintf(c.stdout, "from %s:\n%31sh holds, e holds and nobody had to wait, v violated, u undecided, - not asked or not explored now\n",
		strings.Join(interleave.Starts(), ", "), "")
	fmt.Fprintf(c.stdout, "%31s%s\n", "", ownStarts())
	fmt.Fprintf(c.stdout, "%31s%s: from documents, not confirmed on Linux\n", "", strings.Join(documented(), ", "))
	for _, l := range c.locks {
		for _, p := range model.Properties() {
			line, any := fmt.Sprintf("%-18s %-12s", l.Name, p.Name), false
			for _, env := range environments {
				letters := ""
				for _, start := range env.from() {
					a := c.table.found[cell{l.Name, p.Name, env.name, start}]
					any = any || a != nil
					letters += letter(a)
				}
				line += fmt.Sprintf("%-*s", env.width(), letters)
			}
			if any {
				fmt.Fprintln(c.stdout, strings.TrimRight(line, " "))
			}
		}
	}
}

// width is how wide the environment's column is.
func (e environment) width() int { return max(8, len(e.name)+1) }

// ownStarts says from which starts properties are asked in environments that have
// their own.
func ownStarts() string {
	var from []string
	of := map[string][]string{}
	for _, e := range environments {
		if e.starts == nil {
			continue
		}
		starts := strings.Join(e.starts, ", ")
		if of[starts] == nil {
			from = append(from, starts)
		}
		of[starts] = append(of[starts], e.name)
	}
	for i, starts := range from {
		from[i] = strings.Join(of[starts], ", ") + " from " + starts
	}
	return strings.Join(from, "; ")
}

// letter returns the verdict in a letter.
func letter(a *answer) string {
	switch {
	case a == nil:
		return "-"
	case a.empty():
		return "e"
	}
	return a.Verdict[:1]
}

// empty reports whether the property holds of schedules in which nobody asked for
// the lock while another held it: that says little.
func (a *answer) empty() bool { return verdict(a.Verdict) == model.Holds && a.Contended == 0 }

// tellDifference prints a verdict that was not expected, with what shows it.
func (c *checker) tellDifference(e *expectation) error {
	a := c.table.found[e.cell]
	if !e.differs(a) {
		return nil
	}
	fmt.Fprintf(c.stdout, "\n%s, environment %s, start %s: found %s %s, expected %s\n", e.lock, e.environment, e.start, e.property, a.Verdict, e.verdict)
	if a.Why != "" {
		fmt.Fprintln(c.stdout, a.Why)
	}
	if a.Found == nil {
		return nil
	}
	s, err := a.Found.unpack()
	if err != nil {
		return err
	}
	if err := tellFinding(c.stdout, s.Finding); err != nil {
		return err
	}
	kept := settled{Found: s}
	if err := kept.write(c.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "size: %s\nreplay: ghostlock replay %s\n", size(s), kept.path)
	return err
}

// tellCells prints an object a cell that was explored.
func (c *checker) tellCells() error {
	out := json.NewEncoder(c.stdout)
	for _, e := range c.record.expected {
		a := c.table.found[e.cell]
		if a == nil {
			continue
		}
		r := result{
			Lock: e.lock, Property: e.property, Environment: e.environment, Start: e.start,
			Verdict: a.Verdict, Expected: e.verdict.String(), Kernel: "sim", By: byGraph, Why: a.Why,
			States: &a.States, Transitions: &a.Transitions, Runs: a.Runs, Contended: a.Contended, Vacuous: a.Vacuous,
		}
		r.allow(e.env().budget)
		if len(e.stored) > 0 {
			first := e.stored[0]
			r.describe(&first.Trial, first.Steps)
			r.Start, r.Case, r.Confirmed = e.start, first.Name, c.kernel != "sim" && c.replayed[first.Name] == "" && !e.env().documented()
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
