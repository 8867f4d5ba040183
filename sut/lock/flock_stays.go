package lock

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The locks of the flock family whose file stays.
var flockStaysEntries = []Entry{
	{
		Name:    "flock-persist",
		About:   "flock on a file that stays; waits in the kernel",
		Source:  "gofrs/flock since 0.8, Python filelock since 3.29.5, util-linux flock, bbolt, Go's lockedfile",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Readers: true,
		Waits:   true,
		New:     func(Config) Lock { return Func(flockPersist) },
	},
	{
		Name:   "flock-pidfile",
		About:  "flock on a file that stays and gets the holder's pid; one try",
		Source: "textbook: a daemon's pid file",
		Claims: []string{"exclusion", "honesty", "recovery"},
		New:    func(Config) Lock { return Func(flockPidfile) },
	},
	{
		Name:   "flock-close",
		About:  "flock on a file that stays; close alone gives it up",
		Source: "likewhatevs/ktstr; zc.lockfile before 2016",
		Claims: []string{"exclusion", "honesty", "recovery", "phantom"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockClose) },
	},
	{
		Name:    "flock-leaky",
		About:   "as flock-close, but a program that the holder starts inherits the descriptor",
		Source:  "juju/fslock, 5e9966e (2016); alexflint/go-filemutex 1.3.0",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Waits:   true,
		Setting: Setting{Acquisition: "lock spawn inside unlock"},
		New:     func(Config) Lock { return Func(flockLeaky) },
	},
	{
		Name:    "flock-upgrade",
		About:   "flock that a reader converts to an exclusive one before it writes",
		Source:  "textbook",
		Claims:  []string{"exclusion", "update", "honesty", "recovery"},
		Readers: true,
		Waits:   true,
		Setting: Setting{Acquisition: "rlock read upgrade write unlock"},
		New:     func(Config) Lock { return flockUpgrade{} },
	},
	{
		Name:   "flock-handle",
		About:  "flock on one descriptor that all threads of a process share",
		Source: "textbook: one lock object a process",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockHandle) },
	},
	{
		Name:     "flock-failopen",
		About:    "flock on a file that stays; goes on without it after 5 s",
		Source:   "textbook: a lock that must not stop its program",
		Claims:   []string{"exclusion", "honesty", "recovery", "patience"},
		Waits:    true,
		Defaults: Config{Poll: 100 * time.Millisecond, Timeout: 5 * time.Second},
		New:      func(c Config) Lock { return flockFailopen{c} },
	},
	{
		Name:    "ofd-persist",
		About:   "a record lock of the open file on a file that stays; close alone gives it up",
		Source:  "systemd, unposix_lock in src/basic/lock-util.c",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Readers: true,
		Waits:   true,
		New:     func(Config) Lock { return Func(ofdPersist) },
	},
}

func flockPersist(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTake(p, path, how)
	if err != nil {
		return nil, err
	}
	return flockUnlocking(f), nil
}

func flockClose(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTake(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return flockClosing(f), nil
}

// flockPidfile never waits. Whoever finds the file locked may read there who
// has it; the pid of a holder that is gone stays until the next one.
func flockPidfile(p *sys.Proc, path string, _ How) (Release, error) {
	f, err := flockTake(p, path, How{Try: true})
	if err != nil {
		return nil, err
	}
	err = p.Ftruncate(f, 0)
	if err == nil {
		err = p.Write(f, p.Getpid().String())
	}
	if err != nil {
		_ = p.Close(f)
		return nil, err
	}
	return flockClosing(f), nil
}

// flockLeaky is Lock and TryLock of fslock, which calls open(2) itself and so
// without O_CLOEXEC. Where waiting fails the descriptor stays open.
func flockLeaky(p *sys.Proc, path string, how How) (Release, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	err = p.Flock(f, flockMode(How{Try: how.Try}))
	if err != nil && how.Try {
		_ = p.Close(f)
	}
	if err != nil {
		return nil, flockRefused(err)
	}
	return flockClosing(f), nil
}

// flockUpgrade is the one lock of the family whose holders convert it.
type flockUpgrade struct{}

func (flockUpgrade) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := flockTake(p, path, how)
	if err != nil {
		return nil, err
	}
	return flockConvertible{f}, nil
}

// A flockConvertible is a lock that takes flock(2) at its word: that converting
// it keeps it meanwhile, and where it is refused too.
type flockConvertible struct{ f sys.File }

func (h flockConvertible) Convert(p *sys.Proc, how How) error {
	return flockRefused(p.Flock(h.f, flockMode(How{Shared: how.Shared, Try: true})))
}

func (h flockConvertible) Release(p *sys.Proc) error { return flockUnlocking(h.f)(p) }

// flockHandle opens the file once a process and never closes it.
func flockHandle(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockHandleOf(p, path)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, flockMode(How{Try: how.Try})); err != nil {
		return nil, flockRefused(err)
	}
	return func(p *sys.Proc) error { return p.Flock(f, sys.LOCK_UN) }, nil
}

// flockHandleOf is a sync.Once: who comes first opens the file, and the others
// wait for that.
func flockHandleOf(p *sys.Proc, path string) (sys.File, error) {
	if f, open := p.Get(path); open {
		return f, nil
	}
	p.Lock(path)
	f, open := p.Get(path)
	var err error
	if !open {
		if f, err = flockOpen(p, path); err == nil {
			p.Put(path, f)
		}
	}
	p.Unlock(path)
	return f, err
}

// flockFailopen is for programs that would rather run twice than not at all.
type flockFailopen struct{ Config }

func (l flockFailopen) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := flockOpen(p, path)
	if err != nil {
		return nil, err
	}
	err = l.flock(p, f, how)
	if err == nil {
		return flockUnlocking(f), nil
	}
	if errors.Is(err, sys.EWOULDBLOCK) && !how.Try {
		return flockClosing(f), nil // without the lock
	}
	_ = p.Close(f)
	return nil, flockRefused(err)
}

// flock polls until the deadline. A single try is ours: as it has no time to
// wait for, it may be told that somebody has the lock.
func (l flockFailopen) flock(p *sys.Proc, f sys.File, how How) error {
	attempt := func() error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) }
	if how.Try {
		return attempt()
	}
	deadline := p.Deadline(l.Timeout)
	giveUp := func(err error) bool {
		return !errors.Is(err, sys.EWOULDBLOCK) || p.Expired(deadline)
	}
	return p.Retry(sys.Backoff{Initial: l.Poll}, giveUp, attempt)
}

// ofdPersist locks the whole file, to its end wherever that will be. As in
// systemd, EACCES says the same as EAGAIN where it was not to wait.
func ofdPersist(p *sys.Proc, path string, how How) (Release, error) {
	f, err := p.Open(path, flockFlags|sys.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	cmd, record := sys.F_OFD_SETLKW, sys.Record{Type: sys.F_WRLCK}
	if how.Try {
		cmd = sys.F_OFD_SETLK
	}
	if how.Shared {
		record.Type = sys.F_RDLCK
	}
	if err := p.FcntlFlock(f, cmd, &record); err != nil {
		_ = p.Close(f)
		if how.Try && (errors.Is(err, sys.EAGAIN) || errors.Is(err, sys.EACCES)) {
			return nil, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return nil, err
	}
	return flockClosing(f), nil
}
