package search_test

import (
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// newPosixageV1 is posixage-v1 written out again; recover says what becomes of
// a file whose flock was refused.
func newPosixageV1(recover func(p *sys.Proc, f sys.File, path string, stale time.Duration) error) func(lock.Config) lock.Lock {
	if recover == nil {
		recover = recoverOpen
	}
	return func(c lock.Config) lock.Lock {
		return flow(func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
			f, err := posixageOpen(p, path)
			if err != nil {
				return nil, err
			}
			if err = posixageFlock(p, f, how); err != nil && how.Try {
				_ = p.Close(f)
				return nil, posixageRefused(err)
			}
			if err != nil {
				if recovery := recover(p, f, path, c.Stale); recovery != nil && recovery != errMutantYoung {
					return nil, recovery
				}
				if f, err = posixageOpen(p, path); err != nil {
					return nil, err
				}
				waiting := f
				_ = p.Retry(posixageBackoff(c), nil, func() error { return posixageFlock(p, waiting, how) })
			}
			_ = p.Ftruncate(f, 0)
			return func(p *sys.Proc) error { return posixageRelease(p, f, path) }, nil
		})
	}
}

func recoverOpen(p *sys.Proc, f sys.File, path string, stale time.Duration) error {
	st, err := p.Fstat(f)
	_ = p.Close(f)
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, stale) {
		return errMutantYoung
	}
	return p.Unlink(path)
}

func posixageV1Mutants() []mutant {
	base := mutantBase("posixage-v1")
	return []mutant{
		{
			name: "posixage-v1/no-age", changed: "recovery does not look at the file's age",
			base: base, property: "exclusion", limit: 100,
			new: newPosixageV1(func(p *sys.Proc, f sys.File, path string, _ time.Duration) error {
				_, _ = p.Close(f), p.Unlink(path)
				return nil
			}),
		},
		{
			name: "posixage-v1/unit", changed: "milliseconds for seconds in the threshold",
			base: base, property: "exclusion", limit: 10, works: []string{"lock work 2s unlock", "rest 1s lock inside unlock"},
			new: newPosixageV1(func(p *sys.Proc, f sys.File, path string, stale time.Duration) error {
				return recoverOpen(p, f, path, stale/time.Second*time.Millisecond)
			}),
		},
	}
}
