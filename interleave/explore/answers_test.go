package explore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// An answered lock is one written down with what is to be found out about it.
type answered struct {
	name     string
	lock     program.Tiny
	clients  []string
	property string
	want     model.Verdict
	set      func(*trial.Trial) // what else belongs to the trial
}

const once = "p0: lock inside unlock"

// Properties of what happens next have no judge of single runs to be compared
// with, so these are locks that one knows. Who violates one shows it in a run,
// in memory and on Linux.
func TestLocksThatOneKnowsHaveTheirAnswers(t *testing.T) {
	machine, err := linux.OpenWorkers(t.TempDir())
	if err != nil {
		t.Logf("nothing is made on Linux: %v", err)
	} else {
		defer machine.Close()
	}
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			tr := a.lock.Trial(t, a.clients...)
			tr.Lock.Waits = true
			if a.set != nil {
				a.set(tr)
			}
			if found := explores(t, tr, a.property); found != a.want {
				t.Fatalf("found %s, wanted %s", found, a.want)
			}
			var on []sys.Machine
			if err == nil {
				on = append(on, twin.Machine{Real: machine})
			}
			if a.want == model.Undecided {
				return
			}
			if f := smallest(t, tr, a.property, on...); (f != nil) != (a.want == model.Violated) {
				t.Errorf("found the smallest %+v, wanted %s", f, a.want)
			}
		})
	}
}

// A child that could go on is stopped while a phantom's probe asks.
func TestAChildIsStoppedBesideAProbe(t *testing.T) {
	tr := flocked(sys.LOCK_NB).Trial(t, "p0: lock spawn inside unlock", "p1: trylock inside unlock")
	f := smallest(t, tr, model.PhantomName)
	if f == nil || !slices.ContainsFunc(f.Steps, func(s trial.Step) bool { return s.Env == trial.Pause && s.Proc == 2 }) {
		t.Errorf("found %+v, wanted a case in which p2 is stopped", f)
	}
}

