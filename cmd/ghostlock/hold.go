package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/stress"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

type holdFlags struct {
	acquires int
	set      []string
	exact    bool
}

func newHold(a *app) *cobra.Command {
	f := &holdFlags{}
	cmd := &cobra.Command{
		Use:   "hold LOCK PATH",
		Short: "Be a client of a lock, in a process of its own",
		Long: `Hold acquires and releases the lock at PATH by the lock's own system calls, in this
process and in real time, and says how that went, a line each: acquired, released,
busy, timeout or "failed MESSAGE". It is a program to be traced.`,
		Args:   takes(2, 2),
		Hidden: true,
		RunE:   func(cmd *cobra.Command, args []string) error { return a.hold(cmd.Context(), args[0], args[1], f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.acquires, "acquires", 1, "how often it acquires")
	flags.StringSliceVar(&f.set, "set", nil, "change a duration of the lock, as in stale=3s")
	// Not by default: a tracer that hears of no invocations takes them to be at the
	// operation's first call, which is later, and so hides less.
	flags.BoolVar(&f.exact, "exact", false, `say "invoke acquire" and "invoke release", too`)
	return cmd
}

// trial returns the trial of one client.
func (f *holdFlags) trial(a *app, name string) (*trial.Trial, error) {
	if f.acquires < 1 || f.acquires > maxAcquires {
		return nil, fmt.Errorf("found --acquires %d, wanted 1 to %d", f.acquires, maxAcquires)
	}
	e, err := a.find(name)
	if err != nil {
		return nil, err
	}
	work, err := trial.ParseWorkload(strings.Repeat("lock inside unlock ", f.acquires))
	if err != nil {
		return nil, err
	}
	t := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{work}, 1)}
	return t, t.Config.Set(f.set)
}

func (a *app) hold(ctx context.Context, name, path string, f *holdFlags) error {
	t, err := f.trial(a, name)
	if err != nil {
		return err
	}
	if err := enter(path); err != nil {
		return err
	}
	quieten()
	ended := make(chan error, 1)
	go func() {
		ended <- stress.Alone(t, linux.OpenHere(), func(e history.Event) {
			if line := f.line(e); line != "" {
				fmt.Fprintln(a.stdout, line) // one write(2)
			}
		})
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done(): // the lock may have it wait for ever
		return status(exitInterrupted)
	}
}

// enter makes the lock file's directory the one that the process works in. It is not
// looked at: a tracer would take that for a step of the lock's.
func enter(path string) error {
	if filepath.Base(path) != trial.Path {
		return fmt.Errorf("found the path %s, wanted one that ends in %s: lock files have that name here", path, trial.Path)
	}
	dir := filepath.Dir(path)
	err := os.Chdir(dir)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = fmt.Errorf("enter %s: %w", dir, pathErr.Err)
	}
	return err
}

// quieten has Go's runtime do little by itself, so that two runs differ in little. The
// descriptors that timers need are opened here: a heartbeat's first timer would open
// them some time among the lock's own.
func quieten() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	time.AfterFunc(time.Hour, func() {}).Stop()
}

// line returns what is said of an event, or "".
func (f *holdFlags) line(e history.Event) string {
	acquires := history.IsAcquire(e.F)
	switch {
	case e.Kind == history.Invoke && !f.exact:
		return ""
	case e.Kind == history.Invoke && acquires:
		return "invoke acquire"
	case e.Kind == history.Invoke:
		return "invoke release"
	case e.Kind == history.Ok && acquires:
		return "acquired"
	case e.Kind == history.Ok:
		return "released"
	case e.Error == history.Busy || e.Error == history.Timeout:
		return e.Error
	}
	return "failed " + strings.Join(strings.Fields(e.Error), " ")
}
