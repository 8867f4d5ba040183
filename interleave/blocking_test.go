package interleave_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A blocking flock is no step until it would be granted. Then it is one, for
// any of those who wait, whoever came first.
func TestABlockingFlockIsOneStepOnceItWouldBeGranted(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock", "p2: lock inside unlock")
	ch := inOrder("p0", "p0", "p1", "p2", "p0", "p0", "p2")
	out := played(t, tr, ch)
	if ch.menus[4] != "p0" || ch.menus[6] != "p1 p2" {
		t.Errorf("found the menus %q, wanted p0 alone while it holds the lock, and both others once it does not", ch.menus)
	}
	if last := out.Steps[6].String(); last != "p2 flock(3, LOCK_EX) = 0" {
		t.Errorf("found %s, wanted p2's flock", last)
	}
}

// upgrading takes a shared lock, waits for nobody, and makes it exclusive.
func upgrading(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	for _, mode := range []int{sys.LOCK_SH, sys.LOCK_EX} {
		if err := p.Flock(f, mode); err != nil {
			return nil, err
		}
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// A conversion that must wait gives the old lock up by asking: the asking is a
// step of its own, answered "?". So two upgrades do not wait for each other for
// ever; both succeed in turn.
func TestTwoUpgradesSucceedInTurn(t *testing.T) {
	tr := tiny(upgrading).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	same(t, told(t, tr, inOrder("p0", "p0", "p1", "p1", "p0 flock", "p1 flock", "p1 inside", "p1 close", "p0 flock", "p0 inside", "p0 close")), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_SH) = 0
		        p1 asks: lock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 flock(3, LOCK_SH) = 0
		p0 flock(3, LOCK_EX) = ?
		p1 flock(3, LOCK_EX) = 0
		        p1 is told: ok
		p1 inside() = 0
		        p1 asks: unlock
		p1 close(3) = 0
		        p1 is told: ok
		p0 flock(3, LOCK_EX) = 0
		        p0 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		p0 close(3) = 0
		        p0 is told: ok
		finished`)
}

// Of all schedules of two upgrades none is stuck, and in each an ask that was
// not granted is answered later.
func TestNoOrderOfTwoUpgradesIsStuck(t *testing.T) {
	tr := tiny(upgrading).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	asked := 0
	for b, more := interleave.NewBounded(99, 99), true; more; more = b.Next() {
		out := played(t, tr, b)
		if out.End != interleave.Finished {
			t.Fatalf("found a run that is %s", story(out))
		}
		for _, s := range out.Steps {
			if s.Ret.Wait {
				asked++
			}
		}
	}
	if asked == 0 {
		t.Error("found no ask that had to wait")
	}
}
