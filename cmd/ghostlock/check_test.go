//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
)

func TestCheckIsContentWithWhatIsOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.copyData()
	out := b.ends(0, "check", "ktstr-block", "ctx-v0", "--testdata", "data").stdout
	for _, wanted := range []string{"all as in data/verdicts.txt", "ctx-v0             exclusion   vve"} {
		if !strings.Contains(out, wanted) {
			t.Errorf("wanted %q in\n%s", wanted, out)
		}
	}
}

// A verdict that is not the one on record is told with what shows it.
func TestCheckTellsADifference(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.copyData()
	b.write("data/verdicts.txt", holding(b.read("data/verdicts.txt"), "ctx-v0"))
	out := b.ends(exitViolated, "check", "ctx-v0", "--testdata", "data", "--kernel", "sim").stdout
	for _, wanted := range []string{
		"ctx-v0, environment calm, start none: found exclusion violated, expected holds",
		"ctx-v0: exclusion violated: p1 and p0 both hold the lock",
		"replay: ghostlock replay ",
		"1 difference from data/verdicts.txt",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("wanted %q in\n%s", wanted, out)
		}
	}
}

// holding returns the verdicts with the lock's first violation turned into what
// holds.
func holding(verdicts, name string) string {
	for line := range strings.Lines(verdicts) {
		if fields := strings.Fields(line); len(fields) > 5 && fields[0] == name {
			return strings.Replace(verdicts, line, strings.Join(fields[:4], " ")+" holds\n", 1)
		}
	}
	return verdicts
}

// What --update writes, check reads and finds again.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	all, err := readVerdicts("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile("../../testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	if found := string(formatVerdicts(all)); found != string(stored) {
		t.Errorf("found\n%s", found)
	}
}
