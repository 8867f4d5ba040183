package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trace"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// byTracing names the kernel of programs that are traced.
const byTracing = "trace"

// programsAgain replays a case of programs, or one of a lock as one of programs.
func (f *replayFlags) programsAgain(ctx context.Context, c *trial.Case) (again, error) {
	if f.kernel == "sim" {
		return again{}, fmt.Errorf("%s: found --kernel sim, wanted none or trace: programs take a real kernel", c.Name)
	}
	t, err := asPrograms(&c.Trial)
	if err != nil {
		return again{}, fmt.Errorf("%s: as programs: %w", c.Name, err)
	}
	m, err := trace.Open(f.dir, programs(t))
	if err != nil {
		return again{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	r := again{stored: c, played: c, where: tracedOn(m), on: m.Profile()}
	if !c.Trial.Programs() {
		if r.played, err = search.Translate(c, t, m); err != nil {
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	switch d := (*interleave.Divergence)(nil); {
	case errors.As(err, &d):
		r.Replayed, r.times, err = search.Replayed{Result: search.Diverged, Divergence: d, At: c.Pos(d.Index)}, 1, nil
	case err == nil:
		r.played.Name = c.Name
		r.Replayed, r.times, err = replayTimes(ctx, r.played, m, f.times)
	}
	if err != nil {
		err = withNotes(err, m.Notes())
	}
	return r, errors.Join(err, m.Close())
}

// asPrograms returns the trial with programs for its clients: this one, which holds
// the lock, where they are none yet.
func asPrograms(t *trial.Trial) (*trial.Trial, error) {
	if t.Programs() {
		return t, nil
	}
	tool, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return search.Programs(t, tool)
}
