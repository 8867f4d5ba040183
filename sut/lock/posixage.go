package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The posixage family is docker/secrets-engine's store/posixage/internal/flock
// through its versions: flock on a file that stays, and that is removed where
// it looks abandoned. This file has what the versions share.
//
// A context that never ends stands for How{Try: false}; for How{Try: true} one
// that is done before the first attempt fails.

// The original opens through an os.Root, which adds the last two flags. It
// reads and writes because holders truncate the file; so readers need write
// access as well.
const posixageFlags = sys.O_RDWR | sys.O_CREAT | sys.O_NOFOLLOW | sys.O_CLOEXEC

var (
	errStoreLocked = errors.New("store is locked")
	errStoreUnlock = errors.New("could not unlock store")
	errNotStale    = errors.New("recovery failed: lock file is not old enough")
	errStaleInode  = errors.New("lock file inode changed under us")
)

func posixageOpen(p *sys.Proc, path string) (sys.File, error) {
	return p.Open(path, posixageFlags, 0o600)
}

// posixageFlock never waits. Readers take the same way through everything as
// writers do, truncation, recovery and heartbeat included.
func posixageFlock(p *sys.Proc, f sys.File, how How) error {
	if how.Shared {
		return p.Flock(f, sys.LOCK_SH|sys.LOCK_NB)
	}
	return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
}

// posixageTouch tells others that the lock is in use: truncation moves the
// file's mtime. That it may fail is ignored.
func posixageTouch(p *sys.Proc, f sys.File) { _ = p.Ftruncate(f, 0) }

// posixageRelease looks neither at the path nor at the inode. What close
// returns is ignored.
func posixageRelease(f sys.File) Release {
	return func(p *sys.Proc) error {
		err := p.Flock(f, sys.LOCK_UN)
		_ = p.Close(f)
		if err != nil {
			return fmt.Errorf("%w: %w", errStoreUnlock, err)
		}
		return nil
	}
}

// posixageBackoff is cenkalti/backoff/v5 with the settings of all versions.
func posixageBackoff(c Config) sys.Backoff {
	return sys.Backoff{Initial: c.Poll, Max: c.PollMax, Factor: 1.5}
}

// posixageRefused is the error of an attempt that is not retried because the
// context is done. The original says "store is locked" whatever the cause; it
// means that another caller came first where flock said so, or where somebody
// took the file away between our open and our check.
func posixageRefused(err error) error {
	if errors.Is(err, sys.EWOULDBLOCK) || errors.Is(err, errStaleInode) {
		return fmt.Errorf("%w: %w: %w", ErrBusy, errStoreLocked, err)
	}
	return fmt.Errorf("%w: %w", errStoreLocked, err)
}

// posixageRecoverOpen is the recovery of v0 and v1: it looks at the file that
// is open and removes whatever is at the path. It closes f in any case, and
// returns errNotStale where the file is too young; that somebody else removed
// it first is an error as any other.
//
// The original closes in a defer, behind the unlink. As f holds no lock,
// nobody is kept waiting or let in by either order.
func posixageRecoverOpen(p *sys.Proc, f sys.File, path string, stale time.Duration) error {
	st, err := p.Fstat(f)
	_ = p.Close(f)
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, stale) {
		return errNotStale
	}
	return p.Unlink(path)
}

// posixageRecoverPath is the recovery of v2a and v2: it looks at the path, and
// is content if somebody else removed the file first. It returns errNotStale
// where the file is too young.
func posixageRecoverPath(p *sys.Proc, path string, stale time.Duration) error {
	st, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, stale) {
		return errNotStale
	}
	if err := p.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// posixageVerify returns errStaleInode if the path no longer leads to the file
// that f has open.
func posixageVerify(p *sys.Proc, f sys.File, path string) error {
	open, err := p.Fstat(f)
	if err != nil {
		return err
	}
	named, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errStaleInode
	}
	if err != nil {
		return err
	}
	if !p.SameFile(open, named) {
		return errStaleInode
	}
	return nil
}