var answers = []answered{
	{"a file that the dead leave", excl(nil), []string{once, "p1: trylock inside unlock"}, model.RecoveryName, model.Violated, nil},
	{"a file that the dead leave, and a probe that polls for ever", excl(nil), []string{once, "p1: lock inside unlock lock inside unlock"}, model.RecoveryName, model.Violated, nil},
	{"the same workload as the probe's", excl(nil), []string{once, "p1: lock inside unlock"}, model.RecoveryName, model.Violated, nil},
	{"a stale file is removed", excl(removesStale), []string{once, "p1: lock inside unlock", "p2: lock inside unlock"}, model.RecoveryName, model.Holds, stale},
	{"with a threshold of its own", excl(removesStale), []string{once, "p1: lock inside unlock"}, model.RecoveryName, model.Holds, nil},
	{"at the second attempt", excl(func(p *sys.Proc) bool { removesStale(p); return false }), []string{once, "p1: trylock inside unlock"}, model.RecoveryName, model.Holds, stale},
	{"where times are compared", excl(removesUnchanged), []string{once, "p1: lock inside unlock"}, model.RecoveryName, model.Holds, stale},
	{"a mark that the dead leave between two calls", marked, []string{once, "p1: lock inside unlock"}, model.RecoveryName, model.Violated, nil},
	{"a flock that dies with its holder", flocked(sys.LOCK_NB), []string{once, "p1: lock inside unlock"}, model.RecoveryName, model.Holds, nil},
	{"a file that a killed client left before the start", excl(nil), []string{"p0: lock inside unlock"}, model.RecoveryName, model.Violated, left},

	{"a release in two steps", twoFiles(true), []string{once, "p1: trylock inside unlock"}, model.PhantomName, model.Holds, nil},
	{"a release of one step too few", twoFiles(false), []string{once, "p1: trylock inside unlock"}, model.PhantomName, model.Violated, nil},
	{"a child that keeps the flock", flocked(sys.LOCK_NB), []string{"p0: lock spawn inside unlock", "p1: trylock inside unlock"}, model.PhantomName, model.Violated, nil},
	{"a child that does not", flocked(sys.LOCK_NB | closeOnExec), []string{"p0: lock inside unlock", "p1: trylock inside unlock"}, model.PhantomName, model.Holds, nil},
	{"a client that was killed inside, after a release", excl(nil), []string{once, once1, "p2: trylock inside unlock"}, model.PhantomName, model.Holds, kill},
	{"a client that was killed before it was told that it has the lock", made, []string{once + " trylock", once1, "p2: trylock inside unlock"}, model.PhantomName, model.Holds, kill},
	{"who is refused keeps what it took", leaking, []string{once, once1, "p2: trylock inside unlock"}, model.PhantomName, model.Violated, nil},
	{"a thread that takes it again when all is over", haunted, []string{once, "p1: trylock inside unlock"}, model.PhantomName, model.Violated, nil},

	{"a time-out that is kept", polling(time.Second, 2*time.Second), []string{"p0: lock work 9s unlock", once1}, model.PatienceName, model.Holds, bounded},
	{"a time-out that is passed by a poll too many", polling(5*time.Second, 2*time.Second), []string{"p0: lock work 9s unlock", once1}, model.PatienceName, model.Violated, bounded},
	{"a wait of the whole time in three pieces", sleeping(time.Second, time.Second, time.Second), []string{once}, model.PatienceName, model.Holds, bounded},
	{"a wait of a little more", sleeping(time.Second, time.Second, time.Second, time.Millisecond), []string{once}, model.PatienceName, model.Violated, bounded},
	{"a clock that jumps past the time", made, []string{once}, model.PatienceName, model.Violated, func(t *trial.Trial) {
		bounded(t)
		t.Config.Stale, t.Budget.Jumps = 9*time.Second, 1
	}},
	{"a try that sleeps", func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		_, _ = p.Stat(trial.Path)
		p.Sleep(time.Second)
		return nil, lock.ErrBusy
	}, []string{"p0: trylock inside unlock"}, model.PatienceName, model.Violated, nil},
	{"a try that waits in the kernel", flocked(0), []string{"p0: lock inside unlock", "p1: trylock inside unlock"}, model.PatienceName, model.Violated, nil},
	{"a lock that waits in the kernel", flocked(0), []string{"p0: lock inside unlock", once1}, model.PatienceName, model.Holds, nil},
	{"a try that waits for who never leaves", flocked(0), []string{"p0: lock inside", "p1: trylock inside unlock"}, model.PatienceName, model.Violated, nil},
	{"a permanent error within a bound", retrying(opensNowhere), []string{once}, model.PatienceName, model.Violated, bounded},
	{"a permanent error without bound", retrying(opensNowhere), []string{once}, model.PatienceName, model.Violated, nil},
	{"a permanent error beside a file that is made each time", retrying(linksNowhere), []string{once}, model.PatienceName, model.Violated, nil},
	{"a poll for who has it", excl(nil), []string{once, once1}, model.PatienceName, model.Holds, nil},
	{"a poll in a process where another client has it", excl(nil), []string{"p0.a: lock inside unlock", "p0.b: lock inside unlock"}, model.PatienceName, model.Holds, nil},
	{"a try beside a client of its process", flocked(0), []string{"p0.a: lock inside unlock", "p0.b: trylock inside unlock"}, model.PatienceName, model.Violated, nil},
	{"a thread that ends and that nobody joins", helped, []string{once, once1}, model.PatienceName, model.Holds, bounded},
	{"the same, and the path", helped, []string{once, once1}, model.OwnershipName, model.Holds, bounded},

	{"a refusal that makes no call", unsupported, []string{once, "p1: rlock inside unlock"}, model.HonestyName, model.Holds, nil},
	{"acquires that make no call", nobodys, []string{once, once1}, model.DisclosureName, model.Undecided, nil},
	{"a path that somebody outside took before", heirloom, []string{"p0: rlock inside unlock", "p1: lock inside unlock"}, model.OwnershipName, model.Holds, func(t *trial.Trial) {
		cleaned(t)
		t.Start = []sys.Entry{{Name: trial.Path, Kind: sys.Symlink, Content: "p9"}}
	}},
	{"a path that somebody outside took, and its new owner loses", excl(nil), []string{"p0: trylock inside unlock", "p1: trylock inside"}, model.OwnershipName, model.Violated, cleaned},
	{"a record lock that another client's read drops", records, []string{"p0.a: lock inside", "p0.b: lock read"}, model.OwnershipName, model.Violated, nil},
	{"two waits that are bounded one by one", twice, []string{"p0: lock work 2s unlock", once1}, model.PatienceName, model.Violated, bounded},
	{"a poll for who never leaves", excl(nil), []string{"p0: lock inside", once1}, model.PatienceName, model.Holds, nil},
}

