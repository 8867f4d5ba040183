package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave/mutate"
)

type mutantsFlags struct {
	states  int
	workers int
	json    bool
}

func newMutants(a *app) *cobra.Command {
	f := &mutantsFlags{}
	cmd := &cobra.Command{
		Use:   "mutants [LOCK...]",
		Short: "How much exploring sees: locks that hold, each without one of its guards",
		Long: `Mutants takes the guards out of every lock that holds, or of those named, one at a
time: a flock that is not called, O_EXCL that is dropped, a check that always says
yes. Each of the locks that are left is explored until a property is violated that
the lock itself keeps, there and then. What is not caught so is a survivor. It prints
a line a mutant, and how many were caught of all.

Exit status: 0 where every survivor is explained, 1 where one is not.`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.mutants(cmd.Context(), names, f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.states, "states", mutate.DefaultStates, "how many states a mutant may take, of each property, environment, start and shape")
	flags.IntVar(&f.workers, "workers", 0, "how many locks at a time (default: one a processor)")
	flags.BoolVar(&f.json, "json", false, "one JSON object a mutant")
	return cmd
}

func (a *app) mutants(ctx context.Context, names []string, f *mutantsFlags) error {
	locks, err := chosen(names)
	if err != nil {
		return err
	}
	if f.states <= 0 || f.workers < 0 {
		return fmt.Errorf("found --states %d --workers %d, wanted at least 1 state and no fewer workers than 0", f.states, f.workers)
	}
	tell := a.tellMutants
	if f.json {
		tell = a.encodeMutants
	}
	run := mutate.Run{Locks: locks, States: f.states, Workers: f.workers, Tell: tell}
	score, err := run.Score(ctx)
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case err != nil:
		return err
	}
	if !f.json {
		a.tellScore(score)
	}
	return passes(score)
}

// passes returns the exit status of the score: every survivor is explained, or not.
func passes(s mutate.Score) error {
	if s.Unexplained() > 0 {
		return status(exitViolated)
	}
	return nil
}

// tellMutants prints a line a mutant, or why there are none.
func (a *app) tellMutants(r mutate.Report) {
	if r.Unfit != "" {
		fmt.Fprintf(a.stdout, "%s: not taken apart: %s\n", r.Lock, r.Unfit)
	}
	if r.Undecided > 0 {
		fmt.Fprintf(a.stdout, "%s: %s that would say that it holds undecided (--states); mutants are judged by the others\n", r.Lock, count(r.Undecided, "cell"))
	}
	for _, o := range r.Outcomes {
		if o.Caught {
			fmt.Fprintf(a.stdout, "%s: caught: %s (%s)\n", o.Name, o.Cell, counted(o.States, "state"))
			continue
		}
		fmt.Fprintf(a.stdout, "%s: SURVIVED %s: %s; %s\n", o.Name, counted(o.States, "state"), o.Changed, whySurvived(o))
	}
}

// whySurvived says why the mutant was not caught, as far as anybody knows.
func whySurvived(o mutate.Outcome) string {
	switch {
	case o.Explained != "":
		return o.Explained
	case o.Broken != nil:
		return "it could not be explored: " + o.Broken.Error()
	case o.Undecided > 0:
		return fmt.Sprintf("not explained, and %s undecided (--states)", count(o.Undecided, "cell"))
	}
	return "not explained"
}

func (a *app) tellScore(s mutate.Score) {
	fmt.Fprintf(a.stdout, "\nmutation score: %d of %s caught", s.Caught, count(s.All, "mutant"))
	if survived := s.All - s.Caught; survived > 0 {
		fmt.Fprintf(a.stdout, "; %s, %d of them explained", count(survived, "survivor"), s.Explained)
	}
	fmt.Fprintln(a.stdout)
}

// encodeMutants prints an object a mutant.
func (a *app) encodeMutants(r mutate.Report) {
	out := json.NewEncoder(a.stdout)
	for _, o := range r.Outcomes {
		_ = out.Encode(struct {
			Lock        string `json:"lock"`
			Mutant      string `json:"mutant"`
			Changed     string `json:"changed"`
			Caught      bool   `json:"caught"`
			Property    string `json:"property"`
			Environment string `json:"environment"`
			Start       string `json:"start"`
			Shape       string `json:"shape"`
			States      int    `json:"states"`
			Undecided   int    `json:"undecided"`
			Why         string `json:"why,omitempty"` // of a survivor
		}{r.Lock, o.Name, o.Changed, o.Caught, o.Cell.Property, o.Cell.Environment, o.Cell.Start, o.Cell.Shape,
			o.States, o.Undecided, survivorsWhy(o)})
	}
}

func survivorsWhy(o mutate.Outcome) string {
	if o.Caught {
		return ""
	}
	return whySurvived(o)
}
