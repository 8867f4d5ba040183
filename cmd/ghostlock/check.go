package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

type checkFlags struct {
	kernelFlag
	testdata string
	out      string
	runs     int
	json     bool
}

func newCheck(a *app) *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "The gate: every stored case replayed, every lock fuzzed, every verdict as expected",
		Long: `Check replays every stored case in memory and on Linux, fuzzes every lock briefly
with fixed seeds, and compares what it finds with testdata/verdicts.txt. It
prints a line a lock.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim: where locks are fuzzed; cases are replayed on both unless it is sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.testdata, "testdata", "testdata", "the directory of verdicts.txt and cases")
	flags.StringVar(&f.out, "out", ".", "the directory that cases of unexpected violations are written to")
	flags.IntVar(&f.runs, "runs", 1500, "schedules for each lock, property and environment")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock and property")
	return cmd
}

// A checker is a check under way.
type checker struct {
	*app
	*checkFlags
	all   machines
	cases int
	runs  int
	wrong int // expectations that did not come true
}

func (a *app) check(ctx context.Context, f *checkFlags) error {
	if f.runs < 1 {
		return fmt.Errorf("found --runs %d, wanted 1 or more", f.runs)
	}
	expected, err := readVerdicts(filepath.Join(f.testdata, "verdicts.txt"))
	if err != nil {
		return fmt.Errorf("%w\ncheck runs where testdata is: in the repository, or with --testdata", err)
	}
	all, err := f.openAll(false)
	if err != nil {
		return err
	}
	c := &checker{app: a, checkFlags: f, all: all}
	err = c.locks(ctx, expected)
	if closing := all.close(); err == nil {
		err = closing
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return status(exitInterrupted)
	}
	return c.conclude()
}

func (c *checker) conclude() error {
	if !c.json {
		fmt.Fprintf(c.stdout, "%d cases replayed, %d schedules: ", c.cases, c.runs)
	}
	switch {
	case c.wrong > 0 && !c.json:
		fmt.Fprintf(c.stdout, "%s differ from %s\n", count(c.wrong, "verdict"), filepath.Join(c.testdata, "verdicts.txt"))
	case !c.json:
		fmt.Fprintf(c.stdout, "all as in %s\n", filepath.Join(c.testdata, "verdicts.txt"))
	}
	if c.wrong > 0 {
		return status(exitViolated)
	}
	return nil
}

// locks checks each lock against its expectations.
func (c *checker) locks(ctx context.Context, expected []expectation) error {
	for _, e := range lock.All() {
		line := fmt.Sprintf("%-13s", e.Name)
		var news []*fuzzed
		for _, x := range expected {
			if x.lock != e.Name {
				continue
			}
			v, found, err := c.one(ctx, e, x)
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return nil
			}
			line += "  " + fmt.Sprintf("%-22s", v)
			if found != nil {
				news = append(news, found)
			}
		}
		if !c.json {
			fmt.Fprintln(c.stdout, line)
		}
		for _, found := range news {
			if err := c.tell(found, c.asFuzz()); err != nil {
				return err
			}
		}
	}
	return nil
}

// one checks one expectation. It returns the verdict for the lock's line, and
// a violation that nobody expected.
func (c *checker) one(ctx context.Context, e lock.Entry, x expectation) (string, *fuzzed, error) {
	verdict := model.Undecided
	for _, name := range x.cases {
		reproduced, err := c.replay(filepath.Join(c.testdata, "cases", name), x)
		if err != nil {
			return "", nil, err
		}
		if reproduced {
			verdict = model.Violated
		}
	}
	found, err := c.fuzz(ctx, e, x)
	if err != nil {
		return "", nil, err
	}
	if found.Found != nil {
		verdict = model.Violated
	}
	text := x.property + " " + verdict.String()
	if verdict != x.verdict {
		c.wrong++
		text += fmt.Sprintf(" (expected %s)", x.verdict)
	} else {
		found = withoutFinding(found)
	}
	if c.json {
		r := found.result(c.asFuzz())
		r.Property, r.Verdict = x.property, verdict.String()
		return text, nil, json.NewEncoder(c.stdout).Encode(r)
	}
	if found.Found == nil {
		found = nil
	}
	return text, found, nil
}

// withoutFinding leaves out a violation that was expected: its case is stored.
func withoutFinding(r *fuzzed) *fuzzed {
	r.Found = nil
	return r
}

// replay runs a stored case in memory and on the kernel. A case that does not
// reproduce is told at once.
func (c *checker) replay(path string, x expectation) (bool, error) {
	stored, err := readCase(path)
	if err != nil {
		return false, err
	}
	if stored.Trial.Lock.Name != x.lock || stored.Verdict.Property != x.property {
		return false, fmt.Errorf("%s: found a case of %s %s, wanted one of %s %s, as in verdicts.txt",
			path, stored.Trial.Lock.Name, stored.Verdict.Property, x.lock, x.property)
	}
	kernels := []kernelFlag{{kernel: "sim"}}
	if c.kernel != "sim" {
		kernels = append(kernels, c.kernelFlag)
	}
	c.cases++
	for _, k := range kernels {
		r, err := c.replayOn(stored, k)
		if err != nil {
			return false, err
		}
		if r.Result != search.Reproduced {
			fmt.Fprintf(c.stdout, "%s %s on %s", path, r.Result, k.kernel)
			if r.Divergence != nil {
				fmt.Fprintf(c.stdout, ": %s: %v", r.At, r.Divergence)
			}
			fmt.Fprintln(c.stdout)
			c.wrong++
			return false, nil
		}
	}
	return true, nil
}

func (c *checker) replayOn(stored *trial.Case, k kernelFlag) (search.Replayed, error) {
	if k.kernel != "sim" && !stored.Trial.Shared() {
		return search.Replay(stored, c.all[0])
	}
	m, err := k.open(stored.Profile, stored.Trial.Shared() && stored.Trial.Budget.Kills == 0)
	if err != nil {
		return search.Replayed{}, err
	}
	defer m.Close()
	return search.Replay(stored, m)
}

// environments are what check fuzzes under: calm, one kill, and holders that
// work past every threshold.
func (c *checker) environments(e lock.Entry) []bounds {
	calm := bounds{acquires: 2}
	kill := calm
	kill.budget.Kills = 1
	long := calm
	long.work = interleave.LongWork(e.Defaults)
	return []bounds{calm, kill, long}
}

// checkSeed is the fixed seed of every fuzz of check.
const checkSeed = 1

func (c *checker) fuzz(ctx context.Context, e lock.Entry, x expectation) (*fuzzed, error) {
	property, err := model.PropertyByName(x.property)
	if err != nil {
		return nil, err
	}
	var trials []*trial.Trial
	envs := c.environments(e)
	for _, b := range envs {
		d, err := b.forLock(e)
		if err != nil {
			return nil, err
		}
		trials = append(trials, drawn(d, checkSeed, drawnTrials)...)
	}
	r := &fuzzed{lock: e, stats: &search.Stats{}, where: c.describe(c.all[0], false)}
	fz := &search.Fuzz{
		Machines: c.all, Runner: search.Sampled(trials, interleave.Strategies()[0], checkSeed),
		Properties: []model.Property{property}, Runs: c.checkFlags.runs * len(envs), Stats: r.stats,
	}
	begin := time.Now()
	found, n, err := c.watched(ctx, e.Name+" "+x.property, fz, 0)
	r.run, r.seconds = n, time.Since(begin).Seconds()
	c.runs += n
	if err != nil || found == nil {
		return r, err
	}
	if x.verdict == model.Violated {
		r.Found = &search.Shrunk{Finding: found}
		return r, nil
	}
	return r, r.settle(ctx, found, c.asFuzz(), c.all[0])
}

// asFuzz returns the flags that fuzz would have been given.
func (c *checker) asFuzz() *fuzzFlags {
	return &fuzzFlags{kernelFlag: c.kernelFlag, by: interleave.Strategies()[0].Name, seed: checkSeed, out: c.out, confirm: 10, json: c.json}
}
