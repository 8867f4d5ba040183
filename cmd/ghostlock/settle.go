package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A fuzzed is what fuzzing a lock came to.
type fuzzed struct {
	lock      lock.Entry
	Found     *search.Shrunk
	run       int // in which it was found, or how many found nothing
	seconds   float64
	stats     *search.Stats
	confirmed int
	refused   error // why the finding was not confirmed
	path      string
	where     string // the kernel, for people
}

// settle shrinks the finding, confirms it on the kernel it was found on, and
// writes the case. An interrupt cuts the first two short; the case is written.
func (r *fuzzed) settle(ctx context.Context, found *search.Finding, f *fuzzFlags, m sys.Machine) error {
	shrunk, err := search.Shrink(ctx, found, sim.Machine{Rules: sim.RulesOf(m.Profile())})
	if err != nil {
		return fmt.Errorf("shrink: %w", err)
	}
	r.Found = &shrunk
	for r.confirmed < f.confirm && r.refused == nil {
		if r.refused = ctx.Err(); r.refused == nil {
			var n int
			n, r.refused = search.Confirm(shrunk.Finding, m, 1)
			r.confirmed += n
		}
	}
	name := fmt.Sprintf("%s-%s-%s.txt", r.lock.Name, shrunk.Property, shrunk.Pattern)
	r.path = filepath.Join(f.out, name)
	return save(r.path, shrunk.Case(shrunk.Where).Format())
}

// refusedWhy says why a confirmation ended early.
func (r *fuzzed) refusedWhy() string {
	var d *interleave.Divergence
	if errors.As(r.refused, &d) {
		return "it diverged, " + d.Error()
	}
	return r.refused.Error()
}

// interrupted reports whether confirming was cut short.
func (r *fuzzed) interrupted() bool { return errors.Is(r.refused, context.Canceled) }
