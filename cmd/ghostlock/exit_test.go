//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	invoked = `{"type":"invoke","process":%d,"f":"lock","value":null,"index":%d,"time":0}` + "\n"
	granted = `{"type":"ok","process":%d,"f":"lock","value":null,"index":%d,"time":0}` + "\n"
)

// twoHold and oneHolds are histories.
var (
	oneHolds = fmt.Sprintf(invoked+granted, 0, 0, 0, 1)
	twoHold  = oneHolds + fmt.Sprintf(invoked+granted, 1, 2, 1, 3)
)

// exits are command lines, their exit statuses, and what their output says.
var exits = []struct {
	args   string
	status int
	says   string
}{
	{"", 0, "Usage:"},
	{"list", 0, "posixage-v1"},
	{"fuzz ktstr-try --runs 20", 0, "ktstr-try: undecided: no violation in 20 schedules by pos with seed"},
	{"fuzz ktstr-try --kernel sim --runs 20 --by rapid", 0, "in memory"},
	{"fuzz posixage-v1 --start idle --seed 1", 1, "posixage-v1: exclusion violated: "},
	{"fuzz posixage-v1 --start idle --seed 1 --kernel sim", 1, "replayed: 10 of 10 times in memory"},
	{"fuzz posixage-v1 --clients 2 --threads 2 --seed 1", 1, ", one process)"},
	{"fuzz ktstr-try --set stale=3s", 2, "--set for ktstr-try"},
	{"explore ktstr-try", 0, "ktstr-try: exclusion holds in every schedule within these bounds"},
	{"explore ktstr-try --depth 9 --threads 2", 0, "exclusion holds in every schedule of at most 9 steps"},
	{"explore posixage-v1 --property exclusion --switches 1", 0, "exclusion holds in every schedule of at most 1 switch "},
	{"explore posixage-v1 --property exclusion --switches 2", 1, "no smaller one was found (tried: 1 client in fewer than 3 switches"},
	{"explore posixage-v1 --start idle", 1, "2 switches, 12 steps; no smaller one exists (tried: 1 client; this size"},
	{"explore posixage-v1 --clients 2 --threads 2 --property exclusion", 1, ", one process)"},
	{"explore posixage-v1 --property exclusion --kernel sim", 1, "replayed: 10 of 10 times in memory"},
	{"explore ktstr-try --clients 1", 3, "vacuous: nobody asked for the lock while another held it"},
	{"explore posixage-v2 --property honesty --for 1ms", 3, "honesty undecided after"},
	{"explore ktstr-try posixage-v9", 2, "found lock"},
	{"replay reproduces", 1, "\nreproduced on Linux ("},
	{"replay reproduces --kernel sim --times 3", 1, "\nreproduced in memory, 3 times: exclusion violated: "},
	{"replay short", 0, "\npasses on Linux ("},
	{"replay diverges", 125, "\ndiverged on Linux ("},
	{"replay empty", 2, "found an empty file"},
	{"replay short reproduces", 1, "reproduced"},
	{"replay reproduces short", 1, "passes"},
	{"replay diverges reproduces short", 125, "reproduced"},
	{"replay short reproduces diverges", 125, "passes"},
	{"verify one", 0, "one: exclusion holds"},
	{"verify two", 1, "two: exclusion violated: p0 and p1 both hold the lock"},
	{"verify two --for 1ns", 3, "two: exclusion undecided"},
	{"check ctx-v2 --kernel sim --testdata data", 0, "all as in "},
	{"check ctx-v0 --kernel sim --testdata stale", 1, "ctx-v0, environment calm, start none: found exclusion violated, expected holds"},
	{"check ctx-v0 --testdata data", 0, "all as in "},
	{"stress ktstr-try --rounds 2", 0, "ktstr-try: 0 violations in 2 rounds of 8 threads without gates"},
}

