package trial_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestStepsReadLikeStrace(t *testing.T) {
	for text, wanted := range map[string]trial.Step{
		`p0 close(3) = 0`: {Thread: "p0", Call: sys.Call{Op: sys.OpClose, FD: 3}},
		`p1.a.hb write(3, "x) = 0 \") = ") = 14`: {Thread: "p1.a.hb",
			Call: sys.Call{Op: sys.OpWrite, FD: 3, Data: `x) = 0 ") = `}, Ret: sys.Ret{N: 14}},
		`p0 read(3) = ") = "`:           {Thread: "p0", Call: sys.Call{Op: sys.OpRead, FD: 3}, Ret: sys.Ret{Data: ") = "}},
		`p0 flock(3, LOCK_EX) = ?`:      {Thread: "p0", Call: sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_EX}, Ret: sys.Ret{Wait: true}},
		`p0 fsync(3) = -1 EIO (fault)`:  {Thread: "p0", Call: sys.Call{Op: sys.OpFsync, FD: 3}, Ret: sys.Ret{Err: sys.EIO, Fault: true}},
		`p0 open(".", O_RDONLY) = 3<?>`: {Thread: "p0", Call: sys.Call{Op: sys.OpOpen, Path: "."}, Ret: sys.Ret{N: 3}},
		`p0 kill(p1) = -1 ESRCH`:        {Thread: "p0", Call: sys.Call{Op: sys.OpKill, N: 1}, Ret: sys.Fail(sys.ESRCH)},
		`p0 fork("child") = p2`:         {Thread: "p0", Call: sys.Call{Op: sys.OpFork, Path: "child"}, Ret: sys.Ret{N: 2}},
		`p0.child2 exec() = 0`:          {Thread: "p0.child2", Call: sys.Call{Op: sys.OpExec}},
		`time +90s`:                     {Env: trial.Time, Dur: 90 * time.Second},
		`wall +30s`:                     {Env: trial.Wall, Dur: 30 * time.Second},
		`jump +1.5s`:                    {Env: trial.Jump, Dur: 1500 * time.Millisecond},
		`kill p0`:                       {Env: trial.Kill},
		`pause p12`:                     {Env: trial.Pause, Proc: 12},
		`resume p12`:                    {Env: trial.Resume, Proc: 12},
		`unlink l (outside)`:            {Env: trial.Unlinked},
	} {
		if found, err := trial.ParseStep(text); err != nil || found != wanted {
			t.Errorf("%s: found %+v, %v, wanted %+v", text, found, err, wanted)
		}
		if found := wanted.String(); found != text {
			t.Errorf("found %s, wanted %s", found, text)
		}
	}
}

func TestStepErrorsSayWhatWasFoundAndWanted(t *testing.T) {
	for text, wanted := range map[string]string{
		"":                       `found " ", wanted a step such as: p0 close(3) = 0`,
		"p0":                     `found "p0 ", wanted a step such as: p0 close(3) = 0`,
		"p0 close(3)":            `found "p0 close(3)", wanted a step such as: p0 close(3) = 0`,
		"p0 close(3)= 0":         `found "p0 close(3)= 0", wanted a step such as: p0 close(3) = 0`,
		"p0 close(x) = 0":        `close: argument 1: found "x", wanted a descriptor`,
		"p0 close(3) = 1":        `close = 1: wanted 0 or an error`,
		`p0 write(3, "x) = 1`:    `found "p0 write(3, \"x) = 1", wanted a step such as: p0 close(3) = 0`,
		"time":                   `found "", wanted a duration such as +30s`,
		"time +0s":               `found "+0s", wanted a duration such as +30s`,
		"jump +1m":               `found "jump +1m", wanted it written "jump +60s"`,
		"kill":                   `found "", wanted a process such as p0`,
		"kill p1 ":               `found "kill p1 ", wanted it written "kill p1"`,
		"kill p-1":               `found "p-1", wanted a process such as p0`,
		"unlink l":               `found "unlink l", wanted it written "unlink l (outside)"`,
		"p0 time(3) = 0":         `found call "time", wanted one of open, close, read, write, ftruncate, fstat, stat, lstat, unlink, renameat2, link, symlink, readlink, mkdir, rmdir, fsync, fchmod, flock, fcntl, dup, fork, exec, exit, daemon, getpid, alive, statfs, utimes, flock_held, load, store, deadline, expired, older, same, sleep, go, join, cancel, cancelled, mutex_lock, mutex_unlock, swap, put, get, gettid, inside, interrupt, kill`,
		"p0 open(\"l\", 0) = 3<": `open: argument 2: found flag "0", wanted one of O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC`,
	} {
		if _, err := trial.ParseStep(text); err == nil || err.Error() != wanted {
			t.Errorf("%q: found error %v, wanted %s", text, err, wanted)
		}
	}
}

func TestThreadsBelongToTheirClient(t *testing.T) {
	work := trial.Workload{{Verb: trial.Rest, Dur: 1}}
	tr := &trial.Trial{Clients: trial.Place([]trial.Workload{work, work, work}, 2)}
	if names := tr.Names(); !slices.Equal(names, []string{"p0.a", "p0.b", "p1"}) || tr.Procs() != 2 || tr.Shared() {
		t.Fatalf("found clients %v in %d processes, shared %v", names, tr.Procs(), tr.Shared())
	}
	for thread, wanted := range map[string]int{
		"p0.a": 0, "p0.b": 1, "p1": 2, "p0.b.hb": 1, "p1.hb": 2, "p1.a": 2,
		"p0": -1, "p0.c": -1, "p10": -1, "p2": -1, "": -1, "p0.ab": -1,
	} {
		if found := tr.ClientOf(thread); found != wanted {
			t.Errorf("%s: found client %d, wanted %d", thread, found, wanted)
		}
	}
	if alone := (&trial.Trial{Clients: trial.Place([]trial.Workload{work, work}, 2)}); !alone.Shared() || alone.Setup().Procs != 1 {
		t.Error("wanted two clients in one process")
	}
	if apart := (&trial.Trial{Clients: trial.Place([]trial.Workload{work, work}, 0)}); apart.Shared() || apart.Procs() != 2 {
		t.Error("wanted a process for each client")
	}
}
