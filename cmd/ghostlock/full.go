package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A confirmation puts what holds for two clients to the test of the real kernel, on
// all processors.
type confirmation struct {
	find  finder
	time  time.Duration // for each verdict
	told  func()        // is called after each verdict
	cover explore.Cover

	mu       sync.Mutex
	verdicts int
	search.Confirmation
	wrong  []string // what is not so on Linux
	missed []cell   // for which the time, or the memory, was not enough
}

// String says what confirming came to.
func (c *confirmation) String() string {
	text := fmt.Sprintf("confirmed on Linux: each case %d times; what holds for 2 clients, %s, by %s, %d of them to an end and judged, and %s of a kernel's state and a call",
		fullReplays, count(c.verdicts, "verdict"), count(c.Schedules, "schedule"), c.Whole, count(c.Pairs, "pair"))
	return text + tooLong("not confirmed", c.time, c.missed)
}

// tooLong says of cells that the time, or the memory, was not enough for them.
func tooLong(what string, limit time.Duration, missed []cell) string {
	if len(missed) == 0 {
		return ""
	}
	text := fmt.Sprintf("\n%s within %s, or for want of memory: %s", what, sys.FormatDuration(limit), count(len(missed), "verdict"))
	for _, c := range missed {
		text += "\n  " + c.String()
	}
	return text
}

// run confirms these groups, on these machines.
func (c *confirmation) run(ctx context.Context, all machines, groups [][]*expectation) error {
	err := handOut(ctx, len(all), groups, func(ctx context.Context, n int, groups <-chan []*expectation) error {
		own := &search.Confirmer{Machine: all[n], Cover: &c.cover}
		defer own.Close()
		for group := range groups {
			if err := c.group(ctx, own, group); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(c.wrong)
	slices.SortFunc(c.missed, func(a, b cell) int { return strings.Compare(a.String(), b.String()) })
	return err
}

// byCode puts together what one lock does in one environment, if it holds and can be
// confirmed: its code is learned once for all of it.
func byCode(expected []*expectation) (groups [][]*expectation) {
	for _, e := range expected {
		if e.verdict != model.Holds || e.env().documented() {
			continue
		}
		if n := len(groups); n > 0 && groups[n-1][0].lock == e.lock && groups[n-1][0].environment == e.environment {
			groups[n-1] = append(groups[n-1], e)
		} else {
			groups = append(groups, []*expectation{e})
		}
	}
	return groups
}

// group confirms these verdicts on one lock.
func (c *confirmation) group(ctx context.Context, own *search.Confirmer, group []*expectation) error {
	if ctx.Err() != nil {
		return nil
	}
	entry, err := c.find(group[0].lock)
	if err != nil {
		return err
	}
	code := explore.NewCode(entry, entry.Defaults)
	for _, e := range group {
		plans, err := e.plans(entry, small)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeoutCause(ctx, c.time, errTime)
		done, err := confirmPlan(limited, own, code, entry, entry.Defaults, plans[0], e.property)
		cancel()
		if ctx.Err() != nil {
			break
		}
		c.note(e.cell, done, err)
	}
	return nil
}

// note takes down what came of a verdict.
func (c *confirmation) note(at cell, done search.Confirmation, err error) {
	c.told()
	c.mu.Lock()
	defer c.mu.Unlock()
	var unproved *search.Unproved
	switch {
	case err == nil:
		c.verdicts++
	case errors.Is(err, errTime), errors.As(err, &unproved):
		c.missed = append(c.missed, at)
	default:
		c.wrong = append(c.wrong, fmt.Sprintf("%s: NOT confirmed: %s", at, err))
	}
	c.Add(done)
}

// confirmPlan confirms that the property holds of one plan.
func confirmPlan(ctx context.Context, c *search.Confirmer, code *explore.Code, e lock.Entry, config lock.Config, p plan, property string) (search.Confirmation, error) {
	t := &trial.Trial{Lock: e, Config: config, Clients: p.Clients, Budget: p.Budget, Skew: p.Skew}
	var err error
	if t.Start, err = interleave.MakeStart(p.Start, t); err != nil {
		return search.Confirmation{}, err
	}
	q := explore.Question{Trial: t, Profile: c.Machine.Profile(), Property: property, NoCount: true, Memory: 2 << 30}
	return c.Holds(ctx, code, q)
}

// proveOnLinux confirms what holds of the plans with two clients.
func (x *exploration) proveOnLinux(ctx context.Context, r *explored) error {
	c := &search.Confirmer{Machine: x.machine, Cover: &explore.Cover{}}
	defer c.Close()
	code := explore.NewCode(r.lock, r.task.Config)
	r.proved = &search.Confirmation{}
	for _, p := range r.task.Plans {
		if len(p.Clients) > 2 {
			continue
		}
		done, err := confirmPlan(ctx, c, code, r.lock, r.task.Config, p, r.task.Property)
		r.proved.Add(done)
		if err != nil {
			return err
		}
	}
	return nil
}
