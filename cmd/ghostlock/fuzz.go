package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// byRapid names the chooser that is not one of interleave's.
const byRapid = "rapid"

// drawnTrials is how many trials are drawn for a lock. They take turns, each
// under another schedule every time.
const drawnTrials = 64

type fuzzFlags struct {
	bounds
	kernelFlag
	by      string
	pattern string
	seed    uint64
	runs    int
	budget  time.Duration
	out     string
	confirm int
	json    bool
}

func newFuzz(a *app) *cobra.Command {
	f := &fuzzFlags{}
	cmd := &cobra.Command{
		Use:   "fuzz [LOCK...]",
		Short: "Draw workloads, faults and schedules until one violates a property",
		Long: `Fuzz draws trials and schedules for each lock named, or for all, until one
violates a property that the lock claims, or that --property names, or --runs or
--for is spent. What it finds it makes as small
as it can, replays on the kernel, and writes as a case. Small is: few clients,
then few faults, then few switches (the running thread changes), then few steps.

That it finds nothing proves nothing: the verdict is then undecided.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := f.check(cmd.Flags().Changed("for")); err != nil {
				return err
			}
			return a.fuzz(cmd.Context(), names, f, cmd.Flags().Changed("seed"), cmd.Flags().Changed("for"))
		},
	}
	flags := cmd.Flags()
	f.bounds.register(flags)
	f.bounds.registerDrawn(flags)
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.by, "by", "pos", "the chooser: pos, random, pct:D, round-robin or rapid")
	flags.StringVar(&f.pattern, "pattern", "", "count only findings that show this pattern (see list)")
	flags.Uint64Var(&f.seed, "seed", 0, "what all draws come from (default: chosen at random, and told)")
	flags.IntVar(&f.runs, "runs", 0, "at most so many schedules a lock")
	flags.DurationVar(&f.budget, "for", time.Minute, "at most so long a lock; with --runs alone, no bound")
	flags.StringVar(&f.out, "out", ".", "the directory that cases are written to")
	flags.IntVar(&f.confirm, "confirm", 10, "how often a finding is replayed on the kernel")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock")
	return cmd
}

func (f *fuzzFlags) check(timed bool) error {
	switch {
	case timed && f.budget <= 0:
		return fmt.Errorf("found --for %s, wanted more than 0", f.budget)
	case f.runs < 0:
		return fmt.Errorf("found --runs %d, wanted more than 0, or 0 for no bound", f.runs)
	case f.confirm < 0:
		return fmt.Errorf("found --confirm %d, wanted no less than 0", f.confirm)
	}
	if err := knownPattern(f.pattern); err != nil {
		return err
	}
	if f.by != byRapid {
		if _, err := interleave.StrategyByName(f.by); err != nil {
			return fmt.Errorf("--by: %w, %s", err, byRapid)
		}
	}
	return f.bounds.validate()
}

// drawn returns the properties named, which must be such that a run can tell of
// them: what takes a probe is not.
func (f *fuzzFlags) drawn() ([]model.Property, error) {
	all, err := f.judged()
	for _, p := range all {
		if p.Probes && len(f.properties) > 0 {
			return nil, fmt.Errorf("found --property %s, wanted one that runs tell of: %s is explored", p.Name, p.Name)
		}
	}
	return all, err
}

// sought returns those of the properties whose violation ends the fuzzing of the
// lock: the ones that matter, or all that runs tell of if none of those does.
func (f *fuzzFlags) sought(e lock.Entry, all []model.Property) []model.Property {
	matters := slices.DeleteFunc(slices.Clone(all), func(p model.Property) bool {
		return p.Probes || !f.matters(e, p.Name)
	})
	if len(matters) == 0 {
		return model.OfRuns()
	}
	return matters
}

func knownPattern(name string) error {
	var all []search.Pattern
	for _, p := range model.Properties() {
		for _, pattern := range search.Patterns(p.Name) {
			if !slices.Contains(all, pattern) {
				all = append(all, pattern)
			}
		}
	}
	if name == "" || slices.Contains(all, search.Pattern(name)) {
		return nil
	}
	return fmt.Errorf("found --pattern %s, wanted one of %s", name, words(all))
}

// direct reports whether the trials' clients are threads of one process that
// nobody kills, so that the calls can be made in this one.
func (f *fuzzFlags) direct() bool {
	return f.threads > 1 && f.threads == f.clients && f.bounds.budget.Kills == 0
}

func (a *app) fuzz(ctx context.Context, names []string, f *fuzzFlags, seeded, timed bool) error {
	locks, err := chosen(names)
	if err != nil {
		return err
	}
	properties, err := f.drawn()
	if err != nil {
		return err
	}
	toDraw, err := f.forLocks(locks)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	if !seeded {
		f.seed = rand.Uint64() >> 32
	}
	if f.runs > 0 && !timed {
		f.budget = 0
	}
	all, err := f.openAll(f.direct())
	if err != nil {
		return err
	}
	failed, err := a.fuzzAll(ctx, toDraw, f, properties, all)
	if closing := all.close(); err == nil {
		err = closing
	}
	switch {
	case err == nil && ctx.Err() != nil:
		return status(exitInterrupted)
	case err == nil && failed:
		return status(exitViolated)
	}
	return err
}

// fuzzAll fuzzes each lock and reports whether one of them failed.
func (a *app) fuzzAll(ctx context.Context, toDraw []draw.Bounds, f *fuzzFlags, properties []model.Property, all machines) (failed bool, err error) {
	for _, d := range toDraw {
		if ctx.Err() != nil {
			return failed, nil
		}
		r, err := a.fuzzLock(ctx, d, f, properties, all)
		if err != nil {
			return failed, fmt.Errorf("%s: seed %d: %w", d.Lock.Name, f.seed, err)
		}
		if r.Found != nil && f.matters(d.Lock, r.Found.Property) {
			failed = true
		}
		if err := a.tell(r, f); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

func (a *app) fuzzLock(ctx context.Context, d draw.Bounds, f *fuzzFlags, properties []model.Property, all machines) (*fuzzed, error) {
	r := &fuzzed{lock: d.Lock, stats: &search.Stats{}, settled: settled{where: f.describe(all[0], f.direct())}}
	fz := &search.Fuzz{
		Machines: all, Runner: f.runner(d), Properties: f.sought(d.Lock, properties),
		Pattern: search.Pattern(f.pattern), Runs: f.runs, Stats: r.stats,
	}
	begin := time.Now()
	found, n, err := a.watched(ctx, d.Lock.Name, fz, f.budget)
	r.run, r.seconds = n, time.Since(begin).Seconds()
	if err != nil || found == nil {
		return r, err
	}
	return r, r.settle(ctx, found, f, all[0])
}

func (f *fuzzFlags) runner(d draw.Bounds) search.Runner {
	if f.by == byRapid {
		return draw.Runner(d, int(f.seed))
	}
	s, err := interleave.StrategyByName(f.by)
	if err != nil {
		return func(int, sys.Machine) (*trial.Trial, interleave.Outcome, error) {
			return nil, interleave.Outcome{}, err
		}
	}
	return search.Sampled(drawn(d, f.seed, drawnTrials), s, f.seed)
}

// drawn returns n trials within the bounds.
func drawn(d draw.Bounds, seed uint64, n int) []*trial.Trial {
	g := draw.Trials(d)
	trials := make([]*trial.Trial, n)
	for i := range trials {
		trials[i] = g.Example(int(seed)*n + i + 1)
	}
	return trials
}

// watched runs the fuzz with its progress on the terminal, at most for so long;
// 0 is no bound.
func (a *app) watched(ctx context.Context, name string, fz *search.Fuzz, budget time.Duration) (*search.Finding, int, error) {
	if budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, budget)
		defer cancel()
	}
	stop := a.progress(func(elapsed time.Duration) string {
		runs := fz.Stats.Runs.Load()
		return fmt.Sprintf("%s: %d schedules, %.0f/s, %d distinct histories, no violation",
			name, runs, float64(runs)/elapsed.Seconds(), fz.Stats.Histories.Load())
	})
	defer stop()
	return fz.Run(ctx)
}
