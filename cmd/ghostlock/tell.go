package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/table"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// tell prints what fuzzing a lock came to.
func (a *app) tell(r *fuzzed, f *fuzzFlags) error {
	if f.json {
		return json.NewEncoder(a.stdout).Encode(r.result(f))
	}
	if r.Found == nil {
		return a.tellNothing(r, f)
	}
	if err := tellFinding(a.stdout, r.Found.Finding); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "size: %s\n", size(r.Found))
	fmt.Fprintf(a.stdout, "found: in schedule %d by %s with seed %d, after %.1f s\n", r.run, f.by, f.seed, r.seconds)
	r.tellConfirmed(a.stdout, f.kernel, f.confirm)
	_, err := fmt.Fprintf(a.stdout, "replay: ghostlock replay %s\n", r.path)
	return err
}

// tellConfirmed says on which kernel the finding showed again, and how often.
// What shows in memory alone is confirmed by nobody.
func (s *settled) tellConfirmed(w io.Writer, kernel string, times int) {
	word := "confirmed"
	if kernel == "sim" {
		word = "replayed"
	}
	switch {
	case s.interrupted():
		fmt.Fprintf(w, "%s: %d of %d times %s, then interrupted\n", word, s.confirmed, times, s.where)
	case s.refused != nil:
		fmt.Fprintf(w, "NOT %s: %s, after %s: %s\n", strings.ToUpper(word), s.where, count(s.confirmed, "good replay"), s.refusedWhy())
	case times > 0:
		fmt.Fprintf(w, "%s: %d of %d times %s%s\n", word, s.confirmed, times, s.where, injected(s.Found))
	}
}

// injected names the errors that the environment had to make.
func injected(s *search.Shrunk) string {
	for _, step := range s.Steps {
		if step.Ret.Fault {
			return ", with injected " + step.Ret.Err.Name()
		}
	}
	return ""
}

func (a *app) tellNothing(r *fuzzed, f *fuzzFlags) error {
	_, err := fmt.Fprintf(a.stdout, "%s: undecided: no violation in %s by %s with seed %d %s (%d different histories), %.1f s%s\n",
		r.lock.Name, count(r.run, "schedule"), f.by, f.seed, r.where, r.stats.Histories.Load(), r.seconds, asides(r.stats))
	return err
}

// asides says what else a search met.
func asides(s *search.Stats) string {
	var b strings.Builder
	for _, c := range []struct {
		n    int64
		what string
	}{
		{s.Undecided.Load(), "could not be judged"},
		{s.Cut.Load(), fmt.Sprintf("were cut after %d steps", interleave.MaxSteps)},
		{s.Stuck.Load(), "got stuck"},
	} {
		if c.n > 0 {
			fmt.Fprintf(&b, "; %d %s", c.n, c.what)
		}
	}
	return b.String()
}

// tellFinding prints what is broken, the schedule as a table, and the kernel's
// state at its end.
func tellFinding(w io.Writer, f *search.Finding) error {
	fmt.Fprintf(w, "%s: %s violated: %s\n\n", f.Trial.Lock.Name, f.Property, f.Why)
	out, state, err := inMemory(&f.Trial, f.Steps, f.Profile)
	if err != nil {
		return err
	}
	if err := table.Write(w, &f.Trial, out); err != nil {
		return err
	}
	return tellState(w, f, out, state)
}

// inMemory runs the schedule on the simulated kernel and returns the state that
// it ends in.
func inMemory(t *trial.Trial, steps []trial.Step, profile string) (interleave.Outcome, *sim.State, error) {
	m := &sim.Recorder{Machine: sim.Machine{Rules: sim.RulesOf(profile)}}
	out, err := interleave.Run(t, m, interleave.NewReplay(steps))
	return out, m.State, err
}

// tellState prints how things stand at the end: the clients' history, the
// files, who has what locked, and the pattern behind the violation.
func tellState(w io.Writer, f *search.Finding, out interleave.Outcome, state *sim.State) error {
	if err := tellTold(w, out.History); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nat the end, the files and who has them open:\n%s\n", indent(state.String()))
	if err == nil && f != nil && f.Where != "" {
		_, err = fmt.Fprintf(w, "why: %s\n", f.Where)
	}
	return err
}

// tellTold prints the clients' history.
func tellTold(w io.Writer, h history.History) error {
	_, err := fmt.Fprintf(w, "\nwhat the clients asked and were told:\n%s", indent(h.String()))
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// size tells how small the finding is, and which smaller schedules were tried
// in vain: size is clients, then faults, then switches, then steps.
func size(s *search.Shrunk) string {
	text := fmt.Sprintf("%s, %s, %s, %s", count(len(s.Trial.Clients), "client"), count(s.Faults(), "fault"),
		count(search.Switches(s.Steps), "switch"), count(len(s.Steps), "step"))
	if len(s.Levels) == 0 || !s.Levels[len(s.Levels)-1].Shortest {
		return text + "; smaller ones may exist"
	}
	tried, all := []string{}, true
	for _, l := range s.Levels[:len(s.Levels)-1] {
		what := count(l.Clients, "client")
		if slices.ContainsFunc(s.Levels, func(l search.Level) bool { return l.Faults > 0 }) {
			what += " and " + count(l.Faults, "fault")
		}
		if !l.All {
			what += " in fewer than " + count(l.Switches, "switch")
		}
		tried, all = append(tried, what), all && l.All
	}
	verdict := "no smaller one exists"
	if !all {
		verdict = "no smaller one was found"
	}
	tried = append(tried, "this size with fewer switches or steps")
	return fmt.Sprintf("%s; %s (tried: %s)", text, verdict, strings.Join(tried, "; "))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "ch") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
