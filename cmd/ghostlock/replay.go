package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/table"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

type replayFlags struct {
	kernelFlag
	times int
	json  bool
}

func newReplay(a *app) *cobra.Command {
	f := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "replay CASE...",
		Short: "Run cases again, and check every answer",
		Long: `Replay follows each case's schedule, checks the answer of every call, and judges
what happened. A case is reproduced, or passes (the schedule ran and the property
held), or diverged (the code under test did not follow the schedule).

A case on a file system that is known from documents alone, which its section kernel
names, is replayed in memory. One of a local file system that is replayed on another
keeps the order of its steps, and has that one's answers.

A case of programs runs these. With --kernel trace a case of a lock is one of programs
too: each client is "ghostlock hold LOCK", a process that makes its calls itself.`,
		Args: takes(1, -1),
		RunE: func(cmd *cobra.Command, paths []string) error { return a.replay(cmd.Context(), paths, f) },
	}
	cmd.Flags().StringVar(&f.kernel, "kernel", "linux", "linux, sim or trace")
	cmd.Flags().StringVar(&f.dir, "dir", "", "where the trial's files live: names the file system (default: the temporary directory)")
	cmd.Flags().IntVar(&f.times, "times", 1, "how often each case is replayed")
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON object a case")
	return cmd
}

func (a *app) replay(ctx context.Context, paths []string, f *replayFlags) error {
	if f.times < 1 {
		return fmt.Errorf("found --times %d, wanted 1 or more", f.times)
	}
	cases := make([]*trial.Case, len(paths))
	for i, path := range paths {
		c, err := readCase(path)
		if err != nil {
			return err
		}
		cases[i] = c
	}
	code := status(0)
	for i, c := range cases {
		if ctx.Err() != nil {
			return status(exitInterrupted)
		}
		if i > 0 && !f.json {
			fmt.Fprintln(a.stdout)
		}
		r, err := f.again(ctx, c)
		if err != nil {
			return err
		}
		if err := a.tellReplayed(c, r, f); err != nil {
			return err
		}
		code = max(code, codeOf(r.Replayed))
	}
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case code != 0:
		return code
	}
	return nil
}

// codeOf returns the exit status that a replayed case asks for.
func codeOf(r search.Replayed) status {
	switch {
	case r.Result == search.Diverged:
		return exitDiverged
	case r.Violation != nil:
		return exitViolated
	}
	return 0
}

// again replays the case as often as asked, and ends at the first replay that
// comes out otherwise than the first did.
func (f *replayFlags) again(ctx context.Context, c *trial.Case) (again, error) {
	if c.Trial.Programs() || f.kernel == byTracing {
		return f.programsAgain(ctx, c)
	}
	k := f.kernelOf(c)
	m, err := k.open(c.Profile, direct(c))
	if err != nil {
		return again{}, err
	}
	r := again{stored: c, played: c, where: k.describe(m, direct(c)), on: m.Profile()}
	there, err := search.Transpose(c, r.on)
	switch {
	case err != nil:
		return r, errors.Join(err, m.Close())
	case there != nil:
		r.played = there
	}
	if sim.FromDocuments(c.Profile) {
		r.where += fmt.Sprintf(" (what is known of %s is from documents, and not confirmed on Linux)", c.Profile)
	}
	r.Replayed, r.times, err = replayTimes(ctx, r.played, m, f.times)
	if closing := m.Close(); err == nil {
		err = closing
	}
	if err == nil && r.Result == search.Diverged && c.Verdict.Verdict == model.Violated {
		r.still, err = search.Again(ctx, c, sim.Machine{Rules: sim.RulesOf(c.Profile)})
	}
	return r, err
}

// kernelOf returns the kernel that the case is replayed on. One on a file system
// that is known from documents alone stays in memory.
func (f *replayFlags) kernelOf(c *trial.Case) kernelFlag {
	if sim.FromDocuments(c.Profile) {
		return kernelFlag{kernel: "sim"}
	}
	return f.kernelFlag
}

// An again is what came of replaying a case.
type again struct {
	search.Replayed
	stored *trial.Case
	played *trial.Case // the same, or as it is on another file system than it names
	times  int
	on     string          // the file system
	where  string          // the kernel, for people
	still  *search.Finding // what became of a violation that diverged, if it was met again
}

// abroad reports whether the case names another file system than it is replayed
// on.
func (r *again) abroad() bool {
	return r.stored.Profile != trial.AnyProfile && r.stored.Profile != r.on
}

