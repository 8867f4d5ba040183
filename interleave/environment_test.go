package interleave_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A kill drops what the process had locked, and ends its client wherever it
// is: here inside, with no release to come. Others go on.
func TestAKillDropsLocksAndEndsTheClient(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	tr.Budget.Kills = 1
	ch := inOrder("p0", "p0", "p1", "kill p0", "p1", "p1", "p1")
	same(t, told(t, tr, ch), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX) = 0
		        p0 is told: ok
		        p1 asks: lock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		kill p0
		        p0 is no more
		p1 flock(3, LOCK_EX) = 0
		        p1 is told: ok
		p1 inside() = 0
		        p1 asks: unlock
		p1 close(3) = 0
		        p1 is told: ok
		finished`)
	if wanted := "p0 | kill_p0 kill_p1"; ch.menus[3] != wanted {
		t.Errorf("found the menu %q before the kill, wanted %q", ch.menus[3], wanted)
	}
	if wanted := "p1"; ch.menus[4] != wanted {
		t.Errorf("found the menu %q behind it, wanted %q as no kill is left", ch.menus[4], wanted)
	}
}

// Whoever was killed before its first call has asked for nothing.
func TestAKillBeforeTheFirstCallLeavesNoOperation(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock")
	tr.Budget.Kills = 1
	same(t, told(t, tr, inOrder("kill p0")), `
		kill p0
		        p0 is no more
		finished`)
}

// A kill is of one process: all of its clients and threads, and no other.
func TestAKillIsOfAllThreadsOfOneProcess(t *testing.T) {
	tr := tiny(beating).Trial(t, "p0.a: lock inside unlock", "p0.b: lock inside unlock", "p1: lock inside unlock")
	tr.Budget.Kills = 1
	ch := inOrder("p0.a", "p0.b", "p1", "kill p0", "p1", "p1 cancel", "p1.hb")
	out := played(t, tr, ch)
	if ch.menus[3] != "p1 p0.a p0.b | kill_p0 kill_p1" || ch.menus[4] != "p1" || ch.menus[6] != "p1.hb" {
		t.Errorf("found the menus %q, wanted all threads of p0 to be gone, and p1.hb to live", ch.menus)
	}
	var ended []string
	for _, e := range out.History {
		if e.F == history.Kill {
			ended = append(ended, e.Process)
		}
	}
	if wanted := []string{"p0.a", "p0.b"}; !slices.Equal(ended, wanted) {
		t.Errorf("found %v killed, wanted %v", ended, wanted)
	}
}

// A killed process executes nothing more. Its code is unwound, for there is no
// other way to be rid of a coroutine, but nothing it does then is seen: calls
// in deferred functions are not made, panics in them and recovering from the
// unwinding change nothing, and what the operation returns is told to nobody.
func TestUnwoundCodeIsNotHeard(t *testing.T) {
	unwound := 0
	for name, code := range map[string]tiny{
		"calls": func(p *sys.Proc, how lock.How) (lock.Release, error) {
			defer func() {
				unwound++
				_ = p.Unlink(trial.Path)
			}()
			return flocking(p, how)
		},
		"panics": func(p *sys.Proc, how lock.How) (release lock.Release, _ error) {
			defer func() {
				unwound++
				_ = release(p) // nil
			}()
			release, err := flocking(p, how)
			return release, err
		},
		"recovers": func(p *sys.Proc, how lock.How) (_ lock.Release, err error) {
			defer func() {
				unwound++
				if v := recover(); v != nil {
					err = errors.New("recovered")
				}
			}()
			return flocking(p, how)
		},
		"recovers again and again": func(p *sys.Proc, how lock.How) (release lock.Release, err error) {
			defer func() { _ = recover() }()
			defer func() {
				unwound++
				_ = recover()
				_ = p.Unlink(trial.Path)
			}()
			return flocking(p, how)
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := code.Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
			tr.Budget.Kills = 1
			unwound = 0
			same(t, told(t, tr, inOrder("p0", "kill p0")), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		kill p0
		        p0 is no more
		stopped`)
			if unwound != 2 {
				t.Errorf("found %d of 2 threads unwound, wanted both: one killed, one stopped with the run", unwound)
			}

			// Nor does it disturb the next run of the same Runner.
			var kept interleave.Runner
			defer kept.Close()
			if _, err := kept.Run(tr, memory, inOrder("p0", "kill p0")); err != nil {
				t.Fatal(err)
			}
			good := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
			out, err := kept.Run(good, memory, first{})
			if err != nil {
				t.Fatal(err)
			}
			same(t, story(out), told(t, good, first{}))
		})
	}
}

// Who is paused takes no step, and no deadline of its own makes time pass. It
// goes on when it is resumed, which costs no budget.
func TestAPausedProcessTakesNoStep(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: rest 1s lock inside unlock", "p1: rest 2s lock inside unlock")
	tr.Budget.Pauses = 1
	ch := inOrder("pause p0", "time", "p1", "p1", "p1", "p1", "p1", "resume p0", "p0", "p0")
	played(t, tr, ch)
	wanted := []string{
		"| time_+1s pause_p0 pause_p1",
		"| time_+2s resume_p0", // p0's deadline is nearer, but does not count
		"p1 | resume_p0", "p1 | resume_p0", "p1 | resume_p0", "p1 | resume_p0", "p1 | resume_p0",
		"| resume_p0",
		"p0", "p0", "p0", // its sleep was over long ago
	}
	if !slices.Equal(ch.menus, wanted) {
		t.Errorf("found the menus\n%q, wanted\n%q", ch.menus, wanted)
	}
}