const once1 = "p1: lock inside unlock"

func stale(t *trial.Trial)   { t.Config.Stale = time.Minute }
func kill(t *trial.Trial)    { t.Budget.Kills = 1 }
func left(t *trial.Trial)    { t.Start = []sys.Entry{{Name: trial.Path, Age: time.Hour}} }
func cleaned(t *trial.Trial) { t.Budget.Unlinks = 1 }
func bounded(t *trial.Trial) { t.Config.Timeout, t.Config.Poll = 2*time.Second, time.Second }

// excl makes the file or fails; stale is asked about one that is there, whether
// to try at once. Who waits polls.
func excl(stale func(*sys.Proc) bool) program.Tiny {
	attempt := func(p *sys.Proc) error {
		err := makes(p, trial.Path)
		if err != nil && stale != nil && stale(p) {
			err = makes(p, trial.Path)
		}
		return err
	}
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		giveUp := func(err error) bool { return how.Try || !errors.Is(err, sys.EEXIST) }
		if err := p.Retry(sys.Backoff{Initial: time.Second}, giveUp, func() error { return attempt(p) }); err != nil {
			return nil, lock.ErrBusy
		}
		return removes(trial.Path), nil
	}
}

// heirloom is of readers who find a symbolic link, and of writers who make a file.
func heirloom(p *sys.Proc, how lock.How) (lock.Release, error) {
	if !how.Shared {
		return removes(trial.Path), makes(p, trial.Path)
	}
	_, err := p.Readlink(trial.Path)
	return func(p *sys.Proc) error { _, err := p.Stat("."); return err }, err
}

// made looks at the file that it has just made.
func made(p *sys.Proc, how lock.How) (lock.Release, error) {
	if makes(p, trial.Path) != nil {
		return nil, lock.ErrBusy
	}
	_, _ = p.Stat(trial.Path)
	return removes(trial.Path), nil
}

// sleeping lets everybody in, after a while.
func sleeping(pieces ...time.Duration) program.Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		_, _ = p.Stat(".")
		for _, d := range pieces {
			p.Sleep(d)
		}
		return func(p *sys.Proc) error { _, err := p.Stat("."); return err }, nil
	}
}

func makes(p *sys.Proc, path string) error {
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return p.Close(f)
}

func removes(path string) lock.Release { return func(p *sys.Proc) error { return p.Unlink(path) } }

func removesStale(p *sys.Proc) bool {
	st, err := p.Stat(trial.Path)
	return err == nil && p.Older(st.Mtime, time.Minute) && p.Unlink(trial.Path) == nil
}

// removesUnchanged compares times too, which have no largest age.
func removesUnchanged(p *sys.Proc) bool {
	st, err := p.Stat(trial.Path)
	if err != nil || !p.Older(st.Mtime, time.Minute) {
		return false
	}
	again, err := p.Stat(trial.Path)
	return err == nil && p.Same(st.Mtime, again.Mtime) && p.Unlink(trial.Path) == nil
}

// marked has a flock, and for two calls a directory that nobody removes for it.
func marked(p *sys.Proc, how lock.How) (lock.Release, error) {
	release, err := flocked(sys.LOCK_NB)(p, how)
	if err != nil {
		return nil, err
	}
	if p.Mkdir("mark", 0o700) != nil || p.Rmdir("mark") != nil {
		_ = release(p)
		return nil, lock.ErrBusy
	}
	return release, nil
}

const closeOnExec = 1 << 20

