package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// properLockfile is proper-lockfile of npm, and its fork: a directory that is
// there, and whose mtime a heartbeat refreshes. Without the option retries it
// never waits, so How is not looked at.
//
// The directory's path is the guarded file's with ".lock" added; here the path
// is the lock's own, and there is no call of realpath.
type properLockfile struct {
	Config
	reclaim func(p *sys.Proc, path string, old sys.Stat) error // takes a stale directory away
}

var (
	errProperHeld     = errors.New("lock file is already being held")
	errProperReleased = errors.New("lock is already released")
	errProperStale    = errors.New("unable to update lock within the stale threshold")
)

func (l properLockfile) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	// The second attempt does not look at the age.
	err := recoverOnce(
		func() error { return p.Mkdir(path, 0o777) },
		func() error { return l.recover(p, path) },
	)
	if err != nil {
		return nil, err
	}
	ours, err := properProbe(p, path)
	if err != nil {
		_ = p.Rmdir(path)
		return nil, err
	}
	heartbeat := p.Go("hb", func(p *sys.Proc) { l.update(p, path, ours) })
	return Release(func(p *sys.Proc) error {
		// The original does not wait for an update that has begun, but it ends
		// its process if that finds the lock lost.
		p.Cancel(heartbeat)
		p.Join(heartbeat)
		if p.Swap(properCell(path), "") != "" {
			return fmt.Errorf("%w: %w", ErrLost, errProperReleased)
		}
		return properRmdir(p, path)
	}), nil
}

// recover returns no error where another attempt is to be made. Stale is older
// than the threshold; at exactly the threshold we are a millisecond early.
func (l properLockfile) recover(p *sys.Proc, path string) error {
	st, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, l.Stale) {
		return fmt.Errorf("%w: %w", ErrBusy, errProperHeld)
	}
	return l.reclaim(p, path, st)
}

// properProbe finds out whether mtimes have milliseconds, by one that is not on
// the second. The original sets it to 5 ms after the next full second, and only
// stats in later acquisitions of the process; here each is the first, and it is
// 5 ms from now.
func properProbe(p *sys.Proc, path string) (sys.Stat, error) {
	if err := p.Utimes(path, 5*time.Millisecond); err != nil {
		return sys.Stat{}, err
	}
	return p.Stat(path)
}

// update refreshes the mtime every so often until it is told to stop, or finds
// the directory gone or with an mtime that it did not set: then the lock is
// compromised, for which the default is that the process ends. Here the holder
// learns it at the release, which leaves the directory alone.
//
// The original remembers what mtime it set. Here all rounds but the first read
// it back, as a round cannot hand on a time; who takes the directory between
// the two goes unnoticed.
func (l properLockfile) update(p *sys.Proc, path string, ours sys.Stat) {
	if !l.round(p, path, ours, nil) {
		return
	}
	p.Repeat(func() bool {
		ours, err := p.Stat(path)
		return l.round(p, path, ours, err)
	})
}

// round waits and then updates what was ours, and reports whether it still is.
func (l properLockfile) round(p *sys.Proc, path string, ours sys.Stat, err error) bool {
	if p.Cancelled(l.Heartbeat) {
		return false
	}
	if err == nil {
		err = l.refresh(p, path, ours)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errProperStale) {
		p.Swap(properCell(path), "compromised")
		return false
	}
	return true
}

// refresh returns what is wrong. What may pass the original tries again after
// 1 s, and here the next update does, until the directory is stale.
func (l properLockfile) refresh(p *sys.Proc, path string, ours sys.Stat) error {
	st, err := p.Stat(path)
	if err == nil && !p.Same(ours.Mtime, st.Mtime) {
		return errProperStale
	}
	if err == nil {
		err = p.Utimes(path, 0)
	}
	if err != nil && p.Older(ours.Mtime, l.Stale) {
		return fmt.Errorf("%w: %w", errProperStale, err)
	}
	return err
}

// properCell is the path's entry in the process's table of locks.
func properCell(path string) string { return path + " compromised" }

// properRmdir is content if the directory is gone. It does not look whose it is.
func properRmdir(p *sys.Proc, path string) error {
	if err := p.Rmdir(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// properRemove is 4.1.2's reclaim.
func properRemove(p *sys.Proc, path string, _ sys.Stat) error { return properRmdir(p, path) }

// properAside is the fork's: of many only one can rename the directory, and if
// it was not the one that was stale, it is renamed back, whoever has made
// another since; that this may fail is ignored.
//
// To the name's end the original adds a random number.
func properAside(p *sys.Proc, path string, old sys.Stat) error {
	aside := path + ".reclaim-" + p.Getpid().String()
	err := p.Rename(path, aside, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	claimed, err := p.Stat(aside)
	if err != nil || !p.Same(claimed.Mtime, old.Mtime) {
		_ = p.Rename(aside, path, 0)
		return fmt.Errorf("%w: %w", ErrBusy, errProperHeld)
	}
	return properRmdir(p, aside)
}
