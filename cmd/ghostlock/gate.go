package main

import (
	"context"
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// replayAll replays every case that an expectation names, each once.
func (c *checker) replayAll(ctx context.Context, expected []*expectation) error {
	for _, e := range expected {
		for _, stored := range e.stored {
			if _, done := c.replayed[stored.Name]; done {
				continue
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			why, err := c.replay(stored)
			if err != nil {
				return err
			}
			c.replayed[stored.Name] = why
			if why != "" {
				c.wrong++
			}
		}
	}
	return nil
}

// replay runs a stored case in memory and on the kernel, and returns why it
// did not reproduce, or "".
func (c *checker) replay(stored *trial.Case) (string, error) {
	why, err := c.replayOn(stored, kernelFlag{kernel: "sim"})
	if why != "" || err != nil || c.kernel == "sim" || sim.FromDocuments(stored.Profile) {
		return why, err
	}
	there, err := search.Transpose(stored, c.all[0].Profile())
	if err != nil {
		return "", err
	}
	if there == nil {
		c.elsewhere++
		return "", nil
	}
	times := 1
	if c.full {
		times = fullReplays
	}
	for range times {
		if why, err := c.replayOn(there, c.kernelFlag); why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// fullReplays is how often --full replays each stored case on Linux.
const fullReplays = 10

// replayOn runs a stored case once and returns why it did not reproduce.
func (c *checker) replayOn(stored *trial.Case, k kernelFlag) (string, error) {
	r, err := c.replayedOn(stored, k)
	if err != nil {
		return "", err
	}
	where := "in memory"
	if k.kernel != "sim" {
		where = "on Linux"
	}
	switch r.Result {
	case search.Diverged:
		return fmt.Sprintf("diverged %s: %s: %v", where, r.At, r.Divergence), nil
	case search.Passes:
		return fmt.Sprintf("passes %s: its schedule ran, and %s held", where, stored.Verdict.Property), nil
	}
	return "", nil
}

func (c *checker) replayedOn(stored *trial.Case, k kernelFlag) (search.Replayed, error) {
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
