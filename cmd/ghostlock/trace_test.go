//go:build linux

package main

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// flock(1) with a command that says how it went, and a lock in sh that two may have:
// it looks before it writes.
const (
	heldBySh  = `echo acquired; echo released`
	lookFirst = `if [ -e {lock} ]; then echo busy; else echo > {lock}; echo acquired; rm {lock}; echo released; fi`
)

// traces skips where programs cannot be traced, or a tool is not there.
func traces(t *testing.T, b *bench, tools ...string) {
	t.Helper()
	for _, tool := range append(tools, "true") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: there is no %s", tool)
		}
	}
	if o := b.run("trace", "--clients", "1", "--", "true"); strings.Contains(o.stderr, "ptrace is forbidden") {
		t.Skipf("SKIPPED: %s", o.stderr)
	}
}

func TestAProgramThatLooksBeforeItLocksIsFoundOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "sh")
	out := b.ends(exitViolated, "trace", "--", "sh", "-c", lookFirst).stdout
	for _, wanted := range []string{
		"sh: exclusion violated: p1 and p0 both hold the lock\n",
		"** lock: has the lock **",
		"size: 2 clients, 0 faults, 2 switches",
		"no schedule with fewer switches shows it",
		"confirmed: 10 of 10 times on Linux",
		"\nreplay: ghostlock replay sh-exclusion.txt\n",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("found\n%swanted %q in it", out, wanted)
		}
	}
	again := b.ends(exitViolated, "replay", "sh-exclusion.txt", "--times", "3").stdout
	if !strings.Contains(again, "reproduced on Linux") || !strings.Contains(again, "3 times: exclusion violated") {
		t.Errorf("found\n%s", again)
	}
	b.refuses("found --kernel sim, wanted none or trace", "replay", "sh-exclusion.txt", "--kernel", "sim")
	text := b.read("sh-exclusion.txt")
	b.write("mended.txt", strings.ReplaceAll(text, "echo > {lock}", "mkdir {lock}"))
	if out := b.ends(exitDiverged, "replay", "mended.txt").stdout; !strings.Contains(out, "diverged on Linux") {
		t.Errorf("found\n%s", out)
	}
}

// What is found in a lock's code is found in processes that run it.
func TestACaseOfALockIsReplayedByProcessesThatMakeItsCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b)
	stored, err := filepath.Abs("../../testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"half1.txt", "posixage-v2-exclusion.txt"} {
		out := b.ends(exitViolated, "replay", "--kernel", "trace", "--times", "3", filepath.Join(stored, name)).stdout
		if !strings.Contains(out, "reproduced on Linux") || !strings.Contains(out, "the programs themselves), 3 times: exclusion violated") {
			t.Errorf("%s: found\n%s", name, out)
		}
	}
	b.refuses("which is judged by running lock code again", "replay", "--kernel", "trace", filepath.Join(stored, "ctx-v2-recovery-kill-none.txt"))
}

// However its schedules are gone through. How small the case becomes is a matter of
// time; two switches are the fewest.
func TestEveryChooserOfProgramsFindsIt(t *testing.T) {
	t.Parallel()
	for _, by := range []string{byTraces, "pos", "random", "pct:3", byRapid} {
		b := newBench(t)
		traces(t, b, "sh")
		out := b.ends(exitViolated, "trace", "--by", by, "--seed", "1", "--confirm", "1", "--json", "--", "sh", "-c", lookFirst).stdout
		var r result
		if err := json.Unmarshal([]byte(out), &r); err != nil || r.Verdict != "violated" || r.Switches < 2 || !r.Confirmed || r.Case != "sh-exclusion.txt" || r.By != by {
			t.Errorf("%s: found %s, %v", by, out, err)
		}
	}
}

func TestWhatHoldsOfAProgramIsSaidWithItsBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "flock")
	for _, test := range []struct {
		flags  string
		wanted []string
	}{
		{"--switches 1", []string{"flock: exclusion holds in every schedule with at most 1 switch\nbounds: 2 clients, no file at the start; kills=0\n",
			"the lock was asked for while another held it in"}},
		{"--switches 20", []string{"flock: exclusion holds in every schedule within these bounds\n"}},
		{"--by dpor --kills 1", []string{"holds in every schedule within these bounds\n", "kills=1", "one for each trace"}},
		{"--start idle --switches 1", []string{"with at most 1 switch\n", "at the start l age=31s"}},
		{"--explain --switches 1", []string{"flock(3<A>, LOCK_EX) = 0", "** lock: has the lock **"}},
	} {
		args := append(append([]string{"trace"}, strings.Fields(test.flags)...), "--", "flock", "{lock}", "sh", "-c", heldBySh)
		out := b.ends(0, args...).stdout
		for _, wanted := range test.wanted {
			if !strings.Contains(out, wanted) {
				t.Errorf("%s: found\n%swanted %q in it", test.flags, out, wanted)
			}
		}
	}
	out := b.ends(0, "trace", "--by", "pos", "--runs", "5", "--seed", "7", "--", "flock", "{lock}", "sh", "-c", heldBySh).stdout
	if !strings.Contains(out, "is undecided: no violation was drawn by pos with seed 7") || !strings.Contains(out, "5 schedules") {
		t.Errorf("found\n%s", out)
	}
}

func TestProgramsThatSayNothingProveNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "flock")
	out := b.ends(exitUndecided, "trace", "--", "flock", "{lock}", "true").stdout
	if !strings.Contains(out, "vacuous: no client ever had the lock") {
		t.Errorf("found\n%s", out)
	}
	out = b.ends(exitUndecided, "trace", "--by", byTraces, "--", "flock", "{lock}", "true").stdout
	if !strings.Contains(out, "vacuous: no client had the lock") {
		t.Errorf("found\n%s", out)
	}
	out = b.ends(exitUndecided, "trace", "--for", "1ns", "--", "flock", "{lock}", "true").stdout
	if !strings.Contains(out, "is undecided, as ") {
		t.Errorf("found\n%s", out)
	}
}

func TestDifferentProgramsMayContend(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "flock", "sh")
	out := b.ends(exitViolated, "trace", "--confirm", "0",
		"--actor", `flock {lock} sh -c "`+heldBySh+`"`, "--actor", `sh -c "echo > {dir}/other; echo acquired; rm {dir}/other; echo released"`).stdout
	if !strings.Contains(out, "flock: exclusion violated") {
		t.Errorf("found\n%s", out)
	}
}

func TestTraceRefusesWhatItCannotRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "sh")
	b.write("text", "no program\n")
	for _, test := range []struct {
		wanted string
		args   []string
	}{
		{"found no command, wanted one behind --", nil},
		{"found --actor and the command true", []string{"--actor", "true", "--", "true"}},
		{"found --clients 0", []string{"--clients", "0", "--", "true"}},
		{"found --switches -1", []string{"--switches", "-1", "--", "true"}},
		{`--by: found chooser "nope"`, []string{"--by", "nope", "--", "true"}},
		{`--start: found "m", wanted a file such as`, []string{"--start", "m", "--", "true"}},
		{"wanted a closing quote", []string{"--actor", `sh "`}},
		{"run nonexistent: ", []string{"--", "nonexistent"}},
		{"run ./text: permission denied", []string{"--", "./text"}},
		{`p0 says "hello"`, []string{"--", "sh", "-c", "echo hello"}},
		{"p0 says that it has released the lock", []string{"--", "sh", "-c", "echo > {lock}; echo released"}},
	} {
		o := b.run(append([]string{"trace"}, test.args...)...)
		if o.status != exitFailed || !strings.Contains(o.stderr, test.wanted) || o.stdout != "" {
			t.Errorf("%q: exit status %d, wanted 2 and %s\n%s%s", test.args, o.status, test.wanted, o.stdout, o.stderr)
		}
	}
}

// A program whose calls hang on its process number is no ground for a proof.
func TestProgramsThatAreNotDeterministicAreNamedSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "sh", "od")
	script := `mkdir {dir}/x$(od -An -N2 -tu2 /dev/urandom | tr -d " ")`
	b.refuses("the programs do not always make the same calls when they are told the same: step 1", "trace", "--", "sh", "-c", script)
}

func TestTracingIsInterruptedWithNothingLeft(t *testing.T) {
	b := newBench(t)
	traces(t, b, "flock")
	r := &running{bench: b, cmd: b.command("trace", "--for", "1h", "--by", "random", "--", "flock", "{lock}", "sh", "-c", heldBySh)}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(b, 30*time.Second, "a directory of its own", func() bool { return b.temporary() != nil })
	r.interrupt(syscall.SIGINT, true)
	if code := r.cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(r.stdout.String(), "is undecided") {
		t.Errorf("exit status %d, wanted %d\n%s%s", code, exitInterrupted, r.stdout.String(), r.stderr.String())
	}
	b.leavesNothing()
}

// Whatever an interrupt makes programs do is not told as what they did.
func TestWhatProgramsDoOnAnInterruptIsNoFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	traces(t, b, "sh")
	out := b.ends(exitInterrupted, "trace", "--clients", "1", "--by", "random", "--", "sh", "-c", `kill -INT $PPID; : >"$1"; echo hello`, "sh", "{lock}")
	if !strings.Contains(out.stdout, "exclusion is undecided") || strings.Contains(out.stderr, "hello") {
		t.Errorf("found\n%s%s", out.stdout, out.stderr)
	}
}

// The interrupt may meet a program before it meets the command, and the command soon.
func TestWhoIsInterruptedSoonWasNotFailedByItsPrograms(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	if interrupted(ctx) {
		t.Error("found an interrupt, and there was none")
	}
	time.AfterFunc(time.Millisecond, cancel)
	if !interrupted(ctx) {
		t.Error("found no interrupt, and there is one")
	}
}
