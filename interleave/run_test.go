package interleave_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An operation's interval is as short as can be: it is asked for right before
// its first call is carried out, though announced long before, and answered
// right after its last. Between the acquire and the release there is a step
// inside, before which others may run.
func TestAnOperationBeginsWithItsFirstCallAndEndsWithItsLast(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: trylock inside unlock", "p1: trylock inside unlock")
	same(t, told(t, tr, inOrder("p0 open", "p0 flock", "p1 open", "p1 flock", "p0 inside", "p1 close", "p0 close")), `
		        p0 asks: trylock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX|LOCK_NB) = 0
		        p0 is told: ok
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
		p0 inside() = 0
		p1 close(3) = 0
		        p1 is told: flock l: resource temporarily unavailable
		        p0 asks: unlock
		p0 close(3) = 0
		        p0 is told: ok
		finished`)
}

// An operation that makes no call takes its two positions where it stands.
func TestAnOperationWithoutACallIsInTheHistoryToo(t *testing.T) {
	same(t, told(t, tiny(free).Trial(t, "p0: lock inside unlock"), inOrder("p0")), `
		        p0 asks: lock
		        p0 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		        p0 is told: ok
		finished`)
}

// Time stands still while any thread could go on, whatever another waits for;
// then it moves to the nearest deadline, and no further.
func TestTimePassesWhenNobodyCouldGoOn(t *testing.T) {
	ch := inOrder("p0", "p1", "time", "p0", "p1", "time", "p1")
	tr := tiny(free).Trial(t, "p0: rest 10ms lock inside unlock", "p1: lock inside work 1s unlock")
	same(t, told(t, tr, inOrder("p1", "time", "p0", "p0", "time", "p1")), `
		        p1 asks: lock
		        p1 is told: ok
		p1 inside() = 0
		time +10ms
		p0 sleep(10ms) = 0
		        p0 asks: lock
		        p0 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		        p0 is told: ok
		time +990ms
		p1 sleep(1s) = 0
		        p1 asks: unlock
		        p1 is told: ok
		finished`)
	if out, err := interleave.Run(tr, memory, ch); err == nil || !strings.Contains(err.Error(), "on the menu p1") {
		t.Errorf("found %v after\n%swanted p1 alone on the first menu", err, story(out))
	}
}

// Who is to wake sooner wakes sooner, but those who are to wake at the same
// instant are in no order, nor are they before what others do then.
func TestSleepsEndInOrderAndEqualOnesInAny(t *testing.T) {
	tr := tiny(free).Trial(t, "p0: rest 2s lock inside unlock", "p1: rest 1s lock inside unlock", "p2: rest 1s lock inside unlock")
	for _, order := range [][]string{
		{"time", "p1", "p2", "p1", "p2", "time", "p0", "p0"},
		{"time", "p2", "p2", "p1", "p1", "time", "p0", "p0"},
	} {
		ch := inOrder(order...)
		out := played(t, tr, ch)
		if out.End != interleave.Finished {
			t.Errorf("%v: found %s", order, story(out))
		}
		if ch.menus[0] != "| time_+1s" || ch.menus[1] != "p1 p2" || ch.menus[5] != "| time_+1s" {
			t.Errorf("%v: found the menus %q, wanted p0 alone to wait longer", order, ch.menus)
		}
	}
}

// A sleep that begins later ends later: a deadline counts from the call before
// it, not from the step that ends it.
func TestASleepCountsFromWhereItsThreadStands(t *testing.T) {
	tr := tiny(free).Trial(t, "p0: rest 1s rest 1s lock inside unlock", "p1: rest 1500ms lock inside unlock")
	ch := inOrder("time", "p0", "time", "p1", "p1", "time", "p0", "p0")
	same(t, told(t, tr, ch), `
		time +1s
		p0 sleep(1s) = 0
		time +500ms
		p1 sleep(1.5s) = 0
		        p1 asks: lock
		        p1 is told: ok
		p1 inside() = 0
		        p1 asks: unlock
		        p1 is told: ok
		time +500ms
		p0 sleep(1s) = 0
		        p0 asks: lock
		        p0 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		        p0 is told: ok
		finished`)
}

