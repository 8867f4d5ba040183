package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// replay runs a stored case in memory and on the kernel, and returns why it
// did not reproduce, or "".
func (c *checker) replay(stored *trial.Case) (string, error) {
	kernels := []kernelFlag{{kernel: "sim"}}
	if c.kernel != "sim" {
		kernels = append(kernels, c.kernelFlag)
	}
	c.cases++
	for _, k := range kernels {
		r, err := c.replayOn(stored, k)
		if err != nil {
			return "", err
		}
		where := "in memory"
		if k.kernel != "sim" {
			where = "on Linux"
		}
		switch r.Result {
		case search.Diverged:
			return fmt.Sprintf("%s diverged %s: %s: %v", stored.Name, where, r.At, r.Divergence), nil
		case search.Passes:
			return fmt.Sprintf("%s passes %s: its schedule ran, and %s held", stored.Name, where, stored.Verdict.Property), nil
		}
	}
	return "", nil
}

func (c *checker) replayOn(stored *trial.Case, k kernelFlag) (search.Replayed, error) {
	if k.kernel != "sim" && !stored.Trial.Shared() {
		return search.Replay(stored, c.all[0])
	}
	m, err := k.open(stored.Profile, direct(stored))
	if err != nil {
		return search.Replayed{}, err
	}
	r, err := search.Replay(stored, m)
	if closing := m.Close(); err == nil {
		err = closing
	}
	return r, err
}

// trials are what check fuzzes a lock with: most of them calm, some with a
// kill, a few in which holders work past every threshold, for those take
// hundreds of steps and a kill costs as much as fifty.
func (c *checker) trials(e lock.Entry) ([]*trial.Trial, error) {
	calm := bounds{acquires: 2}
	kill, long := calm, calm
	kill.budget.Kills = 1
	long.work = interleave.LongWork(e.Defaults)
	var trials []*trial.Trial
	for _, env := range []struct {
		bounds bounds
		share  int
	}{{calm, drawnTrials}, {kill, drawnTrials / 4}, {long, drawnTrials / 8}} {
		d, err := env.bounds.forLock(e)
		if err != nil {
			return nil, err
		}
		trials = append(trials, drawn(d, checkSeed, env.share)...)
	}
	return trials, nil
}

// checkSeed is the fixed seed of every fuzz of check.
const checkSeed = 1

// fuzzFor fuzzes the lock for one expectation. Properties that are expected to
// stay undecided are judged together, in the same runs.
func (c *checker) fuzzFor(ctx context.Context, e lock.Entry, x expectation, expected []expectation) (*fuzzed, error) {
	if x.verdict == model.Violated {
		return c.fuzz(ctx, e, []string{x.property}, false)
	}
	if done := c.open[e.Name]; done != nil {
		return done, nil
	}
	var properties []string
	for _, other := range expected {
		if other.lock == e.Name && other.verdict == model.Undecided {
			properties = append(properties, other.property)
		}
	}
	r, err := c.fuzz(ctx, e, properties, true)
	c.open[e.Name] = r
	return r, err
}

// fuzz fuzzes the lock briefly. A finding that is news is shrunk and written.
func (c *checker) fuzz(ctx context.Context, e lock.Entry, properties []string, news bool) (*fuzzed, error) {
	judged, err := (&bounds{properties: properties}).judged()
	if err != nil {
		return nil, err
	}
	trials, err := c.trials(e)
	if err != nil {
		return nil, err
	}
	r := &fuzzed{lock: e, stats: &search.Stats{}, where: c.describe(c.all[0], false)}
	fz := &search.Fuzz{
		Machines: c.all, Runner: search.Sampled(trials, interleave.Strategies()[0], checkSeed),
		Properties: judged, Runs: c.checkFlags.runs, Stats: r.stats,
	}
	begin := time.Now()
	found, n, err := c.watched(ctx, e.Name+" "+strings.Join(properties, ", "), fz, 0)
	r.run, r.seconds = n, time.Since(begin).Seconds()
	c.runs += n
	switch {
	case err != nil || found == nil:
		return r, err
	case news:
		return r, r.settle(ctx, found, c.asFuzz(), c.all[0])
	}
	r.Found = &search.Shrunk{Finding: found}
	return r, nil
}

// asFuzz returns the flags that fuzz would have been given.
func (c *checker) asFuzz() *fuzzFlags {
	return &fuzzFlags{kernelFlag: c.kernelFlag, by: interleave.Strategies()[0].Name, seed: checkSeed, out: c.out, confirm: 10, json: c.json}
}
