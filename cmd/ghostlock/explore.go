package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// inMemoryAndLinux is what --kernel is for explore unless it is given: schedules
// are covered in memory, and what is found is confirmed on Linux.
const inMemoryAndLinux = "both"

// byGraph names how explore goes through schedules.
const byGraph = "graph"

type exploreFlags struct {
	bounds
	kernelFlag
	limits
	confirm int
	prove   bool // confirm what holds, too
	out     string
	json    bool
}

func newExplore(a *app) *cobra.Command {
	f := &exploreFlags{limits: limits{Memory: 4 << 30}}
	cmd := &cobra.Command{
		Use:   "explore LOCK...",
		Short: "Cover every schedule within bounds: a shortest violation, or a proof that there is none",
		Long: `Explore runs the lock's own code until it is known what that does with every
answer, and covers every schedule of its calls in memory. A property is violated,
with a case that shows it, as small as there is one; or it holds in every
schedule within the bounds; or it is undecided, for memory or time ran out.

Unless flags say otherwise the clients are 2 that acquire twice, then 3 that
acquire once, then 3 of which 2 are threads of one process; the files at the
start are none, idle (an old file that nobody holds) and leftover (its owner is
dead); and nothing else happens: nobody is killed or stopped, no call fails, and
time passes only while everybody waits.

Small is: few clients, then few faults, then few switches (the running thread
changes), then few steps. What is violated is replayed on Linux.

With --kernel linux nothing is covered in memory: real processes make one run of
each trace (dynamic partial-order reduction), for exclusion.`,
		Args: takes(1, -1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := f.check(cmd.Flags().Changed("switches")); err != nil {
				return err
			}
			if f.kernel == "linux" {
				return a.exploreTraces(cmd.Context(), names, f)
			}
			return a.explore(cmd.Context(), names, f)
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *exploreFlags) register(flags *pflag.FlagSet) {
	f.bounds.register(flags)
	f.bounds.registerWhole(flags)
	flags.IntVar(&f.Switches, "switches", 0, "cover only schedules with at most so many switches (default: any number)")
	flags.IntVar(&f.Depth, "depth", 0, "cover only schedules of at most so many steps (default: any number)")
	flags.BoolVar(&f.KeepGoing, "keep-going", false, "go on after a violation, and cover everything")
	flags.Var(&f.Memory, "memory", "how much memory to take, before a lock is left undecided")
	flags.DurationVar(&f.Time, "for", 10*time.Minute, "at most so long a lock, before it is left undecided")
	flags.IntVar(&f.Workers, "cpus", runtime.NumCPU(), "how many processors to use")
	flags.BoolVar(&f.NoSymmetry, "no-symmetry", false, "tell processes apart that do the same: more states, the same verdict")
	flags.BoolVar(&f.Reduce, "reduce", false, "do not interleave steps that concern nobody else: fewer states, the same verdict, no interleavings counted")
	flags.StringVar(&f.kernel, "kernel", inMemoryAndLinux, "both: cover in memory, confirm on Linux; sim: in memory alone; linux: real processes make one run of each trace")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.IntVar(&f.confirm, "confirm", 10, "how often a violation is replayed")
	flags.BoolVar(&f.prove, "confirm-holds", false, "carry out on Linux every pair of a kernel's state and a call that a holds of 2 clients rests on")
	flags.StringVar(&f.out, "out", ".", "the directory that cases are written to")
	flags.BoolVar(&f.json, "json", false, "one JSON object a lock and property")
}

// check says what is wrong with the flags. Of the switches it has to be told
// whether they were bounded, because 0 is a bound.
func (f *exploreFlags) check(bounded bool) error {
	if !bounded {
		f.Switches = -1
	}
	switch {
	case bounded && f.Switches < 0:
		return fmt.Errorf("found --switches %d, wanted no less than 0", f.Switches)
	case f.kernel != inMemoryAndLinux && f.kernel != "sim" && f.kernel != "linux":
		return fmt.Errorf("found --kernel %s, wanted %s, sim or linux", f.kernel, inMemoryAndLinux)
	case f.Depth < 0:
		return fmt.Errorf("found --depth %d, wanted more than 0, or 0 for any number", f.Depth)
	case f.Depth > 0 && f.Switches >= 0:
		return fmt.Errorf("found --switches and --depth, wanted one of them")
	case f.KeepGoing && f.Switches >= 0:
		return fmt.Errorf("found --switches and --keep-going, wanted one of them")
	case f.Memory < 64<<20:
		return fmt.Errorf("found --memory %s, wanted 64MiB or more", &f.Memory)
	case f.Time <= 0:
		return fmt.Errorf("found --for %s, wanted more than 0", f.Time)
	case f.Workers < 1:
		return fmt.Errorf("found --cpus %d, wanted 1 or more", f.Workers)
	case f.prove && f.kernel != inMemoryAndLinux:
		return fmt.Errorf("found --confirm-holds with --kernel %s, wanted %s: it confirms on Linux what holds in memory", f.kernel, inMemoryAndLinux)
	case f.confirm < 0:
		return fmt.Errorf("found --confirm %d, wanted no less than 0", f.confirm)
	}
	if f.kernel == "linux" {
		if err := f.onlyExclusion(); err != nil {
			return err
		}
	}
	whole := f.bounds
	one := f.shapes()[0]
	whole.clients, whole.acquires = one.Clients, one.Acquires
	return whole.validate()
}

// open returns the machine on which violations are confirmed, and its flag.
// shared asks for the one that serves trials whose clients are the threads of
// one process.
func (f *exploreFlags) open(profile string, shared bool) (sys.Machine, kernelFlag, error) {
	k := f.kernelFlag
	if k.kernel == inMemoryAndLinux {
		k.kernel = "linux"
	}
	m, err := k.open(profile, shared)
	return m, k, err
}

func (a *app) explore(ctx context.Context, names []string, f *exploreFlags) error {
	var locks [][]*explored // of each lock, its properties
	properties, err := f.judged()
	if err != nil {
		return err
	}
	for _, name := range names {
		e, err := a.find(name)
		if err != nil {
			return err
		}
		all, err := f.toExplore(e, properties)
		if err != nil {
			return err
		}
		locks = append(locks, all)
	}
	if err := writable(f.out); err != nil {
		return err
	}
	m, kernel, err := f.open("tmpfs", false)
	if err != nil {
		return err
	}
	x := &exploration{app: a, flags: f, kernel: kernel, machine: m, explorer: newExplorer()}
	err = x.all(ctx, locks)
	x.explorer.close()
	if closing := m.Close(); err == nil {
		err = closing
	}
	return err
}

// toExplore returns what is to be explored of the lock: each property, over all
// trials.
func (f *exploreFlags) toExplore(e lock.Entry, properties []model.Property) ([]*explored, error) {
	config := e.Defaults
	if err := config.Set(f.set); err != nil {
		return nil, fmt.Errorf("--set for %s: %w", e.Name, err)
	}
	var all []*explored
	for _, p := range properties {
		plans, err := f.plans(e, p)
		if err != nil {
			return nil, err
		}
		all = append(all, newExplored(e, task{Lock: e.Name, Config: config, Property: p.Name, Plans: plans, limits: f.limits}))
	}
	return all, nil
}
