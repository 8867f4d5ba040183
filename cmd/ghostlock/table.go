package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// explore computes the verdict of every expectation's cell, on all processors.
func (c *checker) explore(ctx context.Context, expected []*expectation) (map[cell]*answer, error) {
	t := &tabling{find: c.find, full: c.full, findings: c.update, found: map[cell]*answer{}}
	groups := make(chan []*expectation)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			x := newExplorer()
			defer x.close()
			for group := range groups {
				if err := t.group(ctx, x, group); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, group := range inGroups(expected) {
		groups <- group
	}
	close(groups)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, a := range t.found {
		c.states += a.States
	}
	return t.found, nil
}

// inGroups puts the cells of one lock and environment together: what is learned
// of the lock's code for one of them serves the others. The groups that take
// long, those at the end of an environment's list, come first.
func inGroups(expected []*expectation) [][]*expectation {
	var all [][]*expectation
	for i := len(environments) - 1; i >= 0; i-- {
		for _, e := range lock.All() {
			var group []*expectation
			for _, x := range expected {
				if x.lock == e.Name && x.environment == environments[i].name {
					group = append(group, x)
				}
			}
			all = append(all, group)
		}
	}
	return all
}

// A tabling is a table being computed.
type tabling struct {
	find     finder
	full     bool // large shapes too
	findings bool // every violation is wanted with its case

	mu    sync.Mutex
	found map[cell]*answer
}

// group computes the cells, one after the other. A violation that is news is
// looked for again, with its case.
func (t *tabling) group(ctx context.Context, x *explorer, group []*expectation) error {
	for _, e := range group {
		entry, err := t.find(e.lock)
		if err != nil {
			return err
		}
		ask := e.task(entry.Defaults, t.full)
		a, err := asked(ctx, x, ask)
		if err == nil && verdict(a.Verdict) == model.Violated && (t.findings || e.verdict != model.Violated) {
			ask.Brief = false
			a, err = asked(ctx, x, ask)
		}
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.found[e.cell] = a
		t.mu.Unlock()
	}
	return nil
}

// asked returns the explorer's answer, undecided where its child had to be
// stopped.
func asked(ctx context.Context, x *explorer, t *task) (*answer, error) {
	a, err := x.ask(ctx, t, func(covered) {})
	var s *stopped
	if errors.As(err, &s) {
		return &answer{Verdict: model.Undecided.String(), Why: s.why}, nil
	}
	return a, err
}

// tellTable prints a line a lock and property, and then what was not expected.
func (c *checker) tellTable(expected []*expectation, found map[cell]*answer) error {
	for _, e := range expected {
		e.differs(c, found[e.cell])
	}
	if c.json {
		return c.tellCells(expected, found)
	}
	c.tellRows(expected, found)
	for _, e := range expected {
		if err := c.tellDifference(e, found[e.cell]); err != nil {
			return err
		}
	}
	for name, why := range c.replayed {
		if why != "" {
			fmt.Fprintf(c.stdout, "\n%s: %s\n", name, why)
		}
	}
	return nil
}

// differs counts a verdict that is not the expected one.
func (e *expectation) differs(c *checker, a *answer) {
	if verdict(a.Verdict) != e.verdict {
		c.wrong++
	}
}

func (c *checker) tellRows(expected []*expectation, found map[cell]*answer) {
	fmt.Fprintf(c.stdout, "%-26s", "")
	for _, env := range environments {
		fmt.Fprintf(c.stdout, "%-8s", env.name)
	}
	fmt.Fprintf(c.stdout, "from %s: h holds, v violated, u undecided\n", strings.Join(interleave.Starts(), ", "))
	for _, l := range c.locks {
		for _, p := range model.Properties() {
			line := fmt.Sprintf("%-13s %-12s", l.Name, p.Name)
			for _, env := range environments {
				letters := ""
				for _, start := range interleave.Starts() {
					letters += found[cell{l.Name, p.Name, env.name, start}].Verdict[:1]
				}
				line += fmt.Sprintf("%-8s", letters)
			}
			fmt.Fprintln(c.stdout, strings.TrimRight(line, " "))
		}
	}
}

// tellDifference prints a verdict that was not expected, with what shows it.
func (c *checker) tellDifference(e *expectation, a *answer) error {
	if verdict(a.Verdict) == e.verdict {
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

// tellCells prints an object a cell.
func (c *checker) tellCells(expected []*expectation, found map[cell]*answer) error {
	out := json.NewEncoder(c.stdout)
	for _, e := range expected {
		a := found[e.cell]
		r := result{
			Lock: e.lock, Property: e.property, Environment: e.environment, Start: e.start,
			Verdict: a.Verdict, Expected: e.verdict.String(), Kernel: "sim", By: byGraph, Why: a.Why,
			States: &a.States, Transitions: &a.Transitions, Runs: a.Runs,
		}
		r.allow(e.env().budget)
		if len(e.stored) > 0 {
			first := e.stored[0]
			r.describe(&first.Trial, first.Steps)
			r.Start, r.Case, r.Confirmed = e.start, first.Name, c.kernel != "sim" && c.replayed[first.Name] == ""
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
