//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// resultKeys are the keys of a JSON result.
var resultKeys = strings.Fields(`lock property verdict start clients acquires threads kills pauses jumps
	kernel by switches steps states transitions interleavings schedules seconds confirmed case`)

// jsonResults are command lines, how many results they print, and some of what
// the first of them says.
var jsonResults = []struct {
	args   string
	status int
	lines  int
	wanted map[string]any
}{
	{"fuzz posixage-v1 --json --start idle --seed 1", 1, 1, map[string]any{
		"lock": "posixage-v1", "property": "exclusion", "verdict": "violated", "start": "l age=31s", "clients": 2.0,
		"kernel": "linux", "by": "pos", "confirmed": true, "case": "posixage-v1-exclusion-orphan.txt", "interleavings": nil,
	}},
	{"fuzz posixage-v1 --json --start idle --seed 1 --kernel sim", 1, 1, map[string]any{"confirmed": false, "kernel": "sim"}},
	{"fuzz ktstr-try ctx-v2 --json --runs 10 --clients 3 --kills 1", 0, 2, map[string]any{
		"verdict": "undecided", "schedules": 10.0, "clients": 3.0, "kills": 1.0, "case": "", "confirmed": false,
	}},
	{"explore ktstr-try --start none --json", 0, 8, map[string]any{
		"lock": "ktstr-try", "property": "exclusion", "verdict": "holds", "start": "none", "kernel": "both", "by": "graph",
		"case": "", "confirmed": false, "interleavings": "8551010", "states": 864.0,
	}},
	{"explore posixage-v1 --start idle --clients 2 --acquires 1 --json", 1, 8, map[string]any{
		"property": "exclusion", "verdict": "violated", "start": "l age=31s", "clients": 2.0, "acquires": 1.0, "switches": 2.0,
		"steps": 12.0, "confirmed": true, "case": "posixage-v1-exclusion-hijack.txt", "interleavings": nil,
	}},
	{"replay orphan.txt short.txt --json", 1, 2, map[string]any{
		"verdict": "violated", "result": "reproduced", "confirmed": true, "case": "orphan.txt", "switches": 4.0, "steps": 18.0,
	}},
	{"stress ktstr-try --json --rounds 3 --threads 4", 0, 1, map[string]any{
		"lock": "ktstr-try", "verdict": "undecided", "schedules": 3.0, "threads": 4.0, "kernel": "linux",
	}},
	{"check ctx-v0 --kernel sim --json --testdata data", 0, 99, map[string]any{
		"lock": "ctx-v0", "verdict": "violated", "expected": "violated", "environment": "calm", "start": "none",
		"case": "data/cases/stat-then-create.txt", "confirmed": false,
	}},
}

func TestJSONResultsHaveEveryKey(t *testing.T) {
	for _, test := range jsonResults {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write("orphan.txt", orphanCase(t))
			b.write("short.txt", shortened(orphanCase(t)))
			b.copyData()
			lines := jsonLines(t, b.ends(test.status, strings.Fields(test.args)...))
			if len(lines) != test.lines {
				t.Errorf("found %d lines, wanted %d", len(lines), test.lines)
			}
			for _, line := range lines {
				for _, key := range resultKeys {
					if _, ok := line[key]; !ok {
						t.Errorf("found no key %q in %v", key, line)
					}
				}
			}
			for key, wanted := range test.wanted {
				if found := lines[0][key]; found != wanted {
					t.Errorf("%s: found %v, wanted %v", key, found, wanted)
				}
			}
		})
	}
}

func jsonLines(t *testing.T, o outcome) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, object)
	}
	return all
}

func TestOtherJSONParses(t *testing.T) {
	b := newBench(t)
	b.write("two", twoHold)
	if all := jsonLines(t, b.ends(0, "list", "--json")); len(all) < 9 || all[0]["lock"] != "posixage-v0" {
		t.Errorf("list: found %v", all)
	}
	all := jsonLines(t, b.ends(exitViolated, "verify", "--json", "two"))
	if len(all) != 1 || all[0]["verdict"] != "violated" || all[0]["at"] != 3.0 {
		t.Errorf("verify: found %v", all)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard})
	b := newBench(t)
	alone := b.ends(0)
	for _, args := range []string{"help", "--help", "-h"} {
		if o := b.ends(0, args); o != alone {
			t.Errorf("ghostlock %s is not as ghostlock alone:\n%s", args, o.stdout)
		}
	}
	for _, c := range root.Commands() {
		if c.Short == "" || c.Long == "" {
			t.Errorf("%s: found no Short or no Long", c.Name())
		}
		if !c.Hidden && !strings.Contains(alone.stdout, fmt.Sprintf("\n  %-11s %s\n", c.Name(), c.Short)) {
			t.Errorf("ghostlock alone does not tell of %s:\n%s", c.Name(), alone.stdout)
		}
		o := b.ends(0, "help", c.Name())
		if c.Name() != "help" && o != b.ends(0, c.Name(), "--help") || !strings.HasPrefix(o.stdout, c.Long) {
			t.Errorf("help %s is not as %s --help:\n%s", c.Name(), c.Name(), o.stdout)
		}
		if o.stderr != "" {
			t.Errorf("help %s: stderr: %s", c.Name(), o.stderr)
		}
	}
}

// Rapid panics in its init at variables that it cannot read. The tool must not:
// package quiet takes them away first.
func TestRapidsVariablesAreOfNoConcern(t *testing.T) {
	b := newBench(t)
	plain := b.ends(0, "list")
	for _, name := range strings.Fields("CHECKS STEPS FAILFILE NOFAILFILE SEED LOG V DEBUG DEBUGVIS SHRINKTIME") {
		b.env = []string{"RAPID_" + name + "=abc"}
		if o := b.ends(0, "list"); o != plain {
			t.Errorf("%s: found %s%s", b.env[0], o.stdout, o.stderr)
		}
	}
	const args = "fuzz posixage-v1 --by rapid --seed 3 --kernel sim --runs 1000"
	one, other := newBench(t), newBench(t)
	other.env = []string{"RAPID_SEED=9", "RAPID_STEPS=1", "RAPID_LOG=true", "RAPID_V=true"}
	if wanted, found := transcript(one, args), transcript(other, args); found != wanted {
		t.Errorf("with %v:\n%s\nwithout:\n%s", other.env, found, wanted)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	b := newBench(t)
	const args = "fuzz ktstr-try --kernel sim --for 1s"
	if o := b.ends(0, strings.Fields(args)...); o.stderr != "" {
		t.Errorf("without a terminal: stderr: %q", o.stderr)
	}
	ours, theirs := terminal(t)
	cmd := b.command(strings.Fields(args)...)
	cmd.Stderr = theirs
	o := b.finish(cmd)
	theirs.Close()
	shown, _ := io.ReadAll(ours) // ends in EIO: nobody has the terminal open
	if !strings.HasPrefix(string(shown), "\r\x1b[Kktstr-try: ") || !strings.Contains(string(shown), " schedules, ") {
		t.Errorf("at a terminal: found %q, wanted progress", shown)
	}
	if !strings.HasSuffix(string(shown), "\r\x1b[K") {
		t.Errorf("at a terminal: found %q, wanted the line cleared", shown)
	}
	if strings.Count(o.stdout, "\n") != 1 || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("found standard output %q, wanted the result alone", o.stdout)
	}
}

// terminal returns both ends of a new pseudoterminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	var unlock, number int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Skipf("SKIPPED: ioctl: %v", errno)
		}
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	return ours, theirs
}
