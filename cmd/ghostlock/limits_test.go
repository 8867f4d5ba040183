//go:build linux

package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// Whatever lock code does, exploring it ends within the time and the memory that
// were given, and says how far it came.
func TestLockCodeThatIsNotFitIsNoHarm(t *testing.T) {
	if raced {
		t.Skip("SKIPPED: with the race detector the planted locks take longer than their limits")
	}
	for _, test := range []struct {
		args   string
		status int
		says   string
	}{
		{"endless", 3, "the time was used up (--for), the last of it in lock code that makes no call and does not end\n"},
		{"hungry --for 6s", 3, "the memory was used up (--memory 128MiB)"},
		{"opening --start none --clients 2", 3, "covered: 2 clients, 2 acquires each, start none: "},
		{"opening --start idle --clients 2", 3, "covered: 2 clients, 2 acquires each, start idle: "},
		{"polling --start leftover --clients 2", 3, ": every schedule of at most "},
		{"recursive", 2, "recursive: the process that explores ended: exit status 2: runtime: goroutine stack exceeds"},
		{"fickle", 2, "fickle: at its start: lock code is not deterministic: given the same answers it went on with open("},
		{"panicking", 2, `panicking: after open("l", O_RDWR|O_CREAT, 0600): lock code panicked: out of luck`},
		{"late-crash", 2, "lock code panicked: there is a file"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			b := newPlantedBench(t)
			cmd := b.command(strings.Fields("explore --kernel sim --for 2s --memory 128MiB " + test.args)...)
			begin := time.Now()
			o := b.finish(cmd)
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("it took %s, wanted 2 s and some", took)
			}
			takesAtMost(t, cmd.ProcessState, 128<<20)
			if test.status == exitFailed {
				refused(t, o, test.says)
			} else if o.status != test.status || o.stderr != "" || !strings.Contains(o.stdout, test.says) {
				t.Errorf("exit status %d, wanted %d; found no %q in:\n%s%s", o.status, test.status, test.says, o.stdout, o.stderr)
			}
		})
	}
}

func TestListShowsNoPlantedLock(t *testing.T) {
	b := newPlantedBench(t)
	if o := b.ends(0, "list"); strings.Contains(o.stdout, "endless") {
		t.Errorf("found a planted lock in:\n%s", o.stdout)
	}
}

// taskOf returns a task over one trial of the lock.
func taskOf(t *testing.T, name string) *task {
	t.Helper()
	e, err := findPlanted(name)
	if err != nil {
		t.Fatal(err)
	}
	return &task{
		Lock: name, Config: e.Defaults, Property: "exclusion", Profile: "tmpfs",
		Plans:  []plan{{Clients: clientsOf(t, scene.Shape{Clients: 2, Acquires: 1}), Start: "none"}},
		limits: limits{Switches: -1, Memory: 256 << 20, Workers: 1},
	}
}

// clientsOf returns the shape's clients, of a lock that brings none of its own.
func clientsOf(t *testing.T, s scene.Shape) []trial.Client {
	t.Helper()
	clients, err := scene.Scene{Property: model.ExclusionName}.Clients(s)
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// A child that says nothing for long is killed, and the next task has another.
func TestSilenceEndsTheChildAndNotTheExplorer(t *testing.T) {
	x := newExplorer()
	x.silence = 300 * time.Millisecond
	defer x.close()
	told := covered{}
	_, err := x.ask(context.Background(), taskOf(t, "endless"), func(c covered) { told = c })
	var killed *stopped
	if !errors.As(err, &killed) || killed.why != "for 300ms its code has made no call, and did not end" || !told.Begun {
		t.Errorf("found %v after %+v, wanted that the child was stopped for its silence", err, told)
	}
	x.silence = time.Minute
	for range 2 {
		first := x.child
		a, err := x.ask(context.Background(), taskOf(t, "ktstr-try"), func(covered) {})
		if err != nil || a.Verdict != "holds" || a.Interleavings != "602" {
			t.Errorf("found %+v, %v, wanted that it holds in 602 interleavings", a, err)
		}
		if first != nil && x.child != first {
			t.Error("found another child for the second task, wanted the same")
		}
	}
}

// What is learned of a lock's code for one task serves the next.
func TestAChildRemembersTheCode(t *testing.T) {
	x := newExplorer()
	defer x.close()
	var runs []int
	for _, property := range []string{"exclusion", "honesty"} {
		one := taskOf(t, "posixage-v2")
		one.Property = property
		a, err := x.ask(context.Background(), one, func(covered) {})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, a.Runs)
	}
	if runs[0] == 0 || runs[0] != runs[1] {
		t.Errorf("found %v runs of the lock's code, wanted none more for the second property", runs)
	}
}

func TestSizesAreRead(t *testing.T) {
	for text, wanted := range map[string]bytesize{"512MiB": 512 << 20, "4GiB": 4 << 30, "1G": 1 << 30, "3K": 3 << 10, "77": 77} {
		var found bytesize
		if err := found.Set(text); err != nil || found != wanted {
			t.Errorf("%s: found %d, %v, wanted %d", text, found, err, wanted)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5GiB", "4TiB", "99999999999G"} {
		if err := new(bytesize).Set(text); err == nil {
			t.Errorf("%q: found no error", text)
		}
	}
	four := bytesize(4 << 30)
	if four.String() != "4GiB" {
		t.Errorf("found %s, wanted 4GiB", &four)
	}
}

func TestOneFlagOfTheShapeMakesOneShape(t *testing.T) {
	for _, test := range []struct {
		flags  bounds
		wanted string
	}{
		{bounds{}, "2 clients, 2 acquires each; 3 clients, 1 acquire each; 3 clients (2 of them threads of one process), 1 acquire each"},
		{bounds{clients: 4}, "4 clients, 1 acquire each"},
		{bounds{clients: 2}, "2 clients, 2 acquires each"},
		{bounds{acquires: 3}, "2 clients, 3 acquires each"},
		{bounds{threads: 2}, "3 clients (2 of them threads of one process), 1 acquire each"},
		{bounds{clients: 2, threads: 2, acquires: 1}, "2 clients (2 of them threads of one process), 1 acquire each"},
	} {
		var found []string
		for _, s := range test.flags.shapes() {
			found = append(found, s.String())
		}
		if text := strings.Join(found, "; "); text != test.wanted {
			t.Errorf("%+v: found %s, wanted %s", test.flags, text, test.wanted)
		}
	}
}

// The plans of a lock that claims nothing of its own are valid trials.
func TestEveryPlanIsAValidTrial(t *testing.T) {
	plans, err := (&bounds{work: 31 * time.Second, budget: trial.Budget{Kills: 1}}).plans(lock.All()[0], model.Properties()[0])
	if err != nil || len(plans) != 18 {
		t.Fatalf("found %d plans, %v, wanted 18: each shape also with clients that come late", len(plans), err)
	}
	for _, p := range plans {
		tr := trial.Trial{Lock: lock.All()[0], Clients: p.Clients, Budget: p.Budget}
		if err := tr.Validate(); err != nil {
			t.Errorf("%s from %s: %v", p.Shape, p.Start, err)
		}
	}
}
