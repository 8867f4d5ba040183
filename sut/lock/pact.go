package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// pactSidecar is file_lock of the PACT plugin, in the version of July 2026
// (8ac78628): flock on a file beside the one that it guards, which is never
// written and never removed. It knows no readers.
//
// The original derives the lock's path from the guarded file's (realpath of
// the directory) and makes the directory (mkdir -p). Here the path is the
// lock's own, in a directory that exists, so there are no calls for either.
// (pactParent derives it.)
//
// All its callers skip their work when the time is up; pactFailOpen is what
// issue #645 says that they do.
type pactSidecar struct{ Config }

func (l pactSidecar) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	// os.open adds O_CLOEXEC.
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	release := pactRelease(f)
	if err := l.flock(p, f, how); err != nil {
		// The same finally serves failure and release; an error in it takes
		// the place of the one that led there.
		if closing := release(p); closing != nil {
			return nil, closing
		}
		return nil, err
	}
	return release, nil
}

// flock polls until the deadline; an attempt is always made after the last
// pause. Only EWOULDBLOCK is retried.
func (l pactSidecar) flock(p *sys.Proc, f sys.File, how How) error {
	attempt := func() error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) }
	if how.Try {
		// The original has no such mode: one attempt and no deadline is ours.
		return pactRefused(ErrBusy, attempt())
	}
	deadline := p.Deadline(l.Timeout)
	giveUp := func(err error) bool {
		return !errors.Is(err, sys.EWOULDBLOCK) || p.Expired(deadline)
	}
	return pactRefused(ErrTimeout, p.Retry(sys.Backoff{Initial: l.Poll}, giveUp, attempt))
}

// pactRefused calls the refusal by its name where somebody has the lock.
func pactRefused(refusal, err error) error {
	if errors.Is(err, sys.EWOULDBLOCK) {
		return fmt.Errorf("%w: failed to acquire lock: %w", refusal, err)
	}
	return err
}

// pactRelease closes whatever LOCK_UN says. Of two errors the later one
// counts.
func pactRelease(f sys.File) Release {
	return func(p *sys.Proc) error {
		err := p.Flock(f, sys.LOCK_UN)
		if closing := p.Close(f); closing != nil {
			return closing
		}
		return err
	}
}
