package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

type traceFlags struct {
	actors   []string
	clients  int
	start    []string
	budget   trial.Budget
	by       string
	switches int
	seed     uint64
	runs     int
	time     time.Duration
	dir, out string
	confirm  int
	explain  bool
	json     bool
}

func newTrace(a *app) *cobra.Command {
	f := &traceFlags{}
	cmd := &cobra.Command{
		Use:   "trace [flags] -- COMMAND [ARG...]",
		Short: "Decide the interleaving of unmodified programs",
		Long: `Trace runs programs in any language as the clients of a lock: each is stopped
before every system call on the trial's directory, and let go one call at a time.
In their arguments {dir} stands for that directory, {lock} for the lock file's
path in it and {id} for the client's number.

A program tells on its standard output, a line and a write each, that it has
"acquired" or "released" the lock, found it "busy", ran into a "timeout", or
"failed MESSAGE". An acquire begins with its first call and a release with the
first one behind "acquired", unless it says "invoke acquire" and "invoke release".

By default every schedule is run that has at most --switches switches (the running
program changes between two steps), those with few first. --by dpor runs one of
all schedules that differ only in the order of calls that do not conflict, and
proves what holds; it and --switches take programs that always make the same calls
when they are told the same. The other choosers draw at random.`,
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := f.check(words); err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				f.seed = rand.Uint64() >> 32
			}
			if f.runs > 0 && !cmd.Flags().Changed("for") {
				f.time = 0
			}
			return a.trace(cmd.Context(), words, f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.clients, "clients", 2, "how many clients run the command")
	flags.StringArrayVar(&f.actors, "actor", nil, "the command of one client, as one argument; repeated for the others, in place of COMMAND")
	flags.StringArrayVar(&f.start, "start", nil, "a file at the start, as cases have it: 'l age=31s content=\"1\"'; or idle, for 'l age=31s' (default: none)")
	flags.IntVar(&f.budget.Kills, "kills", 0, "how many programs may be killed")
	flags.IntVar(&f.budget.Pauses, "pauses", 0, "how many programs may be stopped for a while")
	flags.IntVar(&f.budget.Jumps, "jumps", 0, "how often the clocks may jump while somebody could run")
	flags.IntVar(&f.budget.Unlinks, "unlinks", 0, "how often somebody outside may remove the lock file")
	flags.StringVar(&f.by, "by", "", "the chooser: "+byTraces+", pos, random, pct:D or rapid (default: every schedule with few switches)")
	flags.IntVar(&f.switches, "switches", 3, "run every schedule with at most so many switches")
	flags.Uint64Var(&f.seed, "seed", 0, "what all draws come from (default: chosen at random, and told)")
	flags.IntVar(&f.runs, "runs", 0, "draw at most so many schedules")
	flags.DurationVar(&f.time, "for", time.Minute, "at most so long; with --runs alone, no bound")
	flags.StringVar(&f.dir, "dir", "", "where the trials' files live: names the file system (default: the temporary directory)")
	flags.StringVar(&f.out, "out", ".", "the directory that cases are written to")
	flags.IntVar(&f.confirm, "confirm", 10, "how often a finding is replayed")
	flags.BoolVar(&f.explain, "explain", false, "where nothing is violated print a schedule all the same: what each program did, in one timeline")
	flags.BoolVar(&f.json, "json", false, "one JSON object")
	return cmd
}

func (f *traceFlags) check(words []string) error {
	switch {
	case len(words) == 0 && len(f.actors) == 0:
		return errors.New("found no command, wanted one behind --, as in: ghostlock trace -- flock {lock} sh -c 'echo acquired; echo released'")
	case len(words) > 0 && len(f.actors) > 0:
		return fmt.Errorf("found --actor and the command %s, wanted one or the other", words[0])
	case f.clients < 1 || f.clients > 26:
		return fmt.Errorf("found --clients %d, wanted 1 to 26", f.clients)
	case f.switches < 0:
		return fmt.Errorf("found --switches %d, wanted no less than 0", f.switches)
	case f.runs < 0:
		return fmt.Errorf("found --runs %d, wanted more than 0, or 0 for no bound", f.runs)
	case f.time < 0:
		return fmt.Errorf("found --for %s, wanted more than 0", f.time)
	case f.confirm < 0:
		return fmt.Errorf("found --confirm %d, wanted no less than 0", f.confirm)
	}
	if f.by != "" && f.by != byTraces && f.by != byRapid {
		if _, err := interleave.StrategyByName(f.by); err != nil {
			return fmt.Errorf("--by: %w, %s, %s", err, byTraces, byRapid)
		}
	}
	return f.budget.Validate()
}

// trial returns what the flags ask for.
func (f *traceFlags) trial(words []string) (*trial.Trial, error) {
	t := &trial.Trial{Budget: f.budget}
	for i := range f.clients {
		c := trial.Client{Proc: i, Program: words}
		if len(f.actors) > 0 {
			if i >= len(f.actors) {
				break
			}
			var err error
			if c.Program, err = trial.ParseCommand(f.actors[i]); err != nil {
				return nil, fmt.Errorf("--actor: %w", err)
			}
		}
		t.Clients = append(t.Clients, c)
	}
	for _, text := range f.start {
		switch text {
		case "none":
			continue
		case "idle":
			text = trial.FormatEntry(sys.Entry{Name: trial.Path, Age: interleave.OldAge})
		}
		e, err := trial.ParseEntry(text)
		if err != nil {
			return nil, fmt.Errorf("--start: %w, none or idle", err)
		}
		t.Start = append(t.Start, e)
	}
	return t, t.Validate()
}

// programs returns the commands of a trial's clients.
func programs(t *trial.Trial) []trial.Command {
	all := make([]trial.Command, len(t.Clients))
	for i, c := range t.Clients {
		all[i] = c.Program
	}
	return all
}
