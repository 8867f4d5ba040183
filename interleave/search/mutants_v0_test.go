package search_test

import (
	"fmt"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// newCtxV0 is ctx-v0 written out again, with more flags for its open.
func newCtxV0(more int) func(lock.Config) lock.Lock {
	return func(lock.Config) lock.Lock {
		return flow(func(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
			if _, err := p.Stat(path); err == nil {
				return nil, lock.ErrBusy
			}
			f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC|more, 0o644)
			if err != nil {
				return nil, err
			}
			err = p.Write(f, "lock")
			if closing := p.Close(f); err == nil {
				err = closing
			}
			return func(p *sys.Proc) error { _ = p.Unlink(path); return nil }, err
		})
	}
}

// newPosixageV0 is posixage-v0 written out again; opens says that a file which
// is too young to be removed is taken to be ours.
func newPosixageV0(opens bool) func(lock.Config) lock.Lock {
	return func(c lock.Config) lock.Lock {
		return flow(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
			f, err := posixageOpen(p, path)
			if err != nil {
				return nil, err
			}
			if posixageRetried(p, c, f, how) != nil {
				err := recoverOpen(p, f, path, c.Stale)
				young := err == errMutantYoung
				switch {
				case young && !opens:
					return nil, fmt.Errorf("%w: %w", lock.ErrBusy, err)
				case !young && err != nil:
					return nil, err
				}
				if f, err = posixageOpen(p, path); err != nil {
					return nil, err
				}
				if err := posixageRetried(p, c, f, how); err != nil && !young {
					_ = p.Close(f)
					return nil, err
				}
			}
			return func(p *sys.Proc) error { return posixageRelease(p, f, path) }, nil
		})
	}
}

// posixageRetried is v0's flock, for a while and with all errors retried.
func posixageRetried(p *sys.Proc, c lock.Config, f sys.File, how lock.How) error {
	attempt := func() error { return posixageFlock(p, f, how) }
	if how.Try {
		if attempt() != nil {
			return lock.ErrBusy
		}
	} else {
		backoff := posixageBackoff(c)
		backoff.Cut = true
		deadline := p.Deadline(c.Timeout)
		if p.Retry(backoff, func(error) bool { return p.Expired(deadline) }, attempt) != nil {
			return lock.ErrTimeout
		}
	}
	_ = p.Ftruncate(f, 0)
	return nil
}

// v0Mutants are those of the two first versions. ctx-v0 breaks exclusion as it
// is, so its mutant is about honesty.
func v0Mutants() []mutant {
	return []mutant{
		{
			name: "ctx-v0/excl", changed: "O_EXCL added, and its EEXIST not called busy",
			base: mutantBase("ctx-v0"), property: "honesty", limit: 30, new: newCtxV0(sys.O_EXCL),
		},
		{
			name: "posixage-v0/young", changed: "goes on without the lock where the file is too young to be removed",
			base: mutantBase("posixage-v0"), property: "exclusion", limit: 10, new: newPosixageV0(true),
			works: []string{"lock work 1s unlock", "lock work 1s unlock"},
		},
	}
}