func TestExitStatusSaysWhatCameOut(t *testing.T) {
	for _, test := range exits {
		t.Run(fmt.Sprint(test.status, " ", test.args), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			good := orphanCase(t)
			b.write("reproduces", good)
			b.write("short", shortened(good))
			b.write("diverges", strings.Replace(good, "p0 flock(3, LOCK_UN) = 0", "p0 close(3) = 0", 1))
			b.write("empty", "")
			b.write("one", oneHolds)
			b.write("two", twoHold)
			b.copyData()
			if err := os.CopyFS(b.dir+"/stale", os.DirFS("../../testdata")); err != nil {
				t.Fatal(err)
			}
			b.write("stale/verdicts.txt", holding(b.read("data/verdicts.txt"), "ctx-v0"))
			o := b.ends(test.status, strings.Fields(test.args)...)
			if !strings.Contains(o.stdout+o.stderr, test.says) {
				t.Errorf("found no %q in:\n%s%s", test.says, o.stdout, o.stderr)
			}
			if test.status != exitFailed && o.stderr != "" {
				t.Errorf("stderr: %s", o.stderr)
			}
		})
	}
}

// shortened returns the case without the steps that let the second client in.
// Its schedule holds, and the property with it.
func shortened(text string) string {
	from, to := strings.Index(text, "p0 flock(3, LOCK_UN)"), strings.Index(text, "-- verdict --")
	return text[:from] + text[to:]
}

// A case that the code under test does not follow says where: the file and the
// line, the step, and what was wanted and found there.
func TestDivergenceSaysWhereAndWhat(t *testing.T) {
	good := orphanCase(t)
	for _, test := range []struct{ name, old, new, says string }{
		{
			"another answer", "p0 flock(3, LOCK_UN) = 0", "p0 flock(3, LOCK_UN) = -1 EBADF",
			"step 10: wanted p0 flock(3, LOCK_UN) = -1 EBADF, found p0 flock(3, LOCK_UN) = 0",
		},
		{
			"another call", "p0 flock(3, LOCK_UN) = 0", "p0 close(3) = 0",
			"step 10: wanted p0 close(3), found p0 flock(3, LOCK_UN)",
		},
		{
			"another thread first", "p0 flock(3, LOCK_EX|LOCK_NB) = 0\n", "",
			"step 3: wanted p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN, found p1 flock(3, LOCK_EX|LOCK_NB) = 0",
		},
		{
			"a thread that nobody started", "p1 close(3) = 0", "p1.hb close(3) = 0",
			"step 6: wanted p1.hb close(3), found no thread p1.hb",
		},
	} {
		for _, kernel := range []string{"sim", "linux"} {
			t.Run(test.name+" on "+kernel, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				edited := strings.Replace(good, test.old, test.new, 1)
				b.write("edited.txt", edited)
				o := b.ends(exitDiverged, "replay", "--kernel", kernel, "edited.txt")
				wanted := fmt.Sprintf(": edited.txt:%d: %s\n", lineOf(t, edited, test.says), test.says)
				if !strings.HasSuffix(o.stdout, wanted) {
					t.Errorf("found %q, wanted at the end %q", o.stdout, wanted)
				}
			})
		}
	}
}

// lineOf returns the line of the step that the message is about.
func lineOf(t *testing.T, text, message string) int {
	t.Helper()
	var step int
	if _, err := fmt.Sscanf(message, "step %d:", &step); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(text, "-- schedule --\n")
	return strings.Count(head, "\n") + 1 + step
}

// What a case says must be so, and what a command prints as its last line must
// do what it says.
func TestTheLastLineReplaysTheFinding(t *testing.T) {
	b := newBench(t)
	o := b.ends(exitViolated, "fuzz", "posixage-v1", "--start", "idle", "--seed", "1")
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	command, ok := strings.CutPrefix(lines[len(lines)-1], "replay: ghostlock ")
	if !ok {
		t.Fatalf("found last line %q, wanted the command that replays", lines[len(lines)-1])
	}
	b.ends(exitViolated, strings.Fields(command)...)
}
