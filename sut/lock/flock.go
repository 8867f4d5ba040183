package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The flock family is the ways in which programs use flock(2), and its like
// that belongs to an open file too. This file has what they share;
// flock_stays.go those whose file stays; flock_removed.go those whose file is
// removed; flock_more.go those in which another thread or process has a part.
//
// What the programs of one way do differently is evened out: they open for
// reading and writing, by default for their user alone, and an interrupted wait
// (EINTR) is an error as any other.

const flockFlags = sys.O_RDWR | sys.O_CREAT | sys.O_CLOEXEC

func flockOpen(p *sys.Proc, path string) (sys.File, error) {
	return p.Open(path, flockFlags, 0o600)
}

// flockTake returns the descriptor that has the lock, or leaves none behind.
func flockTake(p *sys.Proc, path string, how How) (sys.File, error) {
	f, err := flockOpen(p, path)
	if err != nil {
		return sys.File{}, err
	}
	if err := p.Flock(f, flockMode(how)); err != nil {
		_ = p.Close(f)
		return sys.File{}, flockRefused(err)
	}
	return f, nil
}

func flockMode(how How) int {
	mode := sys.LOCK_EX
	if how.Shared {
		mode = sys.LOCK_SH
	}
	if how.Try {
		mode |= sys.LOCK_NB
	}
	return mode
}

// flockRefused calls the refusal by its name where somebody has the lock.
func flockRefused(err error) error {
	if errors.Is(err, sys.EWOULDBLOCK) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// flockUnlocking is LOCK_UN, then close. Where LOCK_UN fails the descriptor
// stays open, and the lock held; what close returns is ignored.
func flockUnlocking(f sys.File) Release {
	return func(p *sys.Proc) error {
		if err := p.Flock(f, sys.LOCK_UN); err != nil {
			return err
		}
		_ = p.Close(f)
		return nil
	}
}

// flockClosing is close and nothing else: the lock lasts for as long as any
// descriptor leads to the open file.
func flockClosing(f sys.File) Release {
	return func(p *sys.Proc) error { return p.Close(f) }
}
