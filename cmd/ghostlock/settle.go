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
	settled
	lock    lock.Entry
	run     int // in which it was found, or how many found nothing
	seconds float64
	stats   *search.Stats
}

// A settled is a finding that was made small, replayed on the kernel and
// written; or the want of one.
type settled struct {
	Found     *search.Shrunk
	confirmed int    // replays that showed it
	refused   error  // why it was not confirmed
	path      string // of its case
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
	r.confirm(ctx, m, f.confirm)
	return r.write(f.out)
}

// confirm replays the finding so many times, or until one replay does not show
// it or the context ends.
func (s *settled) confirm(ctx context.Context, m sys.Machine, times int) {
	for s.confirmed < times && s.refused == nil {
		if s.refused = ctx.Err(); s.refused == nil {
			var n int
			n, s.refused = search.Confirm(s.Found.Finding, m, 1)
			s.confirmed += n
		}
	}
}

// write writes the finding's case.
func (s *settled) write(dir string) error {
	name := fmt.Sprintf("%s-%s-%s.txt", s.Found.Trial.Lock.Name, s.Found.Property, s.Found.Pattern)
	s.path = filepath.Join(dir, name)
	return save(s.path, s.Found.Case(s.Found.Where).Format())
}

// refusedWhy says why a confirmation ended early.
func (s *settled) refusedWhy() string {
	var d *interleave.Divergence
	if errors.As(s.refused, &d) {
		return "it diverged, " + d.Error()
	}
	return s.refused.Error()
}

// interrupted reports whether confirming was cut short.
func (s *settled) interrupted() bool { return errors.Is(s.refused, context.Canceled) }
