package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What ktstr makes of its primitives where one try is not enough, without
// waiting in the kernel. (Its waits in the kernel that a timer's signal ends,
// step and deadline, cannot be told here: a lock has no timer.)

// ktstrMaterialize is the planner's way: it makes all lock files before it looks
// who holds which, and takes those of its plan after that. Of many locks here is
// one, so the plan is to take it.
type ktstrMaterialize struct{}

func (ktstrMaterialize) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := ktstrOpen(p, path)
	if err != nil {
		return nil, err
	}
	ktstrDrop(p, f)
	return ktstrTry{}.Acquire(p, path, how)
}

// ktstrTimeout is acquire_flock_with_timeout: it opens the file anew for each
// try, and a try is always made after the deadline. The directory that the
// original makes first (mkdir -p) is there.
type ktstrTimeout struct {
	Config
	holders func(p *sys.Proc, path string) string // who has it, for the error's text; may be nil
}

func (l ktstrTimeout) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	if how.Try {
		// The original has no such mode; its callers use try_flock.
		return ktstrTry{}.Acquire(p, path, how)
	}
	deadline := p.Deadline(l.Timeout)
	giveUp := func(err error) bool { return !errors.Is(err, ErrBusy) || p.Expired(deadline) }
	held, err := sys.Retry(p, sys.Backoff{Initial: l.Poll}, giveUp, func() (Held, error) {
		return ktstrTry{}.Acquire(p, path, how)
	})
	if errors.Is(err, ErrBusy) {
		return nil, l.timedOut(p, path)
	}
	return held, err
}

func (l ktstrTimeout) timedOut(p *sys.Proc, path string) error {
	if l.holders == nil {
		return fmt.Errorf("%w: flock on %s", ErrTimeout, path)
	}
	return fmt.Errorf("%w: flock on %s, holders: %s", ErrTimeout, path, l.holders(p, path))
}

// ktstrHolders is read_holders: who has a flock on the file, as /proc/locks
// tells. That it cannot be told is as good as nobody. The original lists
// processes; here it is somebody.
func ktstrHolders(p *sys.Proc, path string) string {
	if held, err := p.FlockHeld(path); err != nil || !held {
		return "<none recorded>"
	}
	return "somebody"
}

// ktstrWitness is a wait with try_flock_with_witness: the descriptor of the try
// that found somebody else there stays open. It has no lock. In the original it
// keeps the waiter's own close from waking waiters, which sleep until the file is
// closed; here they sleep for a while, and one witness is kept through it all.
type ktstrWitness struct{ Config }

func (l ktstrWitness) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := ktstrOpen(p, path)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, ktstrMode(how)|sys.LOCK_NB); err == nil {
		return ktstrRelease(f), nil
	} else if how.Try || !errors.Is(err, sys.EWOULDBLOCK) {
		ktstrDrop(p, f)
		return nil, ktstrRefused(err)
	}
	held, err := ktstrAgain(p, l.Poll, path, how)
	ktstrDrop(p, f)
	return held, err
}

// ktstrConvert is try_flock with try_convert_flock: what is held is made shared,
// or exclusive, on the same descriptor and without waiting.
type ktstrConvert struct{}

func (ktstrConvert) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := ktstrOpen(p, path)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, ktstrMode(how)|sys.LOCK_NB); err != nil {
		ktstrDrop(p, f)
		return nil, ktstrRefused(err)
	}
	return ktstrConvertible{Held: ktstrRelease(f), f: f}, nil
}

type ktstrConvertible struct {
	Held
	f sys.File
}

// Convert takes EWOULDBLOCK to mean that what was held is held still.
func (h ktstrConvertible) Convert(p *sys.Proc, how How) error {
	return ktstrRefused(p.Flock(h.f, ktstrMode(how)|sys.LOCK_NB))
}

// ktstrRefused is the Ok(None) of a try that found somebody else there.
func ktstrRefused(err error) error {
	if errors.Is(err, sys.EWOULDBLOCK) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}
