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

// A ctxLock is ctx-v2 written out again, with its parts open to change.
type ctxLock struct {
	before func(p *sys.Proc, path string)
	flags  int
	failed func(p *sys.Proc, path string, err error) error // what becomes of open's error
	close  func(p *sys.Proc, f sys.File, path string) error
}

func newCtx(change func(*ctxLock)) func(lock.Config) lock.Lock {
	l := &ctxLock{
		before: func(*sys.Proc, string) {},
		flags:  sys.O_WRONLY | sys.O_CREAT | sys.O_EXCL | sys.O_CLOEXEC,
		failed: func(_ *sys.Proc, _ string, err error) error {
			if errors.Is(err, sys.EEXIST) {
				return fmt.Errorf("%w: %w", lock.ErrBusy, err)
			}
			return err
		},
		close: func(p *sys.Proc, f sys.File, path string) error {
			err := p.Close(f)
			if err != nil {
				_ = p.Unlink(path)
			}
			return err
		},
	}
	if change != nil {
		change(l)
	}
	return func(lock.Config) lock.Lock { return l }
}

func (l *ctxLock) Acquire(p *sys.Proc, path string, _ lock.How) (lock.Held, error) {
	l.before(p, path)
	f, err := p.Open(path, l.flags, 0o644)
	if err != nil {
		return nil, l.failed(p, path, err)
	}
	if err := l.close(p, f, path); err != nil {
		return nil, err
	}
	return lock.Release(func(p *sys.Proc) error { _ = p.Unlink(path); return nil }), nil
}

func ctxMutants() []mutant {
	base := mutantBase("ctx-v2")
	return []mutant{
		{
			name: "ctx-v2/no-excl", changed: "stat looks whether the file is there; O_EXCL dropped",
			base: base, property: "exclusion", limit: 30,
			new: func(c lock.Config) lock.Lock {
				plain := newCtx(func(l *ctxLock) { l.flags &^= sys.O_EXCL })(c)
				return flow(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
					if _, err := p.Stat(path); err == nil {
						return nil, lock.ErrBusy
					}
					return through(plain, p, path, how)
				})
			},
		},
		{
			name: "ctx-v2/cleanup", changed: "a failed acquire unlinks the file, although it is somebody else's",
			base: base, property: "exclusion", limit: 50,
			new: newCtx(func(l *ctxLock) {
				failed := l.failed
				l.failed = func(p *sys.Proc, path string, err error) error {
					_ = p.Unlink(path)
					return failed(p, path, err)
				}
			}),
		},
		{
			name: "ctx-v2/ttl", changed: "removes a file of 30 s or older before it tries",
			base: base, property: "exclusion", start: "leftover", limit: 100,
			new: newCtx(func(l *ctxLock) { l.before = aged }),
		},
		{
			name: "ctx-v2/ttl-kill", changed: "removes a file of 1 s or older: what a client that was killed leaves",
			base: base, property: "exclusion", limit: 1000,
			bounds: draw.Bounds{Budget: trial.Budget{Kills: 1}, Work: time.Millisecond, MinClients: 3, MaxClients: 3},
			new: newCtx(func(l *ctxLock) {
				l.before = func(p *sys.Proc, path string) {
					if st, err := p.Stat(path); err == nil && p.Older(st.Mtime, time.Second) {
						_ = p.Unlink(path)
					}
				}
			}),
		},
		{
			name: "ctx-v2/steal", changed: "takes the place of a holder that has worked for 30 s, and release asks nobody whose file it is",
			base: base, property: "exclusion", limit: 10,
			works: []string{"lock work 31s unlock", "rest 30s lock inside unlock"},
			new:   newCtx(func(l *ctxLock) { l.before = aged }),
		},
		{
			name: "ctx-v2/close-swallowed", changed: "a failed close removes the file and is then forgotten",
			base: base, property: "exclusion", bounds: draw.Bounds{Budget: trial.Budget{Errors: 1}}, limit: 1000,
			new: newCtx(func(l *ctxLock) {
				l.close = func(p *sys.Proc, f sys.File, path string) error {
					if p.Close(f) != nil {
						_ = p.Unlink(path)
					}
					return nil
				}
			}),
		},
		{
			name: "ctx-v2/who", changed: "reads who has the lock for its message; that the file is gone by then is an error",
			base: base, property: "honesty", limit: 20,
			new: newCtx(func(l *ctxLock) {
				failed := l.failed
				l.failed = func(p *sys.Proc, path string, err error) error {
					f, reading := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
					if reading != nil {
						return reading
					}
					_, _ = p.Read(f)
					_ = p.Close(f)
					return failed(p, path, err)
				}
			}),
		},
	}
}
