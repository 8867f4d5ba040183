package search_test

import (
	"errors"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// tidied returns posixage-v2a with a release that removes the file while it
// still has the lock: what the check of the inode is for. Without the check it
// is broken, and with it it is not, from no file on. It knows no readers: one
// would take the file away from the others.
func tidied(change func(*posixageLock)) func(lock.Config) lock.Lock {
	return newPosixage(false, func(l *posixageLock) {
		l.release = func(p *sys.Proc, f sys.File, path string) error {
			_ = p.Unlink(path)
			return posixageRelease(p, f, path)
		}
		if change != nil {
			change(l)
		}
	})
}

// tidyMutants are those of v2a's check. Its base removes files, so that there
// is something to check from an empty directory on, where v2a's recovery, which
// is what is wrong with it, does nothing.
func tidyMutants() []mutant {
	base := mutantBase("posixage-v2a")
	base.Name, base.New, base.Readers = "posixage-v2a, tidy", tidied(nil), false
	tidy := func(name string, limit int, changed string, change func(*posixageLock)) mutant {
		return mutant{name: "tidy/" + name, changed: changed, base: base, property: "exclusion", limit: limit, new: tidied(change)}
	}
	return []mutant{
		tidy("no-check", 200, "no check of the inode", func(l *posixageLock) {
			l.confirm = func(p *sys.Proc, f sys.File, _ string) error { return p.Ftruncate(f, 0) }
		}),
		tidy("check-first", 500, "the check comes before flock", func(l *posixageLock) {
			l.open = func(p *sys.Proc, path string) (sys.File, error) {
				f, err := posixageOpen(p, path)
				if err == nil {
					err = verifyThenTouch(p, f, path)
				}
				return f, err
			}
			l.confirm = func(*sys.Proc, sys.File, string) error { return nil }
		}),
		tidy("gone-is-fine", 4000, "ENOENT of the check counts as the same file", func(l *posixageLock) {
			l.confirm = func(p *sys.Proc, f sys.File, path string) error {
				if _, err := p.Stat(path); errors.Is(err, sys.ENOENT) {
					return nil
				}
				return verifyThenTouch(p, f, path)
			}
		}),
		tidy("exists", 300, "the check asks only whether there is a file", func(l *posixageLock) {
			l.confirm = func(p *sys.Proc, _ sys.File, path string) error {
				if _, err := p.Stat(path); err != nil {
					return errMutantInode
				}
				return nil
			}
		}),
		tidy("unlock-unlink", 3000, "LOCK_UN and unlink swapped", func(l *posixageLock) {
			l.release = func(p *sys.Proc, f sys.File, path string) error {
				_, _ = p.Flock(f, sys.LOCK_UN), p.Unlink(path)
				return p.Close(f)
			}
		}),
	}
}