// tellAbroad says of a case of another file system what became of it on this one.
func (r *again) tellAbroad() string {
	switch {
	case !r.abroad():
		return ""
	case r.played == r.stored:
		return fmt.Sprintf("  a case of %s: on %s this order of steps does not show it\n", r.stored.Profile, r.on)
	}
	return fmt.Sprintf("  a case of %s: the same order of steps, with the answers of %s\n", r.stored.Profile, r.on)
}

// direct reports whether this process can make the case's calls itself.
func direct(c *trial.Case) bool { return c.Trial.Shared() && c.Trial.Budget.Kills == 0 }

func replayTimes(ctx context.Context, c *trial.Case, m sys.Machine, times int) (search.Replayed, int, error) {
	first, err := search.Replay(c, m)
	n := 1
	for ; err == nil && n < times && ctx.Err() == nil; n++ {
		var r search.Replayed
		if r, err = search.Replay(c, m); err == nil && r.Result != first.Result {
			return r, n + 1, fmt.Errorf("%s: replay %d %s, the first %s", c.Name, n+1, r.Result, first.Result)
		}
	}
	return first, n, err
}

func (a *app) tellReplayed(c *trial.Case, r again, f *replayFlags) error {
	if f.json {
		return json.NewEncoder(a.stdout).Encode(replayResult(c, r, f))
	}
	w := a.stdout
	fmt.Fprintf(w, "%s: a case of %s\n", c.Name, subject(&c.Trial))
	fmt.Fprintf(w, "  on record: %s\n", c.Verdict)
	if c.Comment != "" {
		fmt.Fprint(w, indent(c.Comment))
	}
	fmt.Fprint(w, r.tellAbroad())
	fmt.Fprintln(w)
	if err := table.Write(w, &c.Trial, r.Outcome); err != nil {
		return err
	}
	if r.Result == search.Diverged {
		_, err := fmt.Fprintf(w, "\n%sdiverged %s: %s: %v\n", searchedAgain(c, r.still), r.where, r.At, r.Divergence)
		return err
	}
	if err := r.tellEnd(w); err != nil {
		return err
	}
	p, err := model.PropertyByName(c.Verdict.Property)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s %s, %s: %s %s (judged by %s)\nreplay: ghostlock replay %s\n",
		r.Result, r.where, count(r.times, "time"), p.Name, verdictOf(r.Replayed), p.By, c.Name)
	return err
}

// subject says what a case is of.
func subject(t *trial.Trial) string {
	if t.Programs() {
		return "the programs " + t.Clients[0].Program.String()
	}
	return strings.TrimSpace(t.Lock.Name + " " + t.Config.String())
}

// tellEnd prints how things stand at the end of the schedule.
func (r *again) tellEnd(w io.Writer) error {
	if r.played.Trial.Programs() {
		return tellTold(w, r.Outcome.History)
	}
	_, state, err := inMemory(&r.stored.Trial, r.played.Steps, r.played.Profile)
	if err != nil {
		return fmt.Errorf("%s: in memory: %w", r.stored.Name, err)
	}
	return tellState(w, r.Violation, r.Outcome, state)
}

// searchedAgain says whether the trial of a diverged case shows the violation
// under another schedule.
func searchedAgain(c *trial.Case, still *search.Finding) string {
	switch {
	case c.Verdict.Verdict != model.Violated || c.Trial.Programs():
		return ""
	case still == nil:
		return fmt.Sprintf("searched again in memory, with at most %s: no violation of %s met\n",
			count(search.Switches(c.Steps), "switch"), c.Verdict.Property)
	}
	return fmt.Sprintf("searched again in memory: another schedule still violates %s, in %s: ghostlock fuzz %s --property %s\n",
		still.Property, count(len(still.Steps), "step"), c.Trial.Lock.Name, still.Property)
}

func verdictOf(r search.Replayed) string {
	if r.Violation != nil {
		return "violated: " + r.Violation.Why
	}
	return "held"
}

// replayResult returns what a replay came to as an object.
func replayResult(c *trial.Case, r again, f *replayFlags) result {
	out := result{
		Lock: c.Trial.Lock.Name, Property: c.Verdict.Property, Verdict: model.Undecided.String(),
		Kernel: f.kernelOf(c).kernel, Schedules: r.times, Case: c.Name, Result: r.Result.String(),
	}
	out.describe(&c.Trial, c.Steps)
	switch {
	case r.Divergence != nil:
		out.Why = fmt.Sprintf("%s: %v", r.At, r.Divergence)
	case r.Violation != nil:
		out.Verdict, out.Why, out.Confirmed = model.Violated.String(), r.Violation.Why, f.kernelOf(c).kernel == "linux"
	}
	return out
}
