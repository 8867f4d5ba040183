package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

var flufEntries = []Entry{
	{
		Name:     "flufl",
		About:    "a link to a claim file whose mtime is when the lock expires, 15 s ahead; breaks one 10 s later",
		Source:   "flufl.lock 5.0.1 for Python",
		Claims:   []string{"exclusion", "recovery", "ownership", "honesty", "disclosure"},
		Waits:    true,
		Defaults: Config{Stale: 15 * time.Second, Poll: time.Second},
		New:      func(c Config) Lock { return flufl{c} },
	},
}

// flufl is the lock of GNU Mailman. Whoever wants it has a claim file, with its
// own name in it; whoever has it has linked that to the lock's name. The mtime
// of both is when the lock expires: Stale, its lifetime, from when it was last
// touched.
//
// The claim file's name has a random number besides the process's, one for each
// Lock object. The pauses are random, up to 2 s.
type flufl struct{ Config }

var (
	errFluflLocked    = errors.New("we already had the lock")
	errFluflNotLocked = errors.New("already unlocked")
)

// slop is CLOCK_SLOP, how long after it has expired a lock is broken: 10 s for a
// lifetime of 15 s.
func (l flufl) slop() time.Duration { return l.Stale * 2 / 3 }

// Acquire implements Lock. How.Try is a timeout of 0: it ends behind the first
// attempt, before anything is broken.
func (l flufl) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerNamed(p, func(name string) (Held, error) { return l.lock(p, path+"."+name, path, how) })
}

func (l flufl) lock(p *sys.Proc, claim, path string, how How) (Held, error) {
	if err := fluflWrite(p, claim); err != nil {
		return nil, err
	}
	if err := l.touch(p, claim); err != nil {
		return nil, err
	}
	if how.Try {
		held, err := l.attempt(p, claim, path)
		if errors.Is(err, ErrBusy) {
			if err := p.Unlink(claim); err != nil {
				return nil, err
			}
		}
		return held, err
	}
	return ownerAcquire(p, l.Config, how, func() (Held, error) {
		held, err := l.attempt(p, claim, path)
		if errors.Is(err, ErrBusy) {
			if broken := l.breakExpired(p, path); broken != nil {
				return nil, broken
			}
		}
		return held, err
	})
}

// attempt links. ENOENT, which says that the claim file is gone, counts as busy:
// the original knows it from odd file systems.
func (l flufl) attempt(p *sys.Proc, claim, path string) (Held, error) {
	err := p.Link(claim, path)
	switch {
	case err == nil:
		if err := l.touch(p, claim); err != nil {
			return nil, err
		}
		return Release(func(p *sys.Proc) error { return l.unlock(p, claim, path) }), nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	case !errors.Is(err, fs.ErrExist):
		_ = p.Unlink(claim)
		return nil, err
	}
	own, err := fluflOwns(p, claim, path)
	if err == nil && own {
		err = errFluflLocked
	}
	if err != nil {
		return nil, err
	}
	return nil, errTaken
}

// breakExpired breaks the lock if it has expired. A lock that is gone has not.
// Version 5 looks first whether what it breaks names a claim file at all.
func (l flufl) breakExpired(p *sys.Proc, path string) error {
	st, err := p.Stat(path)
	if err != nil {
		return fluflPresent(err)
	}
	if !p.Older(st.Mtime, l.slop()) {
		return nil
	}
	// So that others do not break it as well: it makes the race smaller.
	if err := l.touch(p, path); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	winner, err := fluflRead(p, path)
	if err != nil {
		return err
	}
	if err := fluflPresent(p.Unlink(path)); err != nil {
		return err
	}
	if winner == "" {
		return nil
	}
	return fluflPresent(p.Unlink(winner))
}

// unlock refreshes the lock first, so that it is not broken meanwhile. If it is
// not its own any more its claim file stays.
func (l flufl) unlock(p *sys.Proc, claim, path string) error {
	own := false
	err := l.touch(p, claim)
	if err == nil {
		own, err = fluflOwns(p, claim, path)
	} else if errors.Is(err, fs.ErrPermission) {
		err = nil // then the claim file is somebody else's
	}
	if err != nil {
		return err
	}
	if !own {
		return fmt.Errorf("%w: %w", ErrLost, errFluflNotLocked)
	}
	if err := fluflPresent(p.Unlink(path)); err != nil {
		return err
	}
	return fluflPresent(p.Unlink(claim))
}

// touch makes the file expire a lifetime from now.
func (l flufl) touch(p *sys.Proc, path string) error {
	return fluflPresent(p.Utimes(path, l.Stale))
}

// fluflOwns reports whether the lock has two names and the claim file's in it.
func fluflOwns(p *sys.Proc, claim, path string) (bool, error) {
	st, err := p.Stat(path)
	if err != nil || p.Nlink(st) != 2 {
		return false, fluflPresent(err)
	}
	text, err := fluflRead(p, path)
	return text == claim, err
}

// fluflRead returns what is in the file; nothing where there is none.
func fluflRead(p *sys.Proc, path string) (string, error) {
	text, err := ownerRead(p, path)
	return text, fluflPresent(err)
}

// fluflWrite writes the claim file's name into it.
func fluflWrite(p *sys.Proc, claim string) error {
	f, err := p.Open(claim, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC, 0o666)
	if err != nil {
		return err
	}
	return ownerWrite(p, f, claim)
}

// fluflPresent returns the error of a call for which a file that is gone is
// none.
func fluflPresent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
