package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

type checkFlags struct {
	kernelFlag
	testdata string
	out      string
	answers  string
	full     bool
	large    bool
	update   bool
	json     bool
}

func newCheck(a *app) *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:   "check [LOCK...]",
		Short: "The gate: every stored case replayed, and verdicts computed anew",
		Long: `Check replays every stored case in memory and on Linux, and compares verdicts with
testdata/verdicts.txt. It covers every schedule of the locks whose code, or
what is asked of it, has changed since those were written, in each environment
and from each start, and of all others in two environments, and says so. Locks that are named are covered
in all, and have their verdicts printed.

With --full everything is covered, each stored case is replayed ten times on Linux,
and what holds for two clients is confirmed there: every pair of a kernel's state
and a call that was met in memory is carried out, its answer compared, and a way to
each end judged. With --large, what holds is explored in the shapes that take
minutes too. What then takes longer than two minutes a verdict is told.`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.check(cmd.Context(), names, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim: cases are replayed on both unless it is sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.testdata, "testdata", "testdata", "the directory of verdicts.txt and cases")
	flags.StringVar(&f.out, "out", ".", "the directory that cases of unexpected violations are written to")
	flags.BoolVar(&f.full, "full", false, "explore everything, and confirm it on Linux; takes the better part of an hour")
	flags.BoolVar(&f.large, "large", false, "also the shapes that take minutes, of all that holds or of the LOCKs; takes hours")
	flags.BoolVar(&f.update, "update", false, "write the verdicts as they are found, and the cases that prove them")
	flags.StringVar(&f.answers, "cache", cacheDir(), "of --update: the directory in which answers are kept, so that one that was interrupted goes on; \"\" keeps none")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock, property, environment and start")
	return cmd
}

// A checker is a check under way.
type checker struct {
	*app
	*checkFlags
	locks     []lock.Entry
	all       machines
	cache     *cache
	record    *record
	replayed  map[string]string // of each stored case, why it did not reproduce; "" if it did
	elsewhere int               // of them, those that only another file system than the one at hand shows
	table     tabling
	missed    []cell // whose large shapes took too long
	states    int
	confirmed *confirmation // with --full
	wrong     int           // expectations that did not come true
	thorough  bool          // every verdict is computed
}

func (a *app) check(ctx context.Context, names []string, f *checkFlags) error {
	if f.full && f.kernel == "sim" {
		return fmt.Errorf("found --full with --kernel sim, wanted linux: it confirms what was found in memory")
	}
	if f.update && f.large {
		return fmt.Errorf("found --update with --large, wanted one of them: what is on record is of the other shapes")
	}
	if f.update && len(names) > 0 {
		return fmt.Errorf("found --update with %s, wanted no lock: the whole table is written", names[0])
	}
	c := &checker{app: a, checkFlags: f, replayed: map[string]string{}}
	if err := c.prepare(names); err != nil {
		return err
	}
	err := c.run(ctx)
	if closing := c.all.close(); err == nil {
		err = closing
	}
	if closing := c.cache.close(); err == nil {
		err = closing
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case err != nil:
		return err
	}
	return c.conclude()
}

// prepare reads what is on record and opens the kernels.
func (c *checker) prepare(names []string) (err error) {
	if c.locks, err = chosen(names); err != nil {
		return err
	}
	dir := ""
	if c.update {
		dir = c.answers
	}
	if c.cache, err = openCache(dir); err != nil {
		return err
	}
	if c.record, err = c.expected(); err != nil {
		return err
	}
	if err := writable(c.out); err != nil {
		return err
	}
	c.all, err = c.openAll(false)
	return err
}

