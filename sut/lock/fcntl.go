package lock

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The fcntl family locks a file that stays by a record lock on the whole of
// it. Such a lock is the process's: its threads do not exclude each other, and
// it is lost when any descriptor of the file is closed. What the locks here
// keep in the process's memory is against these two.
//
// They are used to write. Where the one who waits is interrupted (EINTR), that
// is an error as any other, but for fcntl-queue.

// fcntlPersist is the textbook's.
type fcntlPersist struct{}

func (fcntlPersist) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := fcntlTake(p, path, fcntlCommand(how))
	if err != nil {
		return nil, err
	}
	return fcntlRelease(f), nil
}

// fcntlDaemon is what a daemon takes before it forks and its parent exits: it
// tries once. The child that works on has the descriptor, and not the lock;
// what it releases is not there.
type fcntlDaemon struct{}

func (fcntlDaemon) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	f, err := fcntlTake(p, path, sys.F_SETLK)
	if err != nil {
		return nil, err
	}
	return fcntlRelease(f), nil
}

// fcntlMutex keeps a mutex of the process for as long as it keeps the file
// open. A mutex cannot be tried here: Try waits for its own process, and not
// for others.
type fcntlMutex struct{}

func (fcntlMutex) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	p.Lock(path)
	f, err := fcntlTake(p, path, fcntlCommand(how))
	if err != nil {
		p.Unlock(path)
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		err := fcntlGive(p, f)
		p.Unlock(path)
		return err
	}), nil
}

// fcntlQueue is Go's lockedfile.Mutex where there is no flock (aix, solaris):
// the threads of a process line up before the file's inode, each with a
// descriptor of its own. The queue is handed on before the file is closed.
//
// The original's queue is a list of channels by inode number, for which it asks
// fstat; here a mutex by the path, which leads to one file as nobody removes it.
// It has no way to try; Try is ours, and waits for its own process.
type fcntlQueue struct{ Config }

func (l fcntlQueue) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := p.Open(path, fcntlFlags, 0o666)
	if err != nil {
		return nil, err
	}
	p.Lock(path)
	if err := l.lock(p, f, how); err != nil {
		_ = fcntlUnlock(p, f, sys.F_SETLKW)
		p.Unlock(path)
		_ = p.Close(f)
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		err := fcntlUnlock(p, f, sys.F_SETLKW)
		p.Unlock(path)
		if closing := p.Close(f); err == nil {
			err = closing
		}
		return err
	}), nil
}

// lock tries again where the kernel fears a deadlock: it looks at processes,
// and the wait may be another thread's. An interrupted wait the original begins
// again at once; here after the same pause.
func (l fcntlQueue) lock(p *sys.Proc, f sys.File, how How) error {
	giveUp := func(err error) bool {
		return !errors.Is(err, sys.EDEADLK) && !errors.Is(err, sys.EINTR)
	}
	return p.Retry(sys.Backoff{Initial: l.Poll, Max: l.PollMax, Factor: 2}, giveUp, func() error {
		return fcntlLock(p, f, fcntlCommand(how))
	})
}

const fcntlFlags = sys.O_RDWR | sys.O_CREAT | sys.O_CLOEXEC

func fcntlCommand(how How) int {
	if how.Try {
		return sys.F_SETLK
	}
	return sys.F_SETLKW
}

// fcntlTake returns the descriptor of the file, which the process has locked
// then, or leaves none behind.
func fcntlTake(p *sys.Proc, path string, cmd int) (sys.File, error) {
	f, err := p.Open(path, fcntlFlags, 0o644)
	if err != nil {
		return sys.File{}, err
	}
	if err := fcntlLock(p, f, cmd); err != nil {
		_ = p.Close(f)
		return sys.File{}, err
	}
	return f, nil
}

// fcntlLock says that the lock is busy where another process has it.
func fcntlLock(p *sys.Proc, f sys.File, cmd int) error {
	err := p.FcntlFlock(f, cmd, &sys.Record{Type: sys.F_WRLCK})
	if errors.Is(err, sys.EAGAIN) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

func fcntlUnlock(p *sys.Proc, f sys.File, cmd int) error {
	return p.FcntlFlock(f, cmd, &sys.Record{Type: sys.F_UNLCK})
}

func fcntlRelease(f sys.File) Release {
	return func(p *sys.Proc) error { return fcntlGive(p, f) }
}

// fcntlGive closes whatever F_UNLCK says. Of two errors the first counts.
func fcntlGive(p *sys.Proc, f sys.File) error {
	err := fcntlUnlock(p, f, sys.F_SETLK)
	if closing := p.Close(f); err == nil {
		err = closing
	}
	return err
}

var fcntlEntries = []Entry{
	{
		Name:   "fcntl-persist",
		About:  "a record lock on a file that stays; waits in the kernel",
		Source: "textbook",
		Claims: []string{"exclusion", "recovery", "honesty"},
		Waits:  true,
		New:    func(Config) Lock { return fcntlPersist{} },
	},
	{
		Name:   "fcntl-table-after",
		About:  "a record lock, and a table of the process's that is asked with the file open; one try",
		Source: "google/leveldb 1.23, PosixEnv::LockFile in util/env_posix.cc; RocksDB before #3993; gofslock of 2020",
		Claims: []string{"exclusion", "recovery", "honesty"},
		New:    func(Config) Lock { return fcntlTableAfter{} },
	},
	{
		Name:   "fcntl-table-before",
		About:  "a record lock, and a table of the process's that is asked before the file is opened; one try",
		Source: "facebook/rocksdb since #3993, PosixFileSystem::LockFile in env/fs_posix.cc",
		Claims: []string{"exclusion", "recovery", "honesty"},
		New:    func(Config) Lock { return fcntlTableBefore{} },
	},
	{
		Name:     "fcntl-queue",
		About:    "a record lock, before which the threads of a process queue; handed on before close",
		Source:   "Go 1.26, cmd/go/internal/lockedfile with filelock_fcntl.go (aix, solaris)",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Poll: time.Millisecond, PollMax: 500 * time.Millisecond},
		New:      func(c Config) Lock { return fcntlQueue{c} },
	},
	{
		Name:   "fcntl-mutex",
		About:  "a record lock inside a mutex of the process, which is unlocked after close",
		Source: "textbook",
		Claims: []string{"exclusion", "recovery", "honesty"},
		Waits:  true,
		New:    func(Config) Lock { return fcntlMutex{} },
	},
	{
		Name:    "fcntl-visitor",
		About:   "a record lock, while a thread of the same process opens, reads and closes the file",
		Source:  "textbook; SQLite's \"How To Corrupt\", 2.2",
		Claims:  []string{"exclusion", "recovery", "honesty"},
		Waits:   true,
		Setting: Setting{Beside: "visit", Within: true},
		New:     func(Config) Lock { return fcntlPersist{} },
	},
	{
		Name:    "fcntl-daemon",
		About:   "a record lock that is taken before the fork of a daemon, whose parent exits; one try",
		Source:  "textbook",
		Claims:  []string{"exclusion", "recovery", "honesty"},
		Setting: Setting{Acquisition: "lock daemon inside unlock"},
		New:     func(Config) Lock { return fcntlDaemon{} },
	},
}