func flocked(how int) program.Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		flags := sys.O_RDWR | sys.O_CREAT
		if how&closeOnExec != 0 {
			flags |= sys.O_CLOEXEC
		}
		f, err := p.Open(trial.Path, flags, 0o600)
		if err != nil {
			return nil, err
		}
		if p.Flock(f, sys.LOCK_EX|how&^closeOnExec) != nil {
			_ = p.Close(f)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
}

func twoFiles(both bool) program.Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		if makes(p, trial.Path) != nil {
			return nil, lock.ErrBusy
		}
		if makes(p, "m") != nil {
			_ = p.Unlink(trial.Path)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error {
			if both {
				_ = p.Unlink("m")
			}
			return p.Unlink(trial.Path)
		}, nil
	}
}

// leaking finds the file without its name, and gives up without closing it.
func leaking(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) != nil {
		_ = p.Close(f)
		return nil, lock.ErrBusy
	}
	if text, _ := p.Read(f); text == "used" {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error {
		_ = p.Write(f, "used")
		return p.Close(f)
	}, nil
}

// haunted leaves a thread behind that makes the file anew.
func haunted(p *sys.Proc, _ lock.How) (lock.Release, error) {
	if makes(p, trial.Path) != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error {
		err := p.Unlink(trial.Path)
		p.Go("ghost", func(p *sys.Proc) { _ = makes(p, trial.Path) })
		_, _ = p.Stat(trial.Path)
		return err
	}, nil
}

// polling tries to have a flock until the time is over.
func polling(poll, timeout time.Duration) program.Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		deadline := p.Deadline(timeout)
		expired := func(error) bool { return p.Expired(deadline) }
		if p.Retry(sys.Backoff{Initial: poll}, expired, func() error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) }) != nil {
			_ = p.Close(f)
			return nil, lock.ErrTimeout
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
}

// retrying never gives up.
func retrying(attempt func(*sys.Proc) error) program.Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		err := p.Retry(sys.Backoff{Initial: time.Second}, nil, func() error { return attempt(p) })
		return removes(trial.Path), err
	}
}

func opensNowhere(p *sys.Proc) error { return makes(p, "nowhere/l") }

// linksNowhere makes another file each time.
func linksNowhere(p *sys.Proc) error {
	if err := makes(p, "m"); err != nil {
		return err
	}
	err := p.Link("m", "nowhere/l")
	_, _ = p.Stat("m")
	_ = p.Unlink("m")
	return err
}

// helped has a thread look at the file, close it and end.
func helped(p *sys.Proc, how lock.How) (lock.Release, error) {
	p.Go("look", func(p *sys.Proc) {
		if f, err := p.Open(trial.Path, sys.O_RDONLY, 0); err == nil {
			_ = p.Close(f)
		}
	})
	return polling(time.Second, 2*time.Second)(p, how)
}

// unsupported knows no readers, and says so without a call.
func unsupported(p *sys.Proc, how lock.How) (lock.Release, error) {
	if how.Shared {
		return nil, errors.ErrUnsupported
	}
	return flocked(0)(p, how)
}

// nobodys makes no call.
func nobodys(*sys.Proc, lock.How) (lock.Release, error) {
	return func(*sys.Proc) error { return nil }, nil
}

// records has a record lock on the file with the counter, which excludes nobody
// in its own process.
func records(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.DataPath, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if p.FcntlFlock(f, sys.F_SETLK, &sys.Record{Type: sys.F_WRLCK}) != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// twice waits for one file and then for another, for as long again. Its release
// takes its time between the two.
func twice(p *sys.Proc, how lock.How) (lock.Release, error) {
	first, err := polling(time.Second, 2*time.Second)(p, how)
	if err != nil {
		return nil, err
	}
	m, err := p.Open("m", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := p.Deadline(2 * time.Second)
	expired := func(error) bool { return p.Expired(deadline) }
	if p.Retry(sys.Backoff{Initial: time.Second}, expired, func() error { return p.Flock(m, sys.LOCK_EX|sys.LOCK_NB) }) != nil {
		_ = p.Close(m)
		_ = first(p)
		return nil, lock.ErrTimeout
	}
	return func(p *sys.Proc) error {
		_ = first(p)
		p.Sleep(9 * time.Second)
		return p.Close(m)
	}, nil
}