// The dead are not resumed.
func TestAPausedProcessCanBeKilled(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	tr.Budget = trial.Budget{Kills: 1, Pauses: 1}
	ch := inOrder("pause p0", "kill p0", "p1")
	played(t, tr, ch)
	if wanted := []string{"p1 | resume_p0 kill_p0 kill_p1", "p1", "p1"}; !slices.Equal(ch.menus[1:], wanted) {
		t.Errorf("found the menus %q, wanted %q", ch.menus[1:], wanted)
	}
}

// A jump moves the clocks although somebody could go on: to the next deadline,
// or past the age at which the lock calls a file old.
func TestAJumpLeadsToTheNextDeadlineOrPastAnAge(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock work 5s unlock", "p1: rest 1s lock inside unlock")
	tr.Config.Stale = 30 * time.Second
	tr.Budget.Jumps = 2
	ch := inOrder("p0", "jump +1s", "jump +30s", "p1")
	played(t, tr, ch)
	wanted := []string{"p0 | jump_+1s jump_+30s", "p0 | jump_+1s jump_+30s", "p0 p1 | jump_+30s", "p0 p1", "p1 p0"}
	if !slices.Equal(ch.menus, wanted) {
		t.Errorf("found the menus\n%q, wanted\n%q", ch.menus, wanted)
	}
}

// The wall clock alone jumps past the age at which the lock calls a file old, as
// it does while the machine is suspended: waits are over when they would have been.
func TestTheWallClockAloneJumpsPastAnAge(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock work 5s unlock", "p1: rest 1s lock inside unlock")
	tr.Config.Stale = 30 * time.Second
	tr.Budget.Walls = 1
	ch := inOrder("p0", "wall +30s", "p0", "time +1s", "p1")
	same(t, told(t, tr, ch), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		wall +30s
		p0 flock(3, LOCK_EX) = 0
		        p0 is told: ok
		time +1s
		p1 sleep(1s) = 0
		stopped`)
	if wanted := "p0 | wall_+30s"; ch.menus[0] != wanted {
		t.Errorf("found the menu %q, wanted %q", ch.menus[0], wanted)
	}
	tr.Config.Stale = 0
	ch = inOrder("p0")
	played(t, tr, ch)
	if wanted := "p0"; ch.menus[0] != wanted {
		t.Errorf("found the menu %q of a lock that calls no file old, wanted %q", ch.menus[0], wanted)
	}
}

// A fault is an error number for the code and nothing for the kernel: the file
// is not made, the lock not taken.
func TestAFaultIsDeliveredAndTheKernelUntouched(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock lock inside unlock", "p1: trylock inside unlock")
	tr.Budget.Errors = 2
	ch := inOrder("p0 open !EACCES", "p0 open", "p0 flock !EINTR", "p0 close", "p1", "p1")
	same(t, told(t, tr, ch), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = -1 EACCES (fault)
		        p0 is told: open l: permission denied
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX) = -1 EINTR (fault)
		p0 close(3) = 0
		        p0 is told: flock l: interrupted system call
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 flock(3, LOCK_EX|LOCK_NB) = 0
		        p1 is told: ok
		stopped`)
	if wanted := "p0 p1 | p0!EACCES p0!EMFILE p0!ENOSPC p0!EROFS p1!EACCES p1!EMFILE p1!ENOSPC p1!EROFS"; ch.menus[0] != wanted {
		t.Errorf("found the menu %q, wanted %q", ch.menus[0], wanted)
	}
	if wanted := "p1"; ch.menus[4] != wanted {
		t.Errorf("found the menu %q, wanted %q as no fault is left", ch.menus[4], wanted)
	}
}

// Somebody outside can remove the lock file where there is one, and whoever
// has it open keeps what it has.
func TestAnOutsideUnlinkTakesTheName(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	tr.Budget.Unlinks = 2
	ch := inOrder("p0", "p0", "unlink l", "p1", "p1", "p0", "p1")
	same(t, told(t, tr, ch), `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX) = 0
		        p0 is told: ok
		unlink l (outside)
		        p1 asks: lock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<B>
		p1 flock(3, LOCK_EX) = 0
		        p1 is told: ok
		p0 inside() = 0
		p1 inside() = 0
		stopped`)
	if ch.menus[0] != "p0 p1" || ch.menus[2] != "p0 p1 | unlink_l_(outside)" || ch.menus[3] != "p0 p1" {
		t.Errorf("found the menus %q, wanted the unlink where there is a file, and nowhere else", ch.menus[:4])
	}
}

// Where the budget is empty there is no fault in any schedule, and no time
// passes for a lock that waits for none.
func TestWithoutABudgetTheEnvironmentIsCalm(t *testing.T) {
	tr := tiny(flocking).Trial(t, "p0: lock inside unlock", "p1: lock inside unlock")
	for b, more := interleave.NewBounded(99, 99), true; more; more = b.Next() {
		for _, s := range played(t, tr, b).Steps {
			if s.Env != trial.None || s.Ret.Fault {
				t.Fatalf("found %s, wanted steps of threads alone", s)
			}
		}
	}
}
