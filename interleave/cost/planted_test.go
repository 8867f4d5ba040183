//go:build linux && (amd64 || arm64)

package cost

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// planted are locks that measure in ways that no real one does.
var planted = []lock.Entry{
	{Name: "forking", New: func(lock.Config) lock.Lock { return lock.Func(forking) }},
	{Name: "telling", New: func(lock.Config) lock.Lock { return lock.Func(telling) }},
	{Name: "failing", New: func(lock.Config) lock.Lock { return lock.Func(failing) }},
	{Name: "panicking", New: func(lock.Config) lock.Lock { return lock.Func(panicking) }},
	{Name: "hanging", Waits: true, New: func(lock.Config) lock.Lock { return lock.Func(hanging) }},
	{Name: "aging", Waits: true, Defaults: lock.Config{Stale: 10 * time.Second, Poll: 50 * time.Millisecond},
		New: func(c lock.Config) lock.Lock { return lock.Func(aging(c)) }},
	{Name: "named", Waits: true, Defaults: lock.Config{Poll: time.Millisecond},
		New: func(c lock.Config) lock.Lock { return lock.Func(named(c)) }},
}

func findPlanted(name string) (lock.Entry, error) {
	for _, e := range planted {
		if e.Name == name {
			return e, nil
		}
	}
	return lock.Find(name)
}

// telling says that it is at work, and then is for long.
func telling(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	_ = p.Mkdir(path, 0o700)
	if os.Getenv(workerEnv) != "" { // and not when its calls are counted
		fmt.Fprint(os.Stderr, "at work")
	}
	p.Sleep(time.Hour)
	return nothing, nil
}

func nothing(*sys.Proc) error { return nil }

func forking(p *sys.Proc, _ string, _ lock.How) (lock.Release, error) {
	return nothing, p.Fork("child", func(*sys.Proc) {})
}

var errRotten = errors.New("rotten")

func failing(*sys.Proc, string, lock.How) (lock.Release, error) { return nil, errRotten }

func panicking(*sys.Proc, string, lock.How) (lock.Release, error) { panic("at the lock") }

// hanging waits for a flock of its own.
func hanging(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	for range 2 {
		f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err == nil {
			err = p.Flock(f, sys.LOCK_EX)
		}
		if err != nil {
			return nil, err
		}
	}
	return nothing, nil
}

// aging is a file made with O_EXCL, which counts for nothing once it is old.
func aging(c lock.Config) func(*sys.Proc, string, lock.How) (lock.Release, error) {
	return func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
		return sys.Retry(p, sys.Backoff{Initial: c.Poll}, nil, func() (lock.Release, error) {
			f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
			if err != nil {
				if st, err := p.Stat(path); err == nil && p.Older(st.Mtime, c.Stale) {
					_ = p.Unlink(path)
				}
				return nil, lock.ErrBusy
			}
			_ = p.Close(f)
			return func(p *sys.Proc) error { return p.Unlink(path) }, nil
		})
	}
}

// named is a symbolic link to its holder's number, which counts for nothing
// once there is no such process.
func named(c lock.Config) func(*sys.Proc, string, lock.How) (lock.Release, error) {
	return func(p *sys.Proc, path string, how lock.How) (lock.Release, error) {
		return sys.Retry(p, sys.Backoff{Initial: c.Poll}, nil, func() (lock.Release, error) {
			err := p.Symlink(p.Getpid().String(), path)
			if err == nil {
				return func(p *sys.Proc) error { return p.Unlink(path) }, nil
			}
			target, err := p.Readlink(path)
			if holder, ok := sys.ParsePID(target); err == nil && ok && !p.Alive(holder) {
				_ = p.Unlink(path)
			}
			return nil, lock.ErrBusy
		})
	}
}
