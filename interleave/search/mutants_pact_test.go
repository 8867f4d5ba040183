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

// A pactLock is pact-sidecar written out again, with its parts open to change.
type pactLock struct {
	lock.Config
	before  func(p *sys.Proc, path string)
	mode    int
	refused func(refusal, err error) error
	retries func(error) bool
	release func(p *sys.Proc, f sys.File, path string) error
	finally func(p *sys.Proc, f sys.File, path string) error // of a failed acquire
}

func newPact(change func(*pactLock)) func(lock.Config) lock.Lock {
	return func(c lock.Config) lock.Lock {
		l := &pactLock{Config: c, mode: sys.LOCK_EX | sys.LOCK_NB}
		l.before = func(*sys.Proc, string) {}
		l.retries = func(err error) bool { return errors.Is(err, sys.EWOULDBLOCK) }
		l.refused = func(refusal, err error) error {
			if errors.Is(err, sys.EWOULDBLOCK) {
				return fmt.Errorf("%w: %w", refusal, err)
			}
			return err
		}
		l.release = pactRelease
		l.finally = pactRelease
		if change != nil {
			change(l)
		}
		return l
	}
}

func pactRelease(p *sys.Proc, f sys.File, _ string) error {
	err := p.Flock(f, sys.LOCK_UN)
	if closing := p.Close(f); closing != nil {
		return closing
	}
	return err
}

func (l *pactLock) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	l.before(p, path)
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := l.flock(p, f, how); err != nil {
		if closing := l.finally(p, f, path); closing != nil {
			return nil, closing
		}
		return nil, err
	}
	return lock.Release(func(p *sys.Proc) error { return l.release(p, f, path) }), nil
}

func (l *pactLock) flock(p *sys.Proc, f sys.File, how lock.How) error {
	attempt := func() error { return p.Flock(f, l.mode) }
	if how.Try {
		return l.refused(lock.ErrBusy, attempt())
	}
	deadline := p.Deadline(l.Timeout)
	giveUp := func(err error) bool { return !l.retries(err) || p.Expired(deadline) }
	return l.refused(lock.ErrTimeout, p.Retry(sys.Backoff{Initial: l.Poll}, giveUp, attempt))
}

// aged removes a file that looks abandoned, as option A of PACT's issue 645.
func aged(p *sys.Proc, path string) {
	if st, err := p.Stat(path); err == nil && p.Older(st.Mtime, 30*time.Second) {
		_ = p.Unlink(path)
	}
}

func pactMutants() []mutant {
	base := mutantBase("pact-sidecar")
	outlasts := []string{"lock work 6s unlock", "lock work 6s unlock"}
	return []mutant{
		{
			name: "pact/open-on-timeout", changed: "goes on without the lock when the time is over",
			base: base, property: "exclusion", works: outlasts, limit: 10,
			new: newPact(func(l *pactLock) {
				refused := l.refused
				l.refused = func(refusal, err error) error {
					if refusal == lock.ErrTimeout && errors.Is(err, sys.EWOULDBLOCK) {
						return nil
					}
					return refused(refusal, err)
				}
			}),
		},
		{
			name: "pact/open-on-enolck", changed: "goes on without the lock where flock fails with ENOLCK",
			base: base, property: "exclusion", bounds: draw.Bounds{Budget: trial.Budget{Errors: 1}, MinClients: 2, MaxClients: 2}, limit: 200,
			new: newPact(func(l *pactLock) {
				refused := l.refused
				l.refused = func(refusal, err error) error {
					if errors.Is(err, sys.ENOLCK) {
						return nil
					}
					return refused(refusal, err)
				}
			}),
		},
		{
			name: "pact/ttl", changed: "removes a file of 30 s or older before it opens",
			base: base, property: "exclusion", start: "idle", limit: 200,
			new: newPact(func(l *pactLock) { l.before = aged }),
		},
		{
			name: "pact/flock-unlink", changed: "release gives the lock up, then unlinks the file",
			base: base, property: "exclusion", limit: 20,
			new: newPact(func(l *pactLock) {
				l.release = func(p *sys.Proc, f sys.File, path string) error {
					_, _ = p.Flock(f, sys.LOCK_UN), p.Unlink(path)
					return p.Close(f)
				}
			}),
		},
		{
			name: "pact/unlink-close", changed: "release unlinks the file, then closes",
			base: base, property: "exclusion", limit: 300,
			new: newPact(func(l *pactLock) {
				l.release = func(p *sys.Proc, f sys.File, path string) error {
					_ = p.Unlink(path)
					return pactRelease(p, f, path)
				}
			}),
		},
		{
			name: "pact/finally-unlink", changed: "a failed acquire tidies up: it unlinks the file",
			base: base, property: "exclusion", limit: 1000,
			works: []string{"lock inside unlock", "trylock inside unlock lock inside unlock"},
			new: newPact(func(l *pactLock) {
				l.finally = func(p *sys.Proc, f sys.File, path string) error {
					_ = p.Unlink(path)
					return pactRelease(p, f, path)
				}
			}),
		},
		{
			name: "pact/no-retry", changed: "EWOULDBLOCK is neither retried nor called a timeout",
			base: base, property: "honesty", limit: 30,
			new: newPact(func(l *pactLock) {
				l.retries = func(error) bool { return false }
				l.refused = func(_, err error) error { return err }
			}),
		},
		{
			name: "pact/unlock-early", changed: "LOCK_UN moved from release to acquire's end",
			base: base, property: "exclusion", limit: 100,
			new: func(c lock.Config) lock.Lock {
				return flow(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
					release, err := through(newPact(nil)(c), p, path, how)
					if err == nil {
						err = release(p)
					}
					return func(*sys.Proc) error { return nil }, err
				})
			},
		},
	}
}
