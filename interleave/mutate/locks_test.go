package mutate

import (
	"errors"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Small locks whose guards are known.

// entry returns a lock's line of a registry.
func entry(name string, acquire lock.Func) lock.Entry {
	return lock.Entry{Name: name, New: func(lock.Config) lock.Lock { return acquire }}
}

// existing is held while the file exists.
func existing(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Unlink(path) }, p.Close(f)
}

// recorded is a record lock on a file that stays.
func recorded(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	// The process's own locks do not exclude its threads.
	p.Lock("m")
	release := func(p *sys.Proc) error {
		err := p.Close(f)
		p.Unlock("m")
		return err
	}
	if err := p.FcntlFlock(f, sys.F_SETLK, &sys.Record{Type: sys.F_WRLCK}); err != nil {
		return nil, errors.Join(lock.ErrBusy, release(p))
	}
	return release, nil
}

// owned is a symbolic link with its owner's number. Who finds that the owner is
// dead removes it, under another lock.
func owned(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	guard, err := p.Open("guard", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(guard, sys.LOCK_EX); err != nil {
		return nil, errors.Join(err, p.Close(guard))
	}
	own := p.Getpid().String()
	if owner, err := p.Readlink(path); err == nil {
		n, known := sys.ParsePID(owner)
		if !known || p.Alive(n) {
			return nil, errors.Join(lock.ErrBusy, p.Close(guard))
		}
		_ = p.Unlink(path)
	}
	if err := p.Symlink(own, path); err != nil {
		return nil, errors.Join(lock.ErrBusy, p.Close(guard))
	}
	return func(p *sys.Proc) error { return p.Unlink(path) }, p.Close(guard)
}

// named is flock on a file that is removed at the release: who has the lock looks
// whether the file still has its name, and tries again where it has not. What it
// does not close has no name, so that a close makes no difference.
func named(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	f, err := sys.Retry(p, sys.Backoff{}, func(err error) bool { return !errors.Is(err, errGone) }, func() (sys.File, error) {
		f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return f, err
		}
		if p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) != nil {
			return f, errors.Join(lock.ErrBusy, p.Close(f))
		}
		if st, err := p.Fstat(f); err != nil || p.Nlink(st) == 0 {
			return f, errors.Join(errGone, p.Close(f))
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error { return errors.Join(p.Unlink(path), p.Close(f)) }, nil
}

var errGone = errors.New("gone")

// beaten is held while the file exists and is young: a thread keeps it so. Who
// finds it old removes it, under another lock, by which O_EXCL makes no difference.
// A beat too many does no harm, and a release that never returns is nobody's
// property.
func beaten(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	guard, err := p.Open("guard", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(guard, sys.LOCK_EX); err != nil {
		return nil, errors.Join(err, p.Close(guard))
	}
	if st, err := p.Stat(path); err == nil {
		if !p.Older(st.Mtime, stale) {
			return nil, errors.Join(lock.ErrBusy, p.Close(guard))
		}
		_ = p.Unlink(path)
	}
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return nil, errors.Join(lock.ErrBusy, p.Close(guard))
	}
	beat := p.Go("hb", func(p *sys.Proc) {
		p.Repeat(func() bool {
			if p.Cancelled(stale / 2) {
				return false
			}
			_ = p.Utimes(path, 0)
			return true
		})
	})
	return func(p *sys.Proc) error {
		p.Cancel(beat)
		p.Join(beat)
		return p.Unlink(path)
	}, errors.Join(p.Close(f), p.Close(guard))
}

const stale = 10 * time.Second

// belted has two locks where one is enough.
func belted(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	release, err := existing(p, path, lock.How{})
	if err != nil {
		return nil, err
	}
	f, err := p.Open("braces", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_EX); err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error { return errors.Join(p.Close(f), release(p)) }, nil
}

// free is no lock at all.
func free(p *sys.Proc, _ string, _ lock.How) (lock.Release, error) {
	_, _ = p.Stat(trial.Path)
	return func(*sys.Proc) error { return nil }, nil
}
