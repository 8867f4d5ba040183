package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

type compareFlags struct {
	format       string
	properties   []string
	environments []string
	starts       []string
	cache        string
	large        bool
	costs        bool
	dir          string
}

// The forms in which compare tells its results.
var compareFormats = map[string]func(io.Writer, *comparison) error{
	"text":     tellText,
	"markdown": tellMarkdown,
	"csv":      tellCSV,
	"json":     tellJSON,
}

func newCompare(a *app) *cobra.Command {
	f := &compareFlags{}
	cmd := &cobra.Command{
		Use:   "compare [LOCK...]",
		Short: "Locks against properties, one table: text, Markdown, CSV or JSON",
		Long: `Compare covers every schedule of every lock, or of those named, in each environment
and from each start, and makes one table of the verdicts, with what the locks'
authors claim beside it. CSV and JSON have a line for each verdict: what was
covered, and how large the smallest case is that violates it.

With --costs it measures instead what the locks cost on Linux: calls, time alone
and among other processes, fairness, and how long a crash keeps others waiting.

Answers are kept in the cache by the content of the lock, of what is asked and of
the engine. So the second run is a matter of a moment, one that was interrupted
goes on, and only what has changed is explored again.`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.compare(cmd.Context(), names, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", "text, markdown, csv or json")
	flags.StringSliceVar(&f.properties, "property", nil, "only these properties (default: all)")
	flags.StringSliceVar(&f.environments, "environment", nil, "only these environments (default: all)")
	flags.StringSliceVar(&f.starts, "start", nil, "only these starts (default: all)")
	flags.StringVar(&f.cache, "cache", cacheDir(), "the directory in which answers are kept; \"\" keeps none")
	flags.BoolVar(&f.large, "large", false, "the shapes that take minutes too")
	flags.BoolVar(&f.costs, "costs", false, "measure what the locks cost on Linux, instead")
	flags.StringVar(&f.dir, "dir", "", "with --costs, where the lock files live: names the file system (default: the temporary directory)")
	return cmd
}

// A comparison is a table and what it was made of.
type comparison struct {
	locks  []lock.Entry
	extent extent // of the shapes that were explored
	cells  []cell
	found  map[cell]*answer
}

func (a *app) compare(ctx context.Context, names []string, f *compareFlags) error {
	tell := compareFormats[f.format]
	if tell == nil {
		return fmt.Errorf("found --format %s, wanted text, markdown, csv or json", f.format)
	}
	locks, err := chosen(names)
	if err != nil {
		return err
	}
	if f.costs {
		return a.compareCosts(ctx, locks, f)
	}
	c := &comparison{locks: locks, extent: f.extent()}
	if c.cells, err = f.chosen(locks); err != nil {
		return err
	}
	kept, err := openCache(f.cache)
	if err != nil {
		return err
	}
	counted, stop := a.counted("explored", len(c.cells))
	t := &tabling{find: a.find, extent: f.extent(), findings: true, cache: kept, told: func(cell, *answer) { counted() }}
	err = t.compute(ctx, c.cells)
	stop()
	if closing := kept.close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	c.found = t.found
	if err := tell(a.stdout, c); err != nil {
		return err
	}
	return errors.Join(t.failed...)
}

// extent returns which shapes the flags ask for.
func (f *compareFlags) extent() extent {
	if f.large {
		return whole
	}
	return small
}

// chosen returns the cells of the locks that the flags ask for.
func (f *compareFlags) chosen(locks []lock.Entry) ([]cell, error) {
	var properties, names []string
	for _, p := range model.Properties() {
		properties = append(properties, p.Name)
	}
	for _, env := range environments {
		names = append(names, env.name)
	}
	for _, flag := range []struct {
		name          string
		found, wanted []string
	}{{"property", f.properties, properties}, {"environment", f.environments, names}, {"start", f.starts, interleave.EveryStart()}} {
		for _, word := range flag.found {
			if !slices.Contains(flag.wanted, word) {
				return nil, fmt.Errorf("found --%s %s, wanted some of %s", flag.name, word, strings.Join(flag.wanted, ", "))
			}
		}
	}
	wanted := func(of []string, word string) bool { return len(of) == 0 || slices.Contains(of, word) }
	var all []cell
	for _, c := range cells(locks...) {
		if wanted(f.properties, c.property) && wanted(f.environments, c.environment) && wanted(f.starts, c.start) {
			all = append(all, c)
		}
	}
	if all == nil {
		return nil, fmt.Errorf("found no verdict to compute: none of the properties is asked in these environments")
	}
	return all, nil
}
