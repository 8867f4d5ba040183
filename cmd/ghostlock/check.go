package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
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
		Args: takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim: where locks are fuzzed; cases are replayed on both unless it is sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.testdata, "testdata", "testdata", "the directory of verdicts.txt and cases")
	flags.StringVar(&f.out, "out", ".", "the directory that cases of unexpected violations are written to")
	flags.IntVar(&f.runs, "runs", 4000, "schedules for each lock and property; properties that nobody expects violated share them")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock and property")
	return cmd
}

// A checker is a check under way.
type checker struct {
	*app
	*checkFlags
	all   machines
	open  map[string]*fuzzed // of each lock: what came of fuzzing its undecided properties
	cases int
	runs  int
	wrong int // expectations that did not come true
}

func (a *app) check(ctx context.Context, f *checkFlags) error {
	if f.runs < 1 {
		return fmt.Errorf("found --runs %d, wanted 1 or more", f.runs)
	}
	expected, err := readVerdicts(f.testdata)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	all, err := f.openAll(false)
	if err != nil {
		return err
	}
	c := &checker{app: a, checkFlags: f, all: all, open: map[string]*fuzzed{}}
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
		fmt.Fprintf(c.stdout, "%s replayed, %s run: ", count(c.cases, "case"), count(c.runs, "schedule"))
	}
	verdicts := filepath.Join(c.testdata, verdictsFile)
	switch {
	case c.wrong > 0 && !c.json:
		fmt.Fprintf(c.stdout, "%s from %s\n", count(c.wrong, "difference"), verdicts)
	case !c.json:
		fmt.Fprintf(c.stdout, "all as in %s\n", verdicts)
	}
	if c.wrong > 0 {
		return status(exitViolated)
	}
	return nil
}
