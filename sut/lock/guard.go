package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The guard family removes what is stale under a guard: a second lock, a flock
// on a file that stays, that is held while the stale one is looked at again and
// removed, and for nothing else.

var guardEntries = []Entry{
	{
		Name:     "link-guard",
		About:    "a linked pid file; removes a dead process's under a flock on another file, having read it again",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Poll: 50 * time.Millisecond},
		New:      func(c Config) Lock { return linkGuard{c} },
	},
	{
		Name:     "guard-create",
		About:    "as link-guard, but O_EXCL makes the file, so that an empty one is stale too when it is 30 s old",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: time.Second},
		New:      func(c Config) Lock { return guardCreate{c} },
	},
}

// linkGuard never sees a file that is not whole.
type linkGuard struct{ Config }

// Acquire implements Lock.
func (l linkGuard) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path, how) })
}

func (linkGuard) attempt(p *sys.Proc, path string, how How) (Held, error) {
	err := linkGuardCreate(p, path)
	if err == nil {
		return ownerRelease(path), nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	stale := func() error { return pidDead(p, path) }
	return nil, guardRemove(p, path, how, stale)
}

// linkGuardCreate gives the path to a file that has the process's number in it.
func linkGuardCreate(p *sys.Proc, path string) error {
	own := p.Getpid()
	tmp, err := ownerTemp(p, path, own, 0o644)
	if err != nil {
		return err
	}
	err = ownerWrite(p, tmp, own.String())
	if err == nil {
		err = p.Link(tmp.Name(), path)
	}
	_ = p.Unlink(tmp.Name())
	return err
}

// guardCreate may see a file that is not written yet, or never will be.
type guardCreate struct{ Config }

// Acquire implements Lock.
func (l guardCreate) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path, how) })
}

func (l guardCreate) attempt(p *sys.Proc, path string, how How) (Held, error) {
	err := ownerCreate(p, path, p.Getpid().String())
	if err == nil {
		return ownerRelease(path), nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return nil, guardRemove(p, path, how, func() error { return l.stale(p, path) })
}

// stale returns nil if the file is a dead process's, or nobody's and old.
func (l guardCreate) stale(p *sys.Proc, path string) error {
	st, text, err := ownerStat(p, path, 0)
	if err != nil {
		return pidGone(err)
	}
	switch ownerOf(p, text) {
	case alive:
		return errTaken
	case unnamed:
		if !p.Older(st.Mtime, l.Stale) {
			return errTaken
		}
	}
	return nil
}

// guardRemove removes the path if it is stale, and still is when nobody else
// has the guard. How.Try does not wait for that.
func guardRemove(p *sys.Proc, path string, how How, stale func() error) error {
	if err := stale(); err != nil {
		return err
	}
	guard, err := p.Open(path+".guard", sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	mode := sys.LOCK_EX
	if how.Try {
		mode |= sys.LOCK_NB
	}
	err = p.Flock(guard, mode)
	switch {
	case errors.Is(err, sys.EWOULDBLOCK):
		err = fmt.Errorf("%w: %w", ErrBusy, err)
	case err == nil:
		if err = stale(); err == nil {
			err = pidRemove(p, path)
		}
	}
	_ = p.Close(guard)
	return err
}