// crossed takes two files, readers in the other order.
func crossed(p *sys.Proc, how lock.How) (lock.Release, error) {
	names := []string{"a", "b"}
	if how.Shared {
		names = []string{"b", "a"}
	}
	for _, name := range names {
		f, err := p.Open(name, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		if err := p.Flock(f, sys.LOCK_EX); err != nil {
			return nil, err
		}
	}
	return func(*sys.Proc) error { return nil }, nil
}

// busy tries again for ever, without a pause.
func busy(p *sys.Proc, _ lock.How) (lock.Release, error) {
	for {
		if _, err := p.Stat("nowhere"); err == nil {
			return nil, nil
		}
	}
}

// A run ends because all is done; because everybody waits and nothing will
// come; because it went on for too long; because its chooser said so.
func TestEndsOfARun(t *testing.T) {
	for _, c := range []struct {
		wanted interleave.End
		code   tiny
		by     interleave.Chooser
		steps  int
	}{
		{interleave.Finished, flocking, first{}, 8},
		{interleave.Stuck, crossed, interleave.RoundRobin{}, 6},
		{interleave.Cut, busy, first{}, interleave.MaxSteps},
		{interleave.Stopped, flocking, inOrder("p0", "p1", "p0"), 3},
	} {
		out := played(t, c.code.Trial(t, "p0: lock inside unlock", "p1: rlock inside unlock"), c.by)
		if out.End != c.wanted || len(out.Steps) != c.steps {
			t.Errorf("found a run that is %s after %d steps, wanted %s after %d", out.End, len(out.Steps), c.wanted, c.steps)
		}
	}
}

// In the deadlock the last menu has nothing on it; that is how it is noticed.
func TestTwoBlockingFlocksInOppositeOrderAreStuck(t *testing.T) {
	tr := tiny(crossed).Trial(t, "p0: lock inside unlock", "p1: rlock inside unlock")
	same(t, told(t, tr, inOrder("p0 open", "p0 flock", "p1 open", "p1 flock", "p0 open", "p1 open")), `
		        p0 asks: lock
		p0 open("a", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX) = 0
		        p1 asks: rlock
		p1 open("b", O_RDWR|O_CREAT, 0600) = 3<B>
		p1 flock(3, LOCK_EX) = 0
		p0 open("b", O_RDWR|O_CREAT, 0600) = 4<B>
		p1 open("a", O_RDWR|O_CREAT, 0600) = 4<A>
		stuck`)
}

// Two clients of one process are p0.a and p0.b: descriptors are numbered
// across both, and either can use the other's.
func TestClientsOfOneProcessShareDescriptors(t *testing.T) {
	// Readers open nothing: they close what the writer opened.
	meddling := func(p *sys.Proc, how lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil || !how.Shared {
			return func(p *sys.Proc) error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) }, err
		}
		_ = p.Close(f)
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
	tr := tiny(meddling).Trial(t, "p0.a: lock inside unlock", "p0.b: rlock inside unlock", "p1: lock inside unlock")
	ch := inOrder("p0.b", "p0.b", "p0.b", "p1", "p0.a", "p0.b", "p0.a", "p0.a")
	same(t, told(t, tr, ch), `
		        p0.b asks: rlock
		p0.b open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0.b close(3) = 0
		        p0.b is told: ok
		p0.b inside() = 0
		        p1 asks: lock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		        p1 is told: ok
		        p0.a asks: lock
		p0.a open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		        p0.a is told: ok
		        p0.b asks: unlock
		p0.b close(3) = 0
		        p0.b is told: ok
		p0.a inside() = 0
		        p0.a asks: unlock
		p0.a flock(3, LOCK_EX|LOCK_NB) = -1 EBADF
		        p0.a is told: flock l: bad file descriptor
		stopped`)
}

// What the lock code decides from a clock it decides from virtual time: the
// call is stamped when it is made, not when it is announced.
func TestClocksAreReadWhenTheCallIsMade(t *testing.T) {
	timed := func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		deadline := p.Deadline(10 * time.Millisecond)
		early := p.Expired(deadline)
		p.Sleep(10 * time.Millisecond)
		late := p.Expired(deadline)
		if early || !late {
			return nil, sys.EINVAL
		}
		return free(p, lock.How{})
	}
	tr := tiny(timed).Trial(t, "p0: lock inside unlock", "p1: rest 5ms lock inside unlock")
	same(t, told(t, tr, inOrder("p0", "p0", "time", "p1", "p1", "p1", "time", "p0", "p0", "p0")), `
		        p0 asks: lock
		p0 deadline(10ms) = @10ms
		p0 expired(@10ms) = no
		time +5ms
		p1 sleep(5ms) = 0
		        p1 asks: lock
		p1 deadline(10ms) = @15ms
		p1 expired(@15ms) = no
		time +5ms
		p0 sleep(10ms) = 0
		p0 expired(@10ms) = yes
		        p0 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		        p0 is told: ok
		stopped`)
}

// What a chooser returns other than ErrStop fails the run, which tells what had
// happened until then.
func TestAChoosersErrorFailsTheRun(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock")
	out, err := interleave.Run(tr, memory, inOrder("p0", "p1"))
	if err == nil || len(out.Steps) != 1 {
		t.Errorf("found %v after %d steps, wanted the chooser's error after 1", err, len(out.Steps))
	}
}
