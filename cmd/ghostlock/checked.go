package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// What of the table check computes, and for how long.

// explored returns the cells to explore and says which they are: all where that
// is asked for, or locks are named; else those of locks that have changed, or of
// which something else is asked, since their verdicts were recorded, and some of
// every lock's.
func (c *checker) explored() (asked []cell, why string, err error) {
	changed := map[string]bool{}
	for _, e := range c.locks {
		version, err := c.cache.version(e)
		if err != nil {
			return nil, "", err
		}
		changed[e.Name] = version != c.record.locks[e.Name]
	}
	c.thorough = c.full || c.update || len(c.locks) < len(lock.All())
	locks := 0
	for _, e := range c.locks {
		if changed[e.Name] {
			locks++
		}
	}
	for _, e := range c.record.expected {
		if c.thorough || changed[e.lock] || e.always() && e.verdict != model.Undecided {
			asked = append(asked, e.cell)
		}
	}
	if c.thorough {
		return asked, "all of them explored", nil
	}
	why = fmt.Sprintf("%d of them explored: exclusion in calm and kill from no file, and all of the %s whose code or questions have changed since", len(asked), count(locks, "lock"))
	if c.cache.engine != c.record.engine {
		why += "; the engine has changed since too: check --full explores all"
	}
	return asked, why, nil
}

// always reports whether check explores the cell whatever has changed.
func (c cell) always() bool {
	return c.property == model.ExclusionName && c.start == "none" && (c.environment == "calm" || c.environment == "kill")
}

// patience returns how long a cell may take: much longer than usual, unless all are
// asked and it was not decided before. A slow moment is not to lose a verdict.
func (c *checker) patience() func(cell) time.Duration {
	if !c.update && !c.full {
		return func(cell) time.Duration { return patientTime }
	}
	decided := decidedBefore(c.testdata)
	return func(one cell) time.Duration {
		if decided[one] {
			return patientTime
		}
		return cellTime
	}
}

// compute computes the cells.
func (c *checker) compute(ctx context.Context, t *tabling, asked []cell) error {
	counted, stop := c.counted("explored", len(asked))
	defer stop()
	t.told = func(cell, *answer) { counted() }
	if err := t.compute(ctx, asked); err != nil {
		return err
	}
	for _, a := range t.found {
		c.states += a.States
	}
	return errors.Join(t.failed...)
}

// enlarge explores the large shapes of what holds in the others. What is violated
// there takes the place of what was found.
func (c *checker) enlarge(ctx context.Context, asked []cell) error {
	asked = slices.DeleteFunc(slices.Clone(asked), func(one cell) bool {
		return one.env().large == nil || verdict(c.table.found[one].Verdict) != model.Holds
	})
	t := tabling{find: c.find, extent: large, time: func(cell) time.Duration { return c.time }, findings: true, cache: c.cache}
	if err := c.compute(ctx, &t, asked); err != nil {
		return err
	}
	for _, one := range asked {
		switch a := t.found[one]; verdict(a.Verdict) {
		case model.Violated:
			c.table.found[one] = a
		case model.Undecided:
			c.missed = append(c.missed, one)
		}
	}
	return nil
}
