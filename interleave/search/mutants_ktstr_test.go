package search_test

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A ktstrLock is ktstr-try or ktstr-block written out again, with its parts open to
// change. (That it refuses remote file systems is left out: there are none.)
type ktstrLock struct {
	open    func(p *sys.Proc, path string) (sys.File, error)
	mode    func(lock.How) int
	flock   func(p *sys.Proc, f sys.File, mode int) error
	refused func(error) error
	release func(p *sys.Proc, f sys.File, path string)
}

func newKtstr(blocks bool, change func(*ktstrLock)) func(lock.Config) lock.Lock {
	l := &ktstrLock{
		open:  ktstrOpen,
		flock: func(p *sys.Proc, f sys.File, mode int) error { return p.Flock(f, mode) },
		mode: func(how lock.How) int {
			mode := sys.LOCK_EX
			if how.Shared {
				mode = sys.LOCK_SH
			}
			if !blocks || how.Try {
				mode |= sys.LOCK_NB
			}
			return mode
		},
		refused: func(err error) error {
			if errors.Is(err, sys.EWOULDBLOCK) {
				return fmt.Errorf("%w: %w", lock.ErrBusy, err)
			}
			return err
		},
		release: func(p *sys.Proc, f sys.File, _ string) { _ = p.Close(f) },
	}
	if change != nil {
		change(l)
	}
	return func(lock.Config) lock.Lock { return l }
}

func (l *ktstrLock) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	f, err := l.open(p, path)
	if err != nil {
		return nil, err
	}
	if err := l.flock(p, f, l.mode(how)); err != nil {
		_ = p.Close(f)
		return nil, l.refused(err)
	}
	return lock.Release(func(p *sys.Proc) error { l.release(p, f, path); return nil }), nil
}

func ktstrOpen(p *sys.Proc, path string) (sys.File, error) {
	target := path
	if _, err := p.Stat(path); err != nil {
		target = "."
	}
	_, _ = p.Statfs(target)
	return p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o666)
}

func ktstrMutants() []mutant {
	try, block := mutantBase("ktstr-try"), mutantBase("ktstr-block")
	oneError := draw.Bounds{Budget: trial.Budget{Errors: 1}, MinClients: 2, MaxClients: 2}
	return []mutant{
		{
			name: "ktstr-try/shared", changed: "LOCK_SH for LOCK_EX",
			base: try, property: "exclusion", limit: 50,
			new: newKtstr(false, func(l *ktstrLock) {
				l.mode = func(lock.How) int { return sys.LOCK_SH | sys.LOCK_NB }
			}),
		},
		{
			name: "ktstr-try/swallow", changed: "flock's refusal is swallowed",
			base: try, property: "exclusion", limit: 50,
			new: newKtstr(false, func(l *ktstrLock) {
				l.flock = func(p *sys.Proc, f sys.File, mode int) error { _ = p.Flock(f, mode); return nil }
			}),
		},
		{
			name: "ktstr-try/open-on-enolck", changed: "any other error than EWOULDBLOCK counts as success",
			base: try, property: "exclusion", bounds: oneError, limit: 300,
			new: newKtstr(false, func(l *ktstrLock) {
				l.flock = func(p *sys.Proc, f sys.File, mode int) error {
					if err := p.Flock(f, mode); errors.Is(err, sys.EWOULDBLOCK) {
						return err
					}
					return nil
				}
			}),
		},
		{
			name: "ktstr-try/unlink-close", changed: "release unlinks the file, then closes",
			base: try, property: "exclusion", limit: 100,
			new: newKtstr(false, func(l *ktstrLock) {
				l.release = func(p *sys.Proc, f sys.File, path string) { _ = p.Unlink(path); _ = p.Close(f) }
			}),
		},
		{
			name: "ktstr-try/upgrade", changed: "takes LOCK_SH and converts it, and ignores that the conversion failed",
			base: try, property: "exclusion", limit: 20,
			new: newKtstr(false, func(l *ktstrLock) {
				l.flock = func(p *sys.Proc, f sys.File, mode int) error {
					if err := p.Flock(f, sys.LOCK_SH|sys.LOCK_NB); err != nil {
						return err
					}
					if mode&sys.LOCK_EX != 0 {
						_ = p.Flock(f, mode)
					}
					return nil
				}
			}),
		},
		{
			name: "ktstr-try/reader-without-file", changed: "a reader that finds no file reads without a lock",
			base: try, property: "exclusion", limit: 300,
			new: func(c lock.Config) lock.Lock {
				return flow(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
					if how.Shared {
						if _, err := p.Stat(path); errors.Is(err, sys.ENOENT) {
							return func(*sys.Proc) error { return nil }, nil
						}
					}
					return through(newKtstr(false, nil)(c), p, path, how)
				})
			},
		},
		{
			name: "ktstr-try/not-busy", changed: "EWOULDBLOCK is returned as an error like any other",
			base: try, property: "honesty", limit: 50,
			new: newKtstr(false, func(l *ktstrLock) { l.refused = func(err error) error { return err } }),
		},
		{
			name: "ktstr-try/no-creat", changed: "O_CREAT dropped where stat saw the file, which somebody outside may remove",
			base: try, property: "honesty", start: "idle", limit: 50,
			bounds: draw.Bounds{Budget: trial.Budget{Unlinks: 1}},
			new: newKtstr(false, func(l *ktstrLock) {
				l.open = func(p *sys.Proc, path string) (sys.File, error) {
					if _, err := p.Stat(path); err == nil {
						return p.Open(path, sys.O_RDWR|sys.O_CLOEXEC, 0)
					}
					return p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o666)
				}
			}),
		},
		{
			name: "ktstr-block/close-unlink", changed: "release closes, then unlinks the file",
			base: block, property: "exclusion", limit: 50,
			new: newKtstr(true, func(l *ktstrLock) {
				l.release = func(p *sys.Proc, f sys.File, path string) { _ = p.Close(f); _ = p.Unlink(path) }
			}),
		},
		{
			name: "ktstr-block/eintr", changed: "an interrupted wait counts as success",
			base: block, property: "exclusion", bounds: oneError, limit: 2000,
			new: newKtstr(true, func(l *ktstrLock) {
				l.flock = func(p *sys.Proc, f sys.File, mode int) error {
					err := p.Flock(f, mode)
					if errors.Is(err, sys.EINTR) {
						return nil
					}
					return err
				}
			}),
		},
		{
			name: "ktstr-block/closed-early", changed: "the descriptor is closed when acquire returns",
			base: block, property: "exclusion", limit: 30,
			new: newKtstr(true, func(l *ktstrLock) {
				l.flock = func(p *sys.Proc, f sys.File, mode int) error {
					defer func() { _ = p.Close(f) }()
					return p.Flock(f, mode)
				}
				l.release = func(p *sys.Proc, f sys.File, path string) { _, _ = p.Stat(path) }
			}),
		},
		{
			name: "ktstr-block/one-descriptor", changed: "the threads of a process share the descriptor",
			base: block, property: "exclusion", limit: 100,
			bounds: draw.Bounds{Threads: 2, MinClients: 2, MaxClients: 2},
			new: func(c lock.Config) lock.Lock {
				var once *sys.File
				return newKtstr(true, func(l *ktstrLock) {
					l.open = func(p *sys.Proc, path string) (sys.File, error) {
						if once != nil {
							return *once, nil
						}
						f, err := ktstrOpen(p, path)
						if err == nil {
							once = &f
						}
						return f, err
					}
					l.release = func(p *sys.Proc, f sys.File, _ string) { _ = p.Flock(f, sys.LOCK_UN) }
				})(c)
			},
		},
	}
}
