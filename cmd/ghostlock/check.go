package main

import (
	"context"
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
	time     time.Duration
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
minutes too. The verdicts that --for is not enough for are named.`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.check(cmd.Context(), names, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kernel, "kernel", "linux", "linux or sim: cases are replayed on both unless it is sim")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.testdata, "testdata", "testdata", "the directory of verdicts.txt and cases")
	flags.StringVar(&f.out, "out", ".", "the directory that cases of unexpected violations are written to")
	flags.BoolVar(&f.full, "full", false, "explore everything, and confirm it on Linux; takes hours, and with --for 5s some 40 minutes")
	flags.BoolVar(&f.large, "large", false, "also the shapes that take minutes, of all that holds or of the LOCKs; takes hours")
	flags.DurationVar(&f.time, "for", patientTime, "of --full and --large: at most so long to confirm a verdict, or to explore its large shapes")
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
	if f.time <= 0 {
		return fmt.Errorf("found --for %s, wanted more than 0", f.time)
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
		if c.confirmed != nil {
			fmt.Fprintln(c.stdout, "interrupted; until then", c.confirmed)
		}
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

// confirm puts what holds for two clients to the test of the real kernel.
func (c *checker) confirm(ctx context.Context) error {
	groups := byCode(c.record.expected)
	counted, stop := c.counted("confirmed", len(slices.Concat(groups...)))
	defer stop()
	c.confirmed = &confirmation{find: c.find, time: c.time, told: counted}
	err := c.confirmed.run(ctx, c.all, groups)
	c.wrong += len(c.confirmed.wrong)
	return err
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
		fmt.Fprintf(c.stdout, "the large shapes too%s\n", tooLong("not covered", c.time, c.missed))
	}
	return nil
}
