//go:build linux

package main

import (
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/mutate"
)

// A line a mutant, and the score.
func TestMutantsTellsTheScore(t *testing.T) {
	b := newBench(t)
	out := b.ends(0, "mutants", "ctx-v2", "ctx-v0").stdout
	for _, wanted := range []string{
		"ctx-v2/no-excl: caught: exclusion, calm, from none, 2 clients, 2 acquires each (",
		"ctx-v2/release-no-unlink: caught: phantom, calm, from none, ",
		"ctx-v0: not taken apart: violated: exclusion, calm, from none, ",
		"mutation score: 2 of 2 mutants caught\n",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("found %s\nwanted %q", out, wanted)
		}
	}
}

// A survivor that nobody explains is a failure, and is shown as one.
func TestMutantsFailsForASurvivor(t *testing.T) {
	var out strings.Builder
	a := &app{stdout: &out}
	survivor := mutate.Outcome{States: 1234, Undecided: 2}
	survivor.Name, survivor.Changed = "mine/no-flock", "flock is not called"
	explained := survivor
	explained.Name, explained.Explained = "mine/no-unlock", "it is closed"
	report := mutate.Report{Lock: "mine", Outcomes: []mutate.Outcome{survivor, explained}}
	var s mutate.Score
	s.Add(report)
	a.tellMutants(report)
	a.tellScore(s)
	wanted := `mine/no-flock: SURVIVED 1,234 states: flock is not called; not explained, and 2 cells undecided (--states)
mine/no-unlock: SURVIVED 1,234 states: flock is not called; it is closed

mutation score: 0 of 2 mutants caught; 2 survivors, 1 of them explained
`
	if out.String() != wanted || passes(s) != status(exitViolated) {
		t.Errorf("found %v and\n%s\nwanted\n%s", passes(s), &out, wanted)
	}
	s.Explained++
	if err := passes(s); err != nil {
		t.Errorf("found %v where all are explained", err)
	}
}

func TestMutantsAsJSON(t *testing.T) {
	b := newBench(t)
	lines := jsonLines(t, b.ends(0, "mutants", "--json", "ctx-v2"))
	if len(lines) != 2 {
		t.Fatalf("found %d lines, wanted 2", len(lines))
	}
	for key, wanted := range map[string]any{
		"lock": "ctx-v2", "mutant": "ctx-v2/no-excl", "changed": "open without O_EXCL", "caught": true,
		"property": "exclusion", "environment": "calm", "start": "none", "shape": "2 clients, 2 acquires each", "undecided": 0.0,
	} {
		if found := lines[0][key]; found != wanted {
			t.Errorf("%s: found %v, wanted %v", key, found, wanted)
		}
	}
}

func TestMutantsOfNoSuchLock(t *testing.T) {
	b := newBench(t)
	for _, args := range []string{"mutants no-such-lock-at-all", "mutants ctx-v2 --states 0", "mutants ctx-v2 --workers -1"} {
		b.ends(exitFailed, strings.Fields(args)...)
	}
}
