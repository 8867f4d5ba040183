package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The symlink family is a symbolic link that leads to no file: its target is
// the owner's number, and is there as soon as the name is.

var symlinkEntries = []Entry{
	{
		Name:     "symlink-pid",
		About:    "a symbolic link to the owner's number; removes a dead process's",
		Source:   "libreport, create_symlink_lockfile in src/lib/dump_dir.c; so does Emacs, src/filelock.c",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Poll: 500 * time.Millisecond},
		New:      func(c Config) Lock { return symlinkPID{c} },
	},
	{
		Name:     "hg-break",
		About:    "as symlink-pid, but removes a dead process's only under a second lock, having read it again",
		Source:   "Mercurial 6.3.2, mercurial/lock.py",
		Claims:   []string{"exclusion", "recovery", "honesty", "patience"},
		Waits:    true,
		Defaults: hgDefaults,
		New:      func(c Config) Lock { return hgBreak{c, true} },
	},
	{
		Name:     "hg-break-old",
		About:    "as hg-break, without reading it again",
		Source:   "Mercurial before 6.3.2, mercurial/lock.py",
		Claims:   []string{"exclusion", "recovery", "honesty", "patience"},
		Waits:    true,
		Defaults: hgDefaults,
		New:      func(c Config) Lock { return hgBreak{c, false} },
	},
}

// ui.timeout is 600 s; an attempt is made every second.
var hgDefaults = Config{Poll: time.Second, Timeout: 600 * time.Second}

// symlinkPID is libreport's lock on a dump directory, which is waited for in
// steps of half a second.
type symlinkPID struct{ Config }

// Acquire implements Lock.
func (l symlinkPID) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path) })
}

// attempt takes a target that is no number, too, for a dead process's.
func (symlinkPID) attempt(p *sys.Proc, path string) (Held, error) {
	err := p.Symlink(p.Getpid().String(), path)
	if err == nil {
		return ownerRelease(path), nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	target, err := p.Readlink(path)
	if err != nil {
		return nil, pidGone(err)
	}
	if ownerOf(p, target) == alive {
		return nil, errTaken
	}
	return nil, pidRemove(p, path)
}

// hgBreak is Mercurial's lock. Where there is nobody who has it an attempt goes
// back to its first step: in the original four times at most.
//
// The original counts its pauses, of a second each, up to the timeout; here the
// clock does.
type hgBreak struct {
	Config
	again bool // the lock is read again before it is removed
}

// Acquire implements Lock.
func (l hgBreak) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) {
		own := p.Getpid()
		if err := l.trylock(p, own, path, hgLevels); err != nil {
			return nil, err
		}
		return hgRelease(own, path), nil
	})
}

// hgLevels is how often there is a lock to break a lock: L.break for L, and
// L.break.break for L.break. The original knows no last one.
const hgLevels = 2

var errHgUnavailable = errors.New("lock unavailable")

// trylock makes the link, or finds out who has.
func (l hgBreak) trylock(p *sys.Proc, own sys.PID, path string, levels int) error {
	err := p.Symlink(own.String(), path)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", errHgUnavailable, err)
	}
	if err := l.dead(p, path); err != nil {
		return err
	}
	if levels == 0 {
		return errTaken
	}
	return l.breakLock(p, own, path, levels)
}

// breakLock removes the link under the second lock. Where somebody has that, or
// it cannot be made, the first one counts as held.
func (l hgBreak) breakLock(p *sys.Proc, own sys.PID, path string, levels int) error {
	second := path + ".break"
	err := l.trylock(p, own, second, levels-1)
	if errors.Is(err, errHgUnavailable) {
		return errTaken
	}
	if err != nil {
		return err // errAgain too: all begins anew, and not only the second lock
	}
	if l.again {
		err = l.dead(p, path)
	}
	if err == nil {
		if err = p.Unlink(path); err == nil { // that it is gone is a failure
			err = errAgain
		}
	}
	_ = p.Unlink(second)
	return err
}

// hgRelease leaves the lock alone in a child of the process that took it.
func hgRelease(own sys.PID, path string) Release {
	return func(p *sys.Proc) error {
		if p.Getpid() == own {
			_ = p.Unlink(path)
		}
		return nil
	}
}

// dead returns nil if the link is a dead process's, and else why it is not to
// be broken. What names no process, or another machine's, is never broken.
func (hgBreak) dead(p *sys.Proc, path string) error {
	text, err := p.Readlink(path)
	if errors.Is(err, sys.EINVAL) {
		text, err = ownerRead(p, path) // no link: a file, where there are no links
	}
	if err != nil {
		return pidGone(err)
	}
	if ownerOf(p, text) != dead {
		return errTaken
	}
	return nil
}
