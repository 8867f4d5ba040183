package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// posixageV0 is the version up to May 2026, before commit 0bdc29a: it tries
// for 100 ms, removes the file if it looks abandoned, and tries for 100 ms
// more. (That it closes the second descriptor when the second try fails came
// with 75296bff, the last commit before.)
type posixageV0 struct{ Config }

func (l posixageV0) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := posixageOpen(p, path)
	if err != nil {
		return nil, err
	}
	if l.retryFlock(p, f, how) == nil {
		return posixageRelease(f), nil
	}

	// Recovery is not skipped when the context is done: a single try too
	// removes an old file, opens the new one and tries once more.
	if err := posixageRecoverOpen(p, f, path, l.Stale); errors.Is(err, errNotStale) {
		return nil, fmt.Errorf("%w: %w: %w", ErrBusy, errStoreLocked, err)
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", errStoreLocked, err)
	}

	f, err = posixageOpen(p, path)
	if err != nil {
		return nil, err
	}
	if err := l.retryFlock(p, f, how); err != nil {
		_ = p.Close(f)
		return nil, err
	}
	return posixageRelease(f), nil
}

// retryFlock tries until a context ends that was made for it: after the
// timeout, or at once where the caller's is done already. Every error of flock
// is retried. What it was is lost; all that is returned is how the context
// ended.
func (l posixageV0) retryFlock(p *sys.Proc, f sys.File, how How) error {
	attempt := func() error { return posixageFlock(p, f, how) }
	if how.Try {
		// A done context ends the loop behind the first attempt, not before.
		if attempt() != nil {
			return fmt.Errorf("%w: %w", ErrBusy, errStoreLocked)
		}
		posixageTouch(p, f)
		return nil
	}
	deadline := p.Deadline(l.Timeout)
	backoff := posixageBackoff(l.Config)
	backoff.Cut = true
	expired := func(error) bool { return p.Expired(deadline) }
	if p.Retry(backoff, expired, attempt) != nil {
		return fmt.Errorf("%w: %w", ErrTimeout, errStoreLocked)
	}
	posixageTouch(p, f)
	return nil
}
