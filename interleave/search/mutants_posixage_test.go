package search_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

var (
	errMutantInode = errors.New("inode changed")
	errMutantYoung = errors.New("not old enough")
)

// A posixageLock is posixage-v2a or v2 written out again, with its parts open to
// change.
type posixageLock struct {
	lock.Config
	confirm   func(p *sys.Proc, f sys.File, path string) error
	open      func(p *sys.Proc, path string) (sys.File, error)
	recover   func(p *sys.Proc, path string) error
	refused   func(error) error
	heartbeat func(p *sys.Proc, f sys.File, path string) // nil: none
	release   func(p *sys.Proc, f sys.File, path string) error
}

func newPosixage(beats bool, change func(*posixageLock)) func(lock.Config) lock.Lock {
	return func(c lock.Config) lock.Lock {
		l := &posixageLock{Config: c, open: posixageOpen, confirm: verifyThenTouch, refused: posixageRefused}
		l.recover = func(p *sys.Proc, path string) error { return posixageRecover(p, path, c.Stale) }
		l.release = posixageRelease
		if beats {
			l.confirm = touchThenVerify
			l.heartbeat = func(p *sys.Proc, f sys.File, path string) {
				for !p.Cancelled(c.Heartbeat) {
					if p.Ftruncate(f, 0) == nil {
						_ = posixageVerify(p, f, path)
					}
				}
			}
		}
		if change != nil {
			change(l)
		}
		return l
	}
}

func (l *posixageLock) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	f, err := l.lock(p, path, how)
	if err != nil {
		return nil, err
	}
	if l.heartbeat == nil {
		return lock.Release(func(p *sys.Proc) error { return l.release(p, f, path) }), nil
	}
	hb := p.Go("hb", func(p *sys.Proc) { l.heartbeat(p, f, path) })
	return lock.Release(func(p *sys.Proc) error {
		p.Cancel(hb)
		p.Join(hb)
		return l.release(p, f, path)
	}), nil
}

func (l *posixageLock) lock(p *sys.Proc, path string, how lock.How) (sys.File, error) {
	f, err := l.once(p, path, how)
	if err == nil || how.Try {
		return f, l.refused(err)
	}
	if recovery := l.recover(p, path); recovery != nil && recovery != errMutantYoung {
		return sys.File{}, recovery
	}
	return sys.Retry(p, posixageBackoff(l.Config), nil, func() (sys.File, error) { return l.once(p, path, how) })
}

func (l *posixageLock) once(p *sys.Proc, path string, how lock.How) (sys.File, error) {
	f, err := l.open(p, path)
	if err != nil {
		return f, err
	}
	if err := posixageFlock(p, f, how); err != nil {
		_ = p.Close(f)
		return f, err
	}
	if err := l.confirm(p, f, path); err != nil {
		_, _ = p.Flock(f, sys.LOCK_UN), p.Close(f)
		return f, err
	}
	return f, nil
}

func posixageBackoff(c lock.Config) sys.Backoff {
	return sys.Backoff{Initial: c.Poll, Max: c.PollMax, Factor: 1.5}
}

func posixageOpen(p *sys.Proc, path string) (sys.File, error) {
	return p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_NOFOLLOW|sys.O_CLOEXEC, 0o600)
}

func posixageFlock(p *sys.Proc, f sys.File, how lock.How) error {
	if how.Shared {
		return p.Flock(f, sys.LOCK_SH|sys.LOCK_NB)
	}
	return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
}

func posixageRelease(p *sys.Proc, f sys.File, _ string) error {
	err := p.Flock(f, sys.LOCK_UN)
	_ = p.Close(f)
	return err
}

func posixageRefused(err error) error {
	if errors.Is(err, sys.EWOULDBLOCK) || errors.Is(err, errMutantInode) {
		return fmt.Errorf("%w: %w", lock.ErrBusy, err)
	}
	return err
}

func posixageRecover(p *sys.Proc, path string, stale time.Duration) error {
	st, err := p.Stat(path)
	if errors.Is(err, sys.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, stale) {
		return errMutantYoung
	}
	if err := p.Unlink(path); err != nil && !errors.Is(err, sys.ENOENT) {
		return err
	}
	return nil
}

func posixageVerify(p *sys.Proc, f sys.File, path string) error {
	open, err := p.Fstat(f)
	if err != nil {
		return err
	}
	named, err := p.Stat(path)
	if errors.Is(err, sys.ENOENT) || err == nil && !sys.SameFile(open, named) {
		return errMutantInode
	}
	return err
}

