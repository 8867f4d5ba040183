//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// atOnce is how long the tool may take to end once it was told to.
const atOnce = time.Second

// A running is a tool that runs trials on the real kernel.
type running struct {
	*bench
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

// start starts the tool, and returns in the middle of it: workers are there.
func start(b *bench, args string) *running {
	b.Helper()
	r := &running{bench: b, cmd: b.command(strings.Fields(args)...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() })
	eventually(b, 30*time.Second, "workers at work", func() bool {
		return r.workers() > 0 && b.temporary() != nil
	})
	return r
}

// workers counts the tool's processes that are neither the coordinator nor a
// zygote, its child.
func (r *running) workers() (n int) {
	coordinator := strconv.Itoa(r.cmd.Process.Pid)
	for _, pid := range r.processes() {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue // it is gone
		}
		// "PID (NAME) STATE PARENT ...", where the name is ours.
		if parent := strings.Fields(string(stat))[3]; pid != coordinator && parent != coordinator {
			n++
		}
	}
	return n
}

// interrupt sends the signal, to the process group where that is asked for, and
// waits until the tool has ended.
func (r *running) interrupt(signal syscall.Signal, group bool) {
	r.Helper()
	pid := r.cmd.Process.Pid
	if group {
		pid = -pid
	}
	sent := time.Now()
	if err := syscall.Kill(pid, signal); err != nil {
		r.Fatal(err)
	}
	err := r.cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		r.Fatal(err)
	}
	if took := time.Since(sent); took > atOnce {
		r.Errorf("it took %s to end, wanted at most %s", took, atOnce)
	}
}

func TestAnInterruptEndsEverythingWithinASecond(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, args string
		signal     syscall.Signal
		group      bool
		says       string
	}{
		{"SIGINT to fuzz", "fuzz ktstr-try --for 1h", syscall.SIGINT, false, "ktstr-try: undecided: no violation in "},
		{"^C at the terminal of fuzz", "fuzz ktstr-try --for 1h", syscall.SIGINT, true, "ktstr-try: undecided: no violation in "},
		{"SIGTERM to fuzz", "fuzz ktstr-try --for 1h", syscall.SIGTERM, false, "ktstr-try: undecided: no violation in "},
		{"^C at fuzz by rapid", "fuzz ktstr-try --for 1h --by rapid", syscall.SIGINT, true, "ktstr-try: undecided: "},
		{"^C at fuzz of several locks", "fuzz ktstr-try pact-sidecar --for 1h", syscall.SIGINT, true, "ktstr-try: undecided: "},
		{"^C at fuzz for JSON", "fuzz ktstr-try --for 1h --json", syscall.SIGINT, true, `"verdict":"undecided"`},
		{"SIGINT to check", "check --testdata " + data, syscall.SIGINT, false, ""},
		{"^C at the terminal of check", "check --testdata " + data, syscall.SIGINT, true, ""},
		{"^C at replay", "replay orphan.txt --times 1000000", syscall.SIGINT, true, "orphan.txt: a case of posixage-v1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.write("orphan.txt", orphanCase(t))
			r := start(b, test.args)
			r.interrupt(test.signal, test.group)
			r.leavesNothing()
			if status := r.cmd.ProcessState.ExitCode(); status != exitInterrupted {
				t.Errorf("exit status %d, wanted 130", status)
			}
			if !strings.Contains(r.stdout.String(), test.says) || r.stderr.Len() > 0 {
				t.Errorf("found no %q in:\n%s%s", test.says, &r.stdout, &r.stderr)
			}
		})
	}
}

func TestWhatWasFoundBeforeTheInterruptIsWritten(t *testing.T) {
	b := newBench(t)
	r := start(b, "fuzz posixage-v1 ktstr-try --for 1h --start idle --seed 1")
	const name = "posixage-v1-exclusion-orphan.txt"
	eventually(t, 30*time.Second, "a case", func() bool { return exists(b.dir + "/" + name) })
	r.interrupt(syscall.SIGINT, true)
	r.leavesNothing()
	if status := r.cmd.ProcessState.ExitCode(); status != exitInterrupted {
		t.Errorf("exit status %d, wanted 130", status)
	}
	if wanted := "replay: ghostlock replay " + name + "\n"; !strings.Contains(r.stdout.String(), wanted) {
		t.Errorf("found no %q in:\n%s", wanted, &r.stdout)
	}
	b.ends(exitViolated, "replay", name)
}

// The finding is what is left where there is no time to shrink it.
func TestAnInterruptCutsShrinkingShort(t *testing.T) {
	c, err := readCase(orphan)
	if err != nil {
		t.Fatal(err)
	}
	found := &search.Finding{
		Trial: c.Trial, Steps: c.Steps, Property: c.Verdict.Property,
		Why: "p1 and p0 both hold the lock", Profile: c.Profile, Pattern: search.Orphan,
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	begin := time.Now()
	shrunk, err := search.Shrink(ctx, found, sim.Machine{})
	if err != nil || len(shrunk.Steps) != len(found.Steps) {
		t.Errorf("found %d steps, %v, wanted the finding's %d", len(shrunk.Steps), err, len(found.Steps))
	}
	if took := time.Since(begin); took > atOnce {
		t.Errorf("it took %s", took)
	}
	if text := size(&shrunk); !strings.HasSuffix(text, "; smaller ones may exist") {
		t.Errorf("found %q, which claims more than was tried", text)
	}
}

// Nobody can catch SIGKILL: the zygotes see to what the coordinator leaves.
func TestAKilledCoordinatorLeavesNothing(t *testing.T) {
	b := newBench(t)
	r := start(b, "fuzz ktstr-try --for 1h")
	r.interrupt(syscall.SIGKILL, false)
	eventually(t, atOnce, "the workers and the directory are gone", func() bool {
		return b.processes() == nil && b.temporary() == nil
	})
}

func TestASecondInterruptEndsTheToolAtOnce(t *testing.T) {
	b := newBench(t)
	r := start(b, "fuzz ktstr-try --for 1h")
	for range 3 {
		_ = syscall.Kill(r.cmd.Process.Pid, syscall.SIGINT) // it may have ended by now
	}
	_ = r.cmd.Wait()
	eventually(t, atOnce, "the workers and the directory are gone", func() bool {
		return b.processes() == nil && b.temporary() == nil
	})
}
