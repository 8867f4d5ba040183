//go:build linux

package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
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

// What holds is put to the test of Linux, and the large shapes are covered too.
func TestCheckInFullConfirmsWhatHoldsOnLinux(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	b := newBench(t)
	b.copyData()
	out := b.ends(0, "check", "excl", "--testdata", "data", "--full", "--large").stdout
	for _, wanted := range []string{
		"10358 states covered: all as in data/verdicts.txt", // 9138 without the large shapes
		"confirmed on Linux: each case 10 times; what holds for 2 clients, 82 verdicts, by ",
		"\nthe large shapes too\n",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("wanted %q in\n%s", wanted, out)
		}
	}
	if strings.Contains(out, "not confirmed within") {
		t.Errorf("found\n%s", out)
	}
}

// Where exploring takes too long nothing is claimed, and it is said of what.
func TestWhatTookTooLongIsToldAndNotCounted(t *testing.T) {
	c := confirmation{time: 2 * time.Minute, told: func() {}}
	c.note(cell{"excl", "exclusion", "calm", "none"}, search.Confirmation{Schedules: 3}, nil)
	c.note(cell{"excl", "exclusion", "calm", "idle"}, search.Confirmation{Schedules: 2}, errTime)
	c.note(cell{"excl", "exclusion", "kill", "idle"}, search.Confirmation{}, &search.Unproved{Why: explore.ErrMemory})
	c.note(cell{"excl", "exclusion", "kill", "none"}, search.Confirmation{}, errors.New("the kernels differ"))
	const wanted = "confirmed on Linux: each case 10 times; what holds for 2 clients, 1 verdict, by 5 schedules, 0 of them to an end and judged, and 0 pairs of a kernel's state and a call\n" +
		"not confirmed within 120s, or for want of memory: 2 verdicts\n  excl exclusion calm idle\n  excl exclusion kill idle"
	if c.String() != wanted || len(c.wrong) != 1 || c.wrong[0] != "excl exclusion kill none: NOT confirmed: the kernels differ" {
		t.Errorf("found %s\n%s", &c, c.wrong)
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