func verifyThenTouch(p *sys.Proc, f sys.File, path string) error {
	if err := posixageVerify(p, f, path); err != nil {
		return err
	}
	_ = p.Ftruncate(f, 0)
	return nil
}

func touchThenVerify(p *sys.Proc, f sys.File, path string) error {
	_ = p.Ftruncate(f, 0)
	return posixageVerify(p, f, path)
}

// The posixage family is violated as it is, where files grow old. So these
// start without a file, or work where a heartbeat keeps it young, or are about
// honesty, where v2a and v2 are clean from an old file too.
func posixageMutants() []mutant {
	v2a, v2 := mutantBase("posixage-v2a"), mutantBase("posixage-v2")
	long := []string{"lock work 31s unlock", "rest 30s lock inside unlock"}
	return []mutant{
		{
			name: "posixage-v2/no-heartbeat", changed: "no heartbeat",
			base: v2, property: "exclusion", works: long, limit: 10,
			new: newPosixage(true, func(l *posixageLock) { l.heartbeat = nil }),
		},
		{
			name: "posixage-v2/slow-heartbeat", changed: "the heartbeat comes every 40 s",
			base: v2, property: "exclusion", works: long, limit: 10,
			new: newPosixage(true, func(l *posixageLock) {
				l.heartbeat = func(p *sys.Proc, f sys.File, _ string) {
					for !p.Cancelled(40 * time.Second) {
						_ = p.Ftruncate(f, 0)
					}
				}
			}),
		},
		{
			name: "posixage-v2/heartbeat-ends", changed: "the first failure ends the heartbeat",
			base: v2, property: "exclusion", works: long, limit: 200, bounds: draw.Bounds{Budget: trial.Budget{Errors: 1}},
			new: newPosixage(true, func(l *posixageLock) {
				l.heartbeat = func(p *sys.Proc, f sys.File, path string) {
					for !p.Cancelled(l.Heartbeat) && p.Ftruncate(f, 0) == nil {
						_ = posixageVerify(p, f, path)
					}
				}
			}),
		},
		{
			name: "posixage-v2/heartbeat-renames", changed: "the heartbeat puts a new file in the place of the old",
			base: v2, property: "exclusion", works: long, limit: 10,
			new: newPosixage(true, func(l *posixageLock) {
				l.heartbeat = func(p *sys.Proc, _ sys.File, path string) {
					for !p.Cancelled(l.Heartbeat) {
						if f, err := posixageOpen(p, path+".new"); err == nil {
							_, _ = p.Close(f), p.Rename(path+".new", path, 0)
						}
					}
				}
			}),
		},
		{
			name: "posixage-v2/flag", changed: "the refused attempt is taken for a success",
			base: v2, property: "exclusion", limit: 200,
			new: newPosixage(true, func(l *posixageLock) { l.refused = func(error) error { return nil } }),
		},
		{
			name: "posixage-v2a/unlink-enoent", changed: "recovery returns that somebody else was quicker to unlink",
			base: v2a, property: "honesty", start: "idle", limit: 2000,
			new: newPosixage(false, func(l *posixageLock) {
				l.recover = func(p *sys.Proc, path string) error {
					st, err := p.Stat(path)
					switch {
					case err != nil:
						return nil
					case !p.Older(st.Mtime, l.Stale):
						return errMutantYoung
					}
					return p.Unlink(path)
				}
			}),
		},
		{
			name: "posixage-v2a/stat-enoent", changed: "recovery returns that the file is gone by the time of stat",
			base: v2a, property: "honesty", start: "idle", limit: 2000,
			new: newPosixage(false, func(l *posixageLock) {
				recover := l.recover
				l.recover = func(p *sys.Proc, path string) error {
					if _, err := p.Stat(path); err != nil {
						return err
					}
					return recover(p, path)
				}
			}),
		},
		{
			name: "posixage-v2/inode-error", changed: "a try that finds another file at the path does not call that busy",
			base: v2, property: "honesty", start: "idle", limit: 500,
			new: newPosixage(true, func(l *posixageLock) {
				l.refused = func(err error) error {
					if errors.Is(err, errMutantInode) {
						return err
					}
					return posixageRefused(err)
				}
			}),
		},
	}
}
