//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is found is as small as there is one, so it is the same every time, and
// the last line does what it says.
func TestExploreHandsOverTheSmallestCase(t *testing.T) {
	b := newBench(t)
	o := b.ends(exitViolated, "explore", "posixage-v2", "--property", "exclusion")
	for _, says := range []string{
		"posixage-v2: exclusion violated: p0 and p1 both hold the lock\n",
		"\nsize: 2 clients, 0 faults, 3 switches, 18 steps; no smaller one exists (tried: 1 client; ",
		"\nfound: from the start idle (l age=31s), among ",
		"\nconfirmed: 10 of 10 times on Linux (",
	} {
		if !strings.Contains(o.stdout, says) {
			t.Errorf("found no %q in:\n%s", says, o.stdout)
		}
	}
	lines := strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n")
	command, ok := strings.CutPrefix(lines[len(lines)-1], "replay: ghostlock ")
	if !ok {
		t.Fatalf("found last line %q, wanted the command that replays", lines[len(lines)-1])
	}
	b.ends(exitViolated, strings.Fields(command)...)
}

func TestKeepGoingCoversEverythingBehindAViolation(t *testing.T) {
	b := newBench(t)
	args := []string{"explore", "posixage-v1", "--property", "exclusion", "--clients", "2", "--start", "idle"}
	if o := b.ends(exitViolated, args...); strings.Contains(o.stdout, "\ncovered: ") {
		t.Errorf("without --keep-going:\n%s", o.stdout)
	}
	o := b.ends(exitViolated, append(args, "--keep-going")...)
	if !strings.Contains(o.stdout, " interleavings") || !strings.Contains(o.stdout, " that violate it; ") {
		t.Errorf("found no figures of everything in:\n%s", o.stdout)
	}
}

// The figures do not depend on how many processors there are; symmetry changes
// them, and neither the verdict nor what there is to cover.
func TestSymmetryKeepsVerdictAndInterleavings(t *testing.T) {
	b := newBench(t)
	covered := func(flags ...string) (states, interleavings any) {
		args := append([]string{"explore", "ktstr-block", "--property", "exclusion", "--clients", "3", "--json"}, flags...)
		line := jsonLines(t, b.ends(0, args...))[0]
		return line["states"], line["interleavings"]
	}
	states, ways := covered()
	if one, w := covered("--cpus", "1"); one != states || w != ways {
		t.Errorf("on one processor: found %v states and %v interleavings, wanted %v and %v", one, w, states, ways)
	}
	if apart, w := covered("--no-symmetry"); apart.(float64) <= states.(float64) || w != ways {
		t.Errorf("without symmetry: found %v states and %v interleavings, wanted more than %v and %v", apart, w, states, ways)
	}
}

func TestAHeartbeatNeedsWorkToFire(t *testing.T) {
	b := newBench(t)
	args := []string{"explore", "posixage-v2", "--property", "honesty", "--clients", "2", "--acquires", "1"}
	o := b.ends(exitUndecided, args...)
	if !strings.Contains(o.stdout, "vacuous: no heartbeat fired, so this proves little (try --work 31s)\n") {
		t.Errorf("found no heartbeat that did not fire in:\n%s", o.stdout)
	}
	o = b.ends(0, append(args, "--work", "31s")...)
	if !strings.Contains(o.stdout, "; a heartbeat fired ") {
		t.Errorf("found no heartbeat that fired in:\n%s", o.stdout)
	}
}

// endlessly is an exploration that takes long.
const endlessly = "explore posixage-v2 --property honesty --clients 6 --start idle --no-symmetry"

// startExploring starts it, and returns when its child is at work.
func startExploring(t *testing.T, b *bench) *running {
	r := &running{bench: b, cmd: b.command(strings.Fields(endlessly)...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() })
	eventually(t, 30*time.Second, "a child at work", func() bool { return r.busy() })
	return r
}

// busy reports whether the child has spent some time on exploring.
func (r *running) busy() bool {
	for _, pid := range r.processes() {
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || !strings.Contains(string(line), explorerArg) {
			continue
		}
		ticks, err := strconv.Atoi(strings.Fields(string(stat))[13]) // 100 of them a second
		if err == nil && ticks > 40 {
			return true
		}
	}
	return false
}

func TestAnInterruptOfExploreTellsWhatWasCovered(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := startExploring(t, b)
			r.interrupt(signal, signal == syscall.SIGINT)
			r.leavesNothing()
			if status := r.cmd.ProcessState.ExitCode(); status != exitInterrupted || r.stderr.Len() > 0 {
				t.Errorf("exit status %d, wanted 130\n%s", status, &r.stderr)
			}
			out := r.stdout.String()
			if !strings.Contains(out, ": interrupted\n") || !strings.Contains(out, "start idle: every schedule of at most ") {
				t.Errorf("found no interrupt, or nothing covered, in:\n%s", out)
			}
		})
	}
}

func TestTheChildOfAKilledExploreEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := startExploring(t, b)
	r.interrupt(syscall.SIGKILL, false)
	eventually(t, atOnce, "the child and the zygote are gone", func() bool {
		return b.processes() == nil && b.temporary() == nil
	})
}

func TestAGraphLargerThanTheMemoryIsUndecided(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	cmd := b.command(append(strings.Fields(endlessly), "--memory", "64MiB")...)
	o := b.finish(cmd)
	if o.status != exitUndecided || !strings.Contains(o.stdout, "the memory was used up (--memory 64MiB)\n") ||
		!strings.Contains(o.stdout, "every schedule of at most ") {
		t.Errorf("exit status %d:\n%s%s", o.status, o.stdout, o.stderr)
	}
	takesAtMost(t, cmd.ProcessState, 64<<20)
}

// takesAtMost wants that neither the tool nor its child took more memory than
// that and what they may take besides. The race detector takes its own, which no
// limit counts.
func takesAtMost(t *testing.T, p *os.ProcessState, memory bytesize) {
	t.Helper()
	if raced {
		return
	}
	const late = 200 << 20 // what a child may take between two looks at it
	most := bytesize(p.SysUsage().(*syscall.Rusage).Maxrss) << 10
	if most > memory+slack+late {
		t.Errorf("found %d MiB in memory, wanted at most %d and some", most>>20, (memory+slack)>>20)
	}
}
