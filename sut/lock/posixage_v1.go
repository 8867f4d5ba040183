package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// posixageV1 is the version before PR #529 (commits 0bdc29a and 381058b): one
// try, one recovery, then tries without end on one descriptor.
type posixageV1 struct{ Config }

func (l posixageV1) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := posixageOpen(p, path)
	if err != nil {
		return nil, err
	}
	err = posixageFlock(p, f, how)
	if err == nil {
		posixageTouch(p, f)
		return posixageRelease(f), nil
	}
	if how.Try {
		_ = p.Close(f)
		return nil, posixageRefused(err)
	}

	// After any failure of flock, not only where somebody has the lock.
	recovery := posixageRecoverOpen(p, f, path, l.Stale)
	if recovery != nil && !errors.Is(recovery, errNotStale) {
		return nil, fmt.Errorf("%w: %w; %w", errStoreLocked, err, recovery)
	}

	waiting, err := posixageOpen(p, path)
	if err != nil {
		return nil, err
	}
	// The context never ends and every error is retried: it returns when it
	// has won, on the file that it opened.
	_ = p.Retry(posixageBackoff(l.Config), nil, func() error {
		return posixageFlock(p, waiting, how)
	})
	posixageTouch(p, waiting)
	return posixageRelease(waiting), nil
}
