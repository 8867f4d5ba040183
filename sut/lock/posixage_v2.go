package lock

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// posixageV2a is PR #529 as of its first commit, 6ce12bb: every attempt opens
// the file anew and checks, once it has the lock, that the path still leads to
// it.
type posixageV2a struct{ Config }

func (l posixageV2a) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := posixageTryLock(p, l.Config, path, how, posixageVerifyThenTouch)
	if err != nil {
		return nil, err
	}
	return posixageRelease(f), nil
}

// posixageV2 is PR #529 as it was merged (5048a3df): it truncates before it
// checks, and a thread keeps the file's mtime fresh while the lock is held.
type posixageV2 struct{ Config }

func (l posixageV2) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := posixageTryLock(p, l.Config, path, how, posixageTouchThenVerify)
	if err != nil {
		return nil, err
	}
	heartbeat := p.Go("hb", func(p *sys.Proc) { posixageHeartbeat(p, f, path, l.Heartbeat) })
	release := posixageRelease(f)
	return Release(func(p *sys.Proc) error {
		p.Cancel(heartbeat)
		p.Join(heartbeat)
		return release(p)
	}), nil
}

// posixageHeartbeat refreshes the mtime and checks the inode, every so often,
// until it is told to stop. A failed truncation skips the check. Whatever it
// finds goes to a logger, which is silent by default, and it goes on: it has no
// way to tell the holder.
//
// The original has a ticker, whose ticks lie a fixed time apart; here the wait
// begins when the last round is over. The two differ by the time that a round
// takes, and after a pause of the process: then the ticker's next tick may come
// sooner, never later.
func posixageHeartbeat(p *sys.Proc, f sys.File, path string, every time.Duration) {
	p.Repeat(func() bool {
		if p.Cancelled(every) {
			return false
		}
		if err := p.Ftruncate(f, 0); err == nil {
			_ = posixageVerify(p, f, path)
		}
		return true
	})
}

// posixageTryLock is v2a's and v2's: one attempt, one recovery, then attempts
// without end. They differ in what an attempt confirms, and in which order.
func posixageTryLock(p *sys.Proc, c Config, path string, how How, confirm posixageConfirm) (sys.File, error) {
	f, err := posixageAcquireOnce(p, path, how, confirm)
	if err == nil {
		return f, nil
	}
	if how.Try {
		return sys.File{}, posixageRefused(err)
	}
	// After any failure of the attempt, not only where somebody has the lock.
	recovery := posixageRecoverPath(p, path, c.Stale)
	if recovery != nil && !errors.Is(recovery, errNotStale) {
		return sys.File{}, fmt.Errorf("%w: %w; %w", errStoreLocked, err, recovery)
	}
	return sys.Retry(p, posixageBackoff(c), nil, func() (sys.File, error) {
		return posixageAcquireOnce(p, path, how, confirm)
	})
}

// posixageAcquireOnce returns the descriptor that has the lock, or leaves none
// behind.
func posixageAcquireOnce(p *sys.Proc, path string, how How, confirm posixageConfirm) (sys.File, error) {
	f, err := posixageOpen(p, path)
	if err != nil {
		return sys.File{}, err
	}
	if err := posixageFlock(p, f, how); err != nil {
		_ = p.Close(f)
		return sys.File{}, err
	}
	if err := confirm(p, f, path); err != nil {
		_ = p.Flock(f, sys.LOCK_UN)
		_ = p.Close(f)
		return sys.File{}, err
	}
	return f, nil
}

// A posixageConfirm is what an attempt does between flock and success.
type posixageConfirm func(p *sys.Proc, f sys.File, path string) error

func posixageVerifyThenTouch(p *sys.Proc, f sys.File, path string) error {
	if err := posixageVerify(p, f, path); err != nil {
		return err
	}
	posixageTouch(p, f)
	return nil
}

// Commit 7d5a151 moved the truncation to the front, to narrow the window
// between the check and the refreshed mtime.
func posixageTouchThenVerify(p *sys.Proc, f sys.File, path string) error {
	posixageTouch(p, f)
	return posixageVerify(p, f, path)
}
