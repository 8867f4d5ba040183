package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A checked is what came of checking an expectation.
type checked struct {
	expectation
	fuzzed *fuzzed
	found  model.Verdict
	why    string // a stored case did not reproduce
	cut    bool   // by an interrupt, before anything was found
}

// news reports whether fuzzing found a violation that nobody expected.
func (k *checked) news() bool {
	return k.shows() && k.verdict != model.Violated
}

// shows reports whether fuzzing found a violation of the property.
func (k *checked) shows() bool {
	return k.fuzzed.Found != nil && k.fuzzed.Found.Property == k.property
}

// locks checks each lock against its expectations, until the interrupt.
func (c *checker) locks(ctx context.Context, expected []expectation) error {
	for _, e := range lock.All() {
		var all []*checked
		for _, x := range expected {
			if x.lock != e.Name || ctx.Err() != nil {
				continue
			}
			k, err := c.one(ctx, e, x, expected)
			if err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
			all = append(all, k)
		}
		if err := c.tellChecked(e, all); err != nil {
			return err
		}
	}
	return nil
}

// one checks one expectation.
func (c *checker) one(ctx context.Context, e lock.Entry, x expectation, expected []expectation) (*checked, error) {
	k := &checked{expectation: x}
	for _, stored := range x.stored {
		why, err := c.replay(stored)
		switch {
		case err != nil:
			return nil, err
		case why != "":
			k.why = why
			c.wrong++
		default:
			k.found = model.Violated
		}
	}
	var err error
	if k.fuzzed, err = c.fuzzFor(ctx, e, x, expected); err != nil {
		return nil, err
	}
	if k.shows() {
		k.found = model.Violated
	}
	k.cut = ctx.Err() != nil && k.found != model.Violated
	if k.found != x.verdict && !k.cut {
		c.wrong++
	}
	return k, nil
}

// tellChecked prints a lock's line, and then what nobody expected.
func (c *checker) tellChecked(e lock.Entry, all []*checked) error {
	if c.json || len(all) == 0 {
		for _, k := range all {
			if err := json.NewEncoder(c.stdout).Encode(c.result(k)); err != nil {
				return err
			}
		}
		return nil
	}
	line := fmt.Sprintf("%-13s", e.Name)
	for _, k := range all {
		line += fmt.Sprintf("  %-22s", k)
	}
	fmt.Fprintln(c.stdout, strings.TrimRight(line, " "))
	for _, k := range all {
		if k.why != "" {
			fmt.Fprintln(c.stdout, k.why)
		}
		if k.news() {
			if err := c.tell(k.fuzzed, c.asFuzz()); err != nil {
				return err
			}
		}
	}
	return nil
}

// String returns what a lock's line says of the property.
func (k *checked) String() string {
	switch {
	case k.cut:
		return k.property + " interrupted"
	case k.found != k.verdict:
		return fmt.Sprintf("%s %s (expected %s)", k.property, k.found, k.verdict)
	}
	return k.property + " " + k.found.String()
}

// result returns what was checked as an object. A violation that was expected
// is told by its first case.
func (c *checker) result(k *checked) result {
	told := *k.fuzzed
	if !k.news() {
		told.Found = nil
	}
	r := told.result(c.asFuzz())
	if k.shows() {
		r.Histories = 0 // not all schedules were run
	}
	r.Property, r.Verdict, r.Expected = k.property, k.found.String(), k.verdict.String()
	if len(k.stored) > 0 {
		first := k.stored[0]
		r.describe(&first.Trial, first.Steps)
		r.Case, r.Confirmed = first.Name, c.kernel != "sim" && k.why == ""
		r.Why = first.Verdict.Why
	}
	if k.why != "" {
		r.Why = k.why
	}
	return r
}
