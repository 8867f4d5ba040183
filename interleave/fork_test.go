package interleave_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// onBoth plays the picks in memory and with real processes, which must tell the
// same.
func onBoth(t *testing.T, tr *trial.Trial, wanted string, next ...string) {
	t.Helper()
	same(t, told(t, tr, inOrder(next...)), wanted)
	w, err := linux.OpenWorkers("")
	if err != nil {
		t.Skipf("SKIPPED with real processes: %v", err)
	}
	defer w.Close()
	m := twin.Machine{Real: w}
	out, err := interleave.Run(tr, m, inOrder(next...))
	if err != nil {
		t.Fatal(err)
	}
	same(t, story(out), wanted)
}

// closing releases by a close alone.
func closing(flags int) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT|flags, 0o600)
		if err != nil {
			return nil, err
		}
		if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err != nil {
			_ = p.Close(f)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
}

// A child that lives on has the lock as long as it lives.
func TestAChildKeepsWhatTheReleaseOnlyCloses(t *testing.T) {
	tr := closing(0).Trial(t, "p0: trylock fork unlock", "p1: trylock inside unlock")
	onBoth(t, tr, `
		        p0 asks: trylock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX|LOCK_NB) = 0
		        p0 is told: ok
		p0 fork("child") = p2
		        p0 asks: unlock
		p0 close(3) = 0
		        p0 is told: ok
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
		p1 close(3) = 0
		        p1 is told: busy
		finished`, "p0", "p0", "p0 fork", "p0 close", "p1", "p1", "p1")
}

// With O_CLOEXEC it is another program's no more. Between fork and exec it is.
func TestAProgramHasNotWhatExecCloses(t *testing.T) {
	tr := closing(sys.O_CLOEXEC).Trial(t, "p0: trylock spawn unlock", "p1: trylock inside unlock trylock inside unlock")
	onBoth(t, tr, `
		        p0 asks: trylock
		p0 open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<A>
		p0 flock(3, LOCK_EX|LOCK_NB) = 0
		        p0 is told: ok
		p0 fork("child") = p2
		        p0 asks: unlock
		p0 close(3) = 0
		        p0 is told: ok
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<A>
		p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
		p0.child exec() = 0
		p1 close(3) = 0
		        p1 is told: busy
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<A>
		p1 flock(3, LOCK_EX|LOCK_NB) = 0
		        p1 is told: ok
		stopped`, "p0", "p0", "p0 fork", "p0 close", "p1", "p1", "p0.child exec", "p1", "p1", "p1")
}

// unlocking releases by LOCK_UN, which ends the lock of all that share it.
func unlocking(p *sys.Proc, how lock.How) (lock.Release, error) {
	release, err := closing(0)(p, how)
	if err != nil {
		return nil, err
	}
	f, err := p.Open("other", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error {
		_ = p.Close(f)
		return release(p)
	}, nil
}

// A child that releases its copy and ends closes descriptors of its own.
func TestAChildReleasesItsCopy(t *testing.T) {
	tr := tiny(unlocking).Trial(t, "p0: trylock forkunlock forkunlock unlock", "p1: rest 1s")
	onBoth(t, tr, `
		        p0 asks: trylock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX|LOCK_NB) = 0
		p0 open("other", O_RDWR|O_CREAT, 0600) = 4<B>
		        p0 is told: ok
		p0 fork("child") = p2
		p0.child close(4) = 0
		p0 fork("child") = p3
		p0.child2 close(4) = 0
		p0.child close(3) = 0
		p0.child exit() = 0
		        p0 asks: unlock
		p0 close(4) = 0
		p0 close(3) = 0
		        p0 is told: ok
		p0.child2 close(3) = 0
		p0.child2 exit() = 0
		time +1s
		p1 sleep(1s) = 0
		finished`, "p0", "p0", "p0", "p0 fork", "p0.child close", "p0 fork", "p0.child2", "p0.child", "p0.child exit",
		"p0", "p0", "p0.child2", "p0.child2", "time", "p1")
}

// A kill of the parent leaves its child, and a kill of the child the parent.
func TestParentsAndChildrenDieAlone(t *testing.T) {
	tr := closing(0).Trial(t, "p0: trylock spawn unlock", "p1: trylock inside unlock")
	tr.Budget.Kills = 2
	onBoth(t, tr, `
		        p0 asks: trylock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 flock(3, LOCK_EX|LOCK_NB) = 0
		        p0 is told: ok
		p0 fork("child") = p2
		kill p0
		        p0 is no more
		        p1 asks: trylock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		kill p2
		p1 flock(3, LOCK_EX|LOCK_NB) = 0
		        p1 is told: ok
		stopped`, "p0", "p0", "p0 fork", "kill p0", "p1", "kill p2", "p1")
}

// recorded takes a record lock of the process, and has a heartbeat.
func recorded(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.FcntlFlock(f, sys.F_SETLK, &sys.Record{Type: sys.F_WRLCK}); err != nil {
		_ = p.Close(f)
		return nil, lock.ErrBusy
	}
	hb := p.Go("hb", func(p *sys.Proc) { p.Cancelled(time.Second) })
	return func(p *sys.Proc) error {
		p.Cancel(hb)
		p.Join(hb)
		return p.Close(f)
	}, nil
}

// A daemon has neither the record locks nor the threads of the process that it
// came from.
func TestADaemonLosesRecordLocksAndThreads(t *testing.T) {
	tr := tiny(recorded).Trial(t, "p0: lock daemon inside unlock", "p1: lock inside unlock")
	onBoth(t, tr, `
		        p0 asks: lock
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0
		p0 go("hb") = #1
		        p0 is told: ok
		        p1 asks: lock
		p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p0 daemon() = 0
		p1 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0
		p1 go("hb") = #1
		        p1 is told: ok
		p0 inside() = 0
		        p0 asks: unlock
		p0 cancel(#1) = 0
		p0 join(#1) = 0
		p0 close(3) = 0
		        p0 is told: ok
		stopped`, "p0", "p0", "p0", "p1", "p0 daemon", "p1", "p1", "p0 inside", "p0 cancel", "p0 join", "p0 close")
}

func TestTracesOfForksAreRefused(t *testing.T) {
	tr := closing(0).Trial(t, "p0: lock fork unlock")
	_, err := interleave.Run(tr, memory, interleave.NewDPOR(memory, longest))
	if err == nil || !strings.Contains(err.Error(), "found a workload that forks") {
		t.Errorf("found error %v", err)
	}
}
