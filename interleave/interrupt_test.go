package interleave_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// interrupter lets the threads take turns, and interrupts the first flock that
// waits.
type interrupter struct{ interleave.RoundRobin }

func (i interrupter) Choose(m *interleave.Menu) (int, error) {
	if n, ok := waitingFlock(m); ok {
		return n, nil
	}
	return i.RoundRobin.Choose(m)
}

func waitingFlock(m *interleave.Menu) (int, bool) {
	for i, o := range m.Options {
		if o.Fault == sys.EINTR && m.Call(i).Op == sys.OpFlock && !canGoOn(m, o.Thread) {
			return i, true
		}
	}
	return 0, false
}

func canGoOn(m *interleave.Menu, thread int) bool {
	for _, o := range m.Options[:m.Threads] {
		if o.Thread == thread {
			return true
		}
	}
	return false
}

func TestAFlockCanBeInterruptedWhileItWaits(t *testing.T) {
	two := contended(t, "ktstr-block", 2)
	two.Budget = trial.Budget{Errors: 1}
	out, err := interleave.Run(two, sim.Machine{Rules: sim.RulesOf("tmpfs")}, interrupter{})
	if err != nil || out.End != interleave.Finished {
		t.Fatal(out.End, err)
	}
	var told []string
	for _, s := range out.Steps {
		told = append(told, s.String())
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "flock(3, LOCK_EX) = -1 EINTR (fault)") {
		t.Errorf("found no interrupted flock in\n%s", all)
	}
	again, err := interleave.Run(two, sim.Machine{Rules: sim.RulesOf("tmpfs")}, interleave.NewReplay(out.Steps))
	if err != nil || len(again.Steps) != len(out.Steps) {
		t.Errorf("replayed: %d of %d steps, %v", len(again.Steps), len(out.Steps), err)
	}
	var d *interleave.Divergence
	if errors.As(err, &d) {
		t.Error(d)
	}
}

// failClose makes the first close fail.
type failClose struct{ first }

func (failClose) Choose(m *interleave.Menu) (int, error) {
	for i, o := range m.Options {
		if o.Fault != 0 && m.Call(i).Op == sys.OpClose {
			return i, nil
		}
	}
	return 0, nil
}

func TestACloseThatFailsFreesTheDescriptor(t *testing.T) {
	two := contended(t, "ktstr-block", 2)
	two.Budget = trial.Budget{Errors: 1}
	out, err := interleave.Run(two, sim.Machine{Rules: sim.RulesOf("tmpfs")}, failClose{})
	if err != nil || out.End != interleave.Finished {
		t.Fatalf("found %s, %v: p0's lock went with its descriptor, so p1 must finish", out.End, err)
	}
}
