package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// confirmed is what confirming the verdicts that hold came to.
type confirmed struct {
	verdicts int
	search.Confirmation
}

func (c confirmed) String() string {
	return fmt.Sprintf("confirmed on Linux: each case %d times; %s that hold for 2 clients, by %s, %d of them to an end and judged, and %s of a kernel's state and a call",
		fullReplays, count(c.verdicts, "verdict"), count(c.Schedules, "schedule"), c.Whole, count(c.Pairs, "pair"))
}

// confirm puts what holds for two clients to the test of the real kernel.
func (c *checker) confirm(ctx context.Context, expected []*expectation) error {
	confirmer := &search.Confirmer{Machine: c.all[0]}
	defer confirmer.Close()
	codes := map[string]*explore.Code{}
	for _, e := range expected {
		if e.verdict != model.Holds || e.env().documented() {
			continue
		}
		entry, err := c.find(e.lock)
		if err != nil {
			return err
		}
		if codes[e.lock] == nil {
			codes[e.lock] = explore.NewCode(entry, entry.Defaults)
		}
		plans, err := e.plans(entry, false)
		if err != nil {
			return err
		}
		done, err := confirmPlan(ctx, confirmer, codes[e.lock], &trial.Trial{Lock: entry, Config: entry.Defaults}, plans[0], e.property)
		c.confirmed.add(done)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, context.Canceled):
			c.wrong++
			fmt.Fprintf(c.stdout, "%s: NOT confirmed: %s\n", e.cell, err)
		}
	}
	return nil
}

// confirmPlan confirms that the property holds of one plan.
func confirmPlan(ctx context.Context, c *search.Confirmer, code *explore.Code, t *trial.Trial, p plan, property string) (search.Confirmation, error) {
	t.Clients, t.Budget, t.Skew = p.Clients, p.Budget, p.Skew
	var err error
	if t.Start, err = interleave.MakeStart(p.Start, t); err != nil {
		return search.Confirmation{}, err
	}
	q := explore.Question{Trial: t, Profile: c.Machine.Profile(), Property: property, NoCount: true, Memory: 2 << 30}
	return c.Holds(ctx, code, q)
}

// proveOnLinux confirms what holds of the plans with two clients.
func (x *exploration) proveOnLinux(ctx context.Context, r *explored) error {
	c := &search.Confirmer{Machine: x.machine}
	defer c.Close()
	code := explore.NewCode(r.lock, r.task.Config)
	r.proved = &search.Confirmation{}
	for _, p := range r.task.Plans {
		if len(p.Clients) > 2 {
			continue
		}
		done, err := confirmPlan(ctx, c, code, &trial.Trial{Lock: r.lock, Config: r.task.Config}, p, r.task.Property)
		r.proved.Schedules += done.Schedules
		r.proved.Whole += done.Whole
		r.proved.Pairs += done.Pairs
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *confirmed) add(done search.Confirmation) {
	c.verdicts++
	c.Schedules += done.Schedules
	c.Whole += done.Whole
	c.Pairs += done.Pairs
}
