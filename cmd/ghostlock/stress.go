package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/stress"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

type stressFlags struct {
	threads, acquires int
	start, dir, trace string
	delay, budget     time.Duration
	seed              uint64
	rounds            int
	json              bool
}

func newStress(a *app) *cobra.Command {
	f := &stressFlags{}
	cmd := &cobra.Command{
		Use:   "stress LOCK",
		Short: "Run a lock without gates, for comparison",
		Long: `Stress lets threads of this process contend for the lock freely and in real time,
round after round, and judges each round's history. It is there to compare: what
the gates find in a few schedules, stress finds rarely or never, and cannot replay.`,
		Args: takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.stress(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.threads, "threads", 8, "how many threads contend")
	flags.IntVar(&f.acquires, "acquires", 1, "how often each acquires in a round")
	flags.StringVar(&f.start, "start", "idle", "the files at each round's start: "+strings.Join(interleave.Starts(), ", "))
	flags.DurationVar(&f.delay, "delay", 0, "pause up to so long before each call, as rapid draws it")
	flags.DurationVar(&f.budget, "for", 10*time.Second, "how long")
	flags.IntVar(&f.rounds, "rounds", 0, "at most so many rounds")
	flags.Uint64Var(&f.seed, "seed", 1, "what the delays are drawn from")
	flags.StringVar(&f.dir, "dir", "", "where the files live: names the file system (default: the temporary directory)")
	flags.BoolVar(&f.json, "json", false, "one JSON object")
	flags.StringVar(&f.trace, "history", "", "write the first violating history to this file, as JSON lines")
	return cmd
}

func (f *stressFlags) trial(e lock.Entry) (*trial.Trial, error) {
	switch {
	case f.threads < 1 || f.threads > 26:
		return nil, fmt.Errorf("found --threads %d, wanted 1 to 26", f.threads)
	case f.acquires < 1 || f.acquires > maxAcquires:
		return nil, fmt.Errorf("found --acquires %d, wanted 1 to %d", f.acquires, maxAcquires)
	case f.rounds < 0:
		return nil, fmt.Errorf("found --rounds %d, wanted 1 or more, or 0 for no bound", f.rounds)
	case f.delay < 0:
		return nil, fmt.Errorf("found --delay %s, wanted no less than 0", f.delay)
	case f.budget <= 0:
		return nil, fmt.Errorf("found --for %s, wanted more than 0", f.budget)
	}
	work, err := trial.ParseWorkload(strings.Repeat("lock inside unlock ", f.acquires))
	if err != nil {
		return nil, err
	}
	works := make([]trial.Workload, f.threads)
	for i := range works {
		works[i] = work
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place(works, f.threads)}
	t.Start, err = interleave.MakeStart(f.start, t)
	return t, err
}

func (a *app) stress(ctx context.Context, name string, f *stressFlags) error {
	e, err := lock.Find(name)
	if err != nil {
		return err
	}
	t, err := f.trial(e)
	if err != nil {
		return err
	}
	if f.trace != "" {
		if err := writable(filepath.Dir(f.trace)); err != nil {
			return err
		}
	}
	k, err := linux.OpenFree(f.dir)
	if err != nil {
		return err
	}
	s := &stressed{}
	err = s.rounds(ctx, t, k, f)
	if closing := k.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	if err := s.tell(a, t, k.Profile(), f); err != nil {
		return err
	}
	if err := s.save(f.trace); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case s.violations > 0:
		return status(exitViolated)
	}
	return nil
}

// A stressed counts what came of rounds without gates.
type stressed struct {
	made, violations int
	seconds          float64
	first            history.History
	why              string
}

// delaysDrawn is how many delays each thread has before they begin again.
const delaysDrawn = 64

func (s *stressed) rounds(ctx context.Context, t *trial.Trial, k *linux.Free, f *stressFlags) error {
	begin := time.Now()
	defer func() { s.seconds = time.Since(begin).Seconds() }()
	rng := rand.New(rand.NewPCG(f.seed, 0))
	for time.Since(begin) < f.budget && ctx.Err() == nil && (f.rounds == 0 || s.made < f.rounds) {
		var delays [][]time.Duration
		for range f.threads {
			if f.delay > 0 {
				delays = append(delays, draw.Delays(delaysDrawn, f.delay).Example(int(rng.Uint32())))
			}
		}
		h, err := stress.Run(t, k, delays)
		if err != nil {
			return fmt.Errorf("round %d: %w", s.made+1, err)
		}
		j, err := model.Exclusion(h, time.Minute)
		if err != nil {
			return fmt.Errorf("round %d: %w", s.made+1, err)
		}
		s.made++
		if j.Verdict != model.Violated {
			continue
		}
		if s.violations++; s.first == nil {
			s.first, s.why = h, j.Why
		}
	}
	return nil
}

// tell prints how many rounds were violating, and the first of them.
func (s *stressed) tell(a *app, t *trial.Trial, profile string, f *stressFlags) error {
	if f.json {
		return json.NewEncoder(a.stdout).Encode(s.result(t, f))
	}
	fmt.Fprintf(a.stdout, "%s: %s in %s of %s without gates (%s), %.1f s\n", t.Lock.Name, count(s.violations, "violation"),
		count(s.made, "round"), count(f.threads, "thread"), profile, s.seconds)
	if s.first != nil {
		fmt.Fprintf(a.stdout, "the first: %s\n%s", s.why, indent(s.first.String()))
	}
	return nil
}

// result returns what came of the rounds as an object. Nothing in it can be
// replayed, so it has no case.
func (s *stressed) result(t *trial.Trial, f *stressFlags) result {
	out := result{
		Lock: t.Lock.Name, Property: "exclusion", Verdict: model.Undecided.String(),
		Kernel: "linux", By: "nobody", Seed: f.seed, Schedules: s.made, Seconds: s.seconds,
	}
	out.describe(t, nil)
	if s.first != nil {
		out.Verdict, out.Why = model.Violated.String(), s.why
	}
	return out
}

// save writes the first violating round's history, where that was asked for.
func (s *stressed) save(path string) error {
	if s.first == nil || path == "" {
		return nil
	}
	var b strings.Builder
	if err := history.WriteJSON(&b, s.first); err != nil {
		return err
	}
	return save(path, []byte(b.String()))
}
