package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The pid family is the pid file: O_EXCL makes it, its owner's number is in it,
// and the release removes it. They differ in what they do where it is there.

// pidEntries has the family, the textbook's first.
var pidEntries = []Entry{
	{
		Name:     "pid-empty-stale",
		About:    "a pid file; removes that of a dead process, and an empty one",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidLock{c, pidEmptyStale} },
	},
	{
		Name:     "pid-empty-busy",
		About:    "a pid file; removes that of a dead process, and takes an empty one for somebody's",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidLock{c, pidEmptyBusy} },
	},
	{
		Name:     "pid-overwrite",
		About:    "a pid file; writes its own number over that of a dead process",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidLock{c, pidOverwrite} },
	},
	{
		Name:     "pid-reread",
		About:    "a pid file; replaces that of a dead process, and reads back whose it is",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidLock{c, pidReread} },
	},
	{
		Name:     "pid-inode",
		About:    "a pid file; removes that of a dead process if the path still leads to the file that it read",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidLock{c, pidInode} },
	},
	{
		Name:     "pid-aside",
		About:    "a pid file; renames that of a dead process aside and removes it there",
		Source:   "tox-dev/filelock 3.22.0, SoftFileLock",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidDefaults,
		New:      func(c Config) Lock { return pidAside{c, pidEvict} },
	},
	{
		Name:     "pid-aside-verify",
		About:    "as pid-aside, but what is aside is removed only if it is the file that was read",
		Source:   "tox-dev/filelock 3.29.4, SoftFileLock (to 3.32, but for the name aside)",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidVerifyDefaults,
		New:      func(c Config) Lock { return pidAside{c, pidEvictOr(pidLeave)} },
	},
	{
		Name:     "pid-aside-return",
		About:    "as pid-aside-verify, but links what was not the file that was read back to its name",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: pidVerifyDefaults,
		New:      func(c Config) Lock { return pidAside{c, pidEvictOr(pidReturn)} },
	},
	{
		Name:   "postgres",
		About:  "a pid file; removes that of a dead process; an empty one is fatal",
		Source: "PostgreSQL, CreateLockFile in src/backend/utils/init/miscinit.c (postmaster.pid alone)",
		Claims: []string{"exclusion", "recovery", "honesty"},
		New:    func(Config) Lock { return postgres{} },
	},
}

// The textbook polls as filelock does, whose poll_interval is 50 ms. A file
// that names nobody is old after 2 s: _MALFORMED_LOCK_AGE_THRESHOLD.
var (
	pidDefaults       = Config{Poll: 50 * time.Millisecond}
	pidVerifyDefaults = Config{Stale: 2 * time.Second, Poll: 50 * time.Millisecond}
)

// pidLock is a textbook's lock: taken is what it does where the file is there.
// It may get the lock all the same; errAgain sends it back to the first step.
type pidLock struct {
	Config
	taken func(p *sys.Proc, path string) (Held, error)
}

// Acquire implements Lock.
func (l pidLock) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path) })
}

func (l pidLock) attempt(p *sys.Proc, path string) (Held, error) {
	err := ownerCreate(p, path, p.Getpid().String())
	if errors.Is(err, fs.ErrExist) {
		return l.taken(p, path)
	}
	if err != nil {
		return nil, err
	}
	return ownerRelease(path), nil
}

// pidEmptyStale takes an empty file for one whose owner died before it could
// write its number.
func pidEmptyStale(p *sys.Proc, path string) (Held, error) {
	text, err := ownerRead(p, path)
	if err != nil {
		return nil, pidGone(err)
	}
	if ownerOf(p, text) == alive {
		return nil, errTaken
	}
	return nil, pidRemove(p, path)
}

// pidEmptyBusy takes an empty file for one whose owner is about to write.
func pidEmptyBusy(p *sys.Proc, path string) (Held, error) {
	if err := pidDead(p, path); err != nil {
		return nil, err
	}
	return nil, pidRemove(p, path)
}

// pidOverwrite removes nothing: it takes the file over.
func pidOverwrite(p *sys.Proc, path string) (Held, error) {
	if err := pidDead(p, path); err != nil {
		return nil, err
	}
	f, err := p.Open(path, sys.O_WRONLY|sys.O_TRUNC|sys.O_CLOEXEC, 0)
	if err != nil {
		return nil, pidGone(err)
	}
	if err := ownerWrite(p, f, p.Getpid().String()); err != nil {
		return nil, err
	}
	return ownerRelease(path), nil
}

// pidReread makes the next file itself, and believes what it reads back. Where
// somebody else made one first, or put another in its place, it is busy.
func pidReread(p *sys.Proc, path string) (Held, error) {
	if err := pidDead(p, path); err != nil {
		return nil, err
	}
	if err := pidRemove(p, path); !errors.Is(err, errAgain) {
		return nil, err
	}
	own := p.Getpid().String()
	if err := ownerCreate(p, path, own); errors.Is(err, fs.ErrExist) {
		return nil, errTaken
	} else if err != nil {
		return nil, err
	}
	text, err := ownerRead(p, path)
	if err != nil {
		return nil, pidGone(err)
	}
	if text != own {
		return nil, errTaken
	}
	return ownerRelease(path), nil
}

// pidInode removes the path if it leads to the file that it has read. By then
// that is closed, so that its number may be another's.
func pidInode(p *sys.Proc, path string) (Held, error) {
	st, text, err := ownerStat(p, path, 0)
	if err != nil {
		return nil, pidGone(err)
	}
	if ownerOf(p, text) != dead {
		return nil, errTaken
	}
	now, err := p.Stat(path)
	if err != nil {
		return nil, pidGone(err)
	}
	if !p.SameFile(st, now) {
		return nil, errAgain
	}
	return nil, pidRemove(p, path)
}

// pidDead returns nil if the file is a dead process's, and else why it is not
// to be touched.
func pidDead(p *sys.Proc, path string) error {
	text, err := ownerRead(p, path)
	if err != nil {
		return pidGone(err)
	}
	if ownerOf(p, text) != dead {
		return errTaken
	}
	return nil
}

// pidRemove removes what is at the path; that somebody else has done so is as
// good.
func pidRemove(p *sys.Proc, path string) error {
	if err := p.Unlink(path); err != nil {
		return pidGone(err)
	}
	return errAgain
}

// pidGone is the error of an attempt that meant to look at the file, or to
// remove it: that it is gone is no failure.
func pidGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	return err
}
