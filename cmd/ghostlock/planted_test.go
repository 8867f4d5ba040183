//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Locks that are not fit to be explored. The registry does not show them: the
// tests' binary is the tool with these locks where plantedEnv is set.

const plantedEnv = "GHOSTLOCK_TEST_PLANTED"

// findPlanted finds them, and those of the registry.
func findPlanted(name string) (lock.Entry, error) {
	if l := planted[name]; l != nil {
		return lock.Entry{
			Name: name, Claims: []string{"exclusion", "honesty"}, New: func(lock.Config) lock.Lock { return l },
		}, nil
	}
	return lock.Find(name)
}

// A plant is a lock written as the one function that it is.
type plant func(p *sys.Proc, path string) (lock.Release, error)

// Acquire implements lock.Lock.
func (f plant) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	return lock.Func(func(p *sys.Proc, path string, _ lock.How) (lock.Release, error) { return f(p, path) }).Acquire(p, path, how)
}

var planted = map[string]plant{
	"endless":    endless,
	"hungry":     hungry,
	"recursive":  recursive,
	"opening":    opening,
	"polling":    polling,
	"fickle":     fickle,
	"panicking":  panicking,
	"late-crash": lateCrash,
}

// idle is work that no compiler removes.
var idle int

// endless never ends and makes no call.
func endless(p *sys.Proc, path string) (lock.Release, error) {
	if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600); err != nil {
		return nil, err
	}
	for {
		idle++
	}
}

var hoard [][]byte

// hungry allocates for ever.
func hungry(p *sys.Proc, path string) (lock.Release, error) {
	if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600); err != nil {
		return nil, err
	}
	for {
		more := make([]byte, 1<<20)
		for i := range more {
			more[i] = byte(i)
		}
		hoard = append(hoard, more)
	}
}

// recursive calls itself for ever.
func recursive(p *sys.Proc, path string) (lock.Release, error) {
	if path == "" {
		return nil, lock.ErrBusy
	}
	release, err := recursive(p, path)
	idle++
	return release, err
}

// opening opens descriptors without end.
func opening(p *sys.Proc, path string) (lock.Release, error) {
	for {
		if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600); err != nil {
			return nil, err
		}
	}
}

// polling waits in a loop that is not told to the seam.
func polling(p *sys.Proc, path string) (lock.Release, error) {
	for {
		f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
		if err == nil {
			return func(p *sys.Proc) error { return p.Unlink(path) }, p.Close(f)
		}
		p.Sleep(10 * time.Millisecond)
	}
}

var attempts int

// fickle does something else each time.
func fickle(p *sys.Proc, path string) (lock.Release, error) {
	if attempts++; attempts%3 == 0 {
		return nil, p.Unlink(path)
	}
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
	return func(p *sys.Proc) error { return p.Close(f) }, err
}

func panicking(p *sys.Proc, path string) (lock.Release, error) {
	if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600); err == nil {
		panic("out of luck")
	}
	return nil, lock.ErrBusy
}

// lateCrash is fit where no file is there.
func lateCrash(p *sys.Proc, path string) (lock.Release, error) {
	if _, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600); err != nil {
		panic("there is a file")
	}
	return func(p *sys.Proc) error { return p.Unlink(path) }, nil
}

// newPlantedBench returns a bench whose tool has the planted locks.
func newPlantedBench(t testing.TB) *bench {
	t.Helper()
	b := newBench(t)
	b.env = append(b.env, plantedEnv+"=1")
	if err := errors.Join(os.Remove(b.tool), os.Link(plantedTool, b.tool)); err != nil {
		t.Fatal(err)
	}
	return b
}

// copySelf copies the test binary. That is done once, before any test runs: a
// file that some thread writes while another forks cannot be run for a moment.
func copySelf(path string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