// expected returns the verdicts on record of the locks; where they are to be
// written anew, every cell without one.
func (c *checker) expected() (*record, error) {
	if !c.update {
		r, err := readVerdicts(c.testdata)
		if err != nil {
			return nil, err
		}
		r.expected = slices.DeleteFunc(r.expected, func(e *expectation) bool {
			return !slices.ContainsFunc(c.locks, func(l lock.Entry) bool { return l.Name == e.lock })
		})
		return r, nil
	}
	r := &record{engine: c.cache.engine, locks: map[string]string{}}
	for _, e := range c.locks {
		version, err := c.cache.version(e)
		if err != nil {
			return nil, err
		}
		r.locks[e.Name] = version
	}
	for _, cell := range cells(lock.All()...) {
		r.expected = append(r.expected, &expectation{cell: cell})
	}
	return r, nil
}

// run replays the cases, computes what of the table is to be computed, and tells
// of it.
func (c *checker) run(ctx context.Context) error {
	if err := c.replayAll(ctx, c.record.expected); err != nil {
		return err
	}
	asked, why, err := c.explored()
	if err != nil {
		return err
	}
	c.table = tabling{find: c.find, time: c.patience(), findings: c.update, cache: c.cache}
	if err := c.compute(ctx, &c.table, asked); err != nil {
		return err
	}
	if c.large {
		if err := c.enlarge(ctx, asked); err != nil {
			return err
		}
	}
	if c.update {
		err = c.write(ctx, c.record, c.table.found)
	} else {
		err = c.showDifferences(ctx)
	}
	if err == nil && c.full {
		err = c.confirm(ctx)
	}
	if err != nil {
		return err
	}
	return c.tellTable(why)
}

// compute computes the cells.
func (c *checker) compute(ctx context.Context, t *tabling, asked []cell) error {
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
	t := tabling{find: c.find, extent: large, time: func(cell) time.Duration { return patientTime }, findings: true, cache: c.cache}
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

// confirm puts what holds for two clients to the test of the real kernel.
func (c *checker) confirm(ctx context.Context) error {
	c.confirmed = &confirmation{find: c.find}
	err := c.confirmed.run(ctx, c.all, c.record.expected)
	c.wrong += len(c.confirmed.wrong)
	return err
}

// patience returns how long a cell may take: much longer than usual, if it was decided
// before or the lock is named. A slow moment is not to lose a verdict.
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

// showDifferences looks for the smallest case of each lock and property that is
// violated where it was not, in the first such cell.
func (c *checker) showDifferences(ctx context.Context) error {
	x := newExplorer()
	defer x.close()
	shown := map[[2]string]bool{}
	for _, e := range c.record.expected {
		a, of := c.table.found[e.cell], [2]string{e.lock, e.property}
		if !e.differs(a) || verdict(a.Verdict) != model.Violated || shown[of] {
			continue
		}
		if a.Found != nil {
			continue // in a large shape, with its case
		}
		if err := c.table.show(ctx, x, e.cell); err != nil {
			return err
		}
		shown[of] = true
	}
	return nil
}

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

func (c *checker) conclude() error {
	if c.full {
		for _, line := range c.confirmed.wrong {
			fmt.Fprintln(c.stderr, line)
		}
	}
	if c.json {
		if c.wrong > 0 {
			return status(exitViolated)
		}
		return nil
	}
	fmt.Fprintf(c.stdout, "%s replayed, ", count(len(c.replayed), "case"))
	if c.elsewhere > 0 {
		fmt.Fprintf(c.stdout, "%d of them in memory alone (%s does not show them in this order), ", c.elsewhere, c.all[0].Profile())
	}
	fmt.Fprintf(c.stdout, "%s covered: ", count(c.states, "state"))
	verdicts := filepath.Join(c.testdata, verdictsFile)
	if c.wrong > 0 {
		fmt.Fprintf(c.stdout, "%s from %s\n", count(c.wrong, "difference"), verdicts)
		return status(exitViolated)
	}
	fmt.Fprintf(c.stdout, "all as in %s\n", verdicts)
	if c.full {
		fmt.Fprintln(c.stdout, c.confirmed)
	}
	if c.large {
		fmt.Fprintf(c.stdout, "the large shapes too%s\n", tooLong("not covered", c.missed))
	}
	return nil
}
