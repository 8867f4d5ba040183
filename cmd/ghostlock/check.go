package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/sut/lock"
)

type checkFlags struct {
	kernelFlag
	testdata string
	out      string
	full     bool
	update   bool
	json     bool
}

func newCheck(a *app) *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:   "check [LOCK...]",
		Short: "The gate: every stored case replayed, every verdict computed anew",
		Long: `Check replays every stored case in memory and on Linux, covers every schedule of
every lock, or of those named, in each environment and from each start, and compares the verdicts
with testdata/verdicts.txt. It prints a line a lock and property.

Where a process is stopped, three clients of which two share a process are left
to --full. With it, too, each stored case is replayed ten times on Linux, and what holds for
two clients is confirmed there: every pair of a kernel's state and a call that was
met in memory is carried out, its answer compared, and a way to each end judged.`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.check(cmd.Context(), names, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim: cases are replayed on both unless it is sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.testdata, "testdata", "testdata", "the directory of verdicts.txt and cases")
	flags.StringVar(&f.out, "out", ".", "the directory that cases of unexpected violations are written to")
	flags.BoolVar(&f.full, "full", false, "confirm every verdict on Linux too; takes minutes")
	flags.BoolVar(&f.update, "update", false, "write the verdicts as they are found, and the cases that prove them")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock, property, environment and start")
	return cmd
}

// A checker is a check under way.
type checker struct {
	*app
	*checkFlags
	locks     []lock.Entry
	all       machines
	replayed  map[string]string // of each stored case, why it did not reproduce; "" if it did
	states    int
	confirmed confirmed
	wrong     int // expectations that did not come true
}

func (a *app) check(ctx context.Context, names []string, f *checkFlags) error {
	if f.full && f.kernel == "sim" {
		return fmt.Errorf("found --full with --kernel sim, wanted linux: it confirms what was found in memory")
	}
	if f.update && len(names) > 0 {
		return fmt.Errorf("found --update with %s, wanted no lock: the whole table is written", names[0])
	}
	locks, err := chosen(names)
	if err != nil {
		return err
	}
	expected, err := f.expected(locks)
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
	c := &checker{app: a, checkFlags: f, locks: locks, all: all, replayed: map[string]string{}}
	err = c.run(ctx, expected)
	if closing := all.close(); err == nil {
		err = closing
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case err != nil:
		return err
	}
	return c.conclude(len(expected))
}

// expected returns the verdicts on record of these locks; where they are to be written anew,
// every cell without one.
func (f *checkFlags) expected(locks []lock.Entry) ([]*expectation, error) {
	if !f.update {
		all, err := readVerdicts(f.testdata)
		return slices.DeleteFunc(all, func(e *expectation) bool {
			return !slices.ContainsFunc(locks, func(l lock.Entry) bool { return l.Name == e.lock })
		}), err
	}
	var all []*expectation
	for _, c := range cells() {
		all = append(all, &expectation{cell: c})
	}
	return all, nil
}

// run replays the cases, computes the table, and tells of it.
func (c *checker) run(ctx context.Context, expected []*expectation) error {
	if err := c.replayAll(ctx, expected); err != nil {
		return err
	}
	found, err := c.explore(ctx, expected)
	if err == nil && c.update {
		err = c.write(ctx, expected, found)
	}
	if err == nil && c.full {
		err = c.confirm(ctx, expected)
	}
	if err != nil {
		return err
	}
	return c.tellTable(expected, found)
}

func (c *checker) conclude(cells int) error {
	if c.json {
		if c.wrong > 0 {
			return status(exitViolated)
		}
		return nil
	}
	fmt.Fprintf(c.stdout, "\n%s replayed, %s covered in %s: ",
		count(len(c.replayed), "case"), count(cells, "verdict"), count(c.states, "state"))
	verdicts := filepath.Join(c.testdata, verdictsFile)
	if c.wrong > 0 {
		fmt.Fprintf(c.stdout, "%s from %s\n", count(c.wrong, "difference"), verdicts)
		return status(exitViolated)
	}
	fmt.Fprintf(c.stdout, "all as in %s\n", verdicts)
	if c.full {
		fmt.Fprintln(c.stdout, c.confirmed)
	}
	return nil
}
