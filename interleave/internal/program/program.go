// Package program is what the tests of interleave, and of the packages in its
// folder, share: clients written in a line each, and locks that are one function.
// Nothing but tests imports it.
package program

import (
	"fmt"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A TB is the part of testing.TB that is needed, which rapid's has as well.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Clients returns the clients of these lines, such as "p0: lock inside unlock".
func Clients(tb TB, lines ...string) []trial.Client {
	tb.Helper()
	var all []trial.Client
	for _, l := range lines {
		name, text, _ := strings.Cut(l, ": ")
		var c trial.Client
		if _, err := fmt.Sscanf(name, "p%d", &c.Proc); err != nil {
			tb.Fatalf("%s: %v", l, err)
		}
		_, c.Letter, _ = strings.Cut(name, ".")
		var err error
		if c.Work, err = trial.ParseWorkload(text); err != nil {
			tb.Fatalf("%s: %v", l, err)
		}
		all = append(all, c)
	}
	return all
}

// A Tiny is a lock written as the one function that it is, its Acquire. Its file
// is trial.Path.
type Tiny func(p *sys.Proc, how lock.How) (lock.Release, error)

// Acquire implements lock.Lock.
func (f Tiny) Acquire(p *sys.Proc, _ string, how lock.How) (lock.Held, error) {
	return lock.Func(func(p *sys.Proc, _ string, how lock.How) (lock.Release, error) { return f(p, how) }).Acquire(p, "", how)
}

// Trial returns a trial of the lock with the clients of these lines.
func (f Tiny) Trial(tb TB, lines ...string) *trial.Trial {
	tb.Helper()
	t := &trial.Trial{
		Lock:    lock.Entry{Name: "tiny", New: func(lock.Config) lock.Lock { return f }},
		Clients: Clients(tb, lines...),
	}
	if err := t.Validate(); err != nil {
		tb.Fatalf("%v", err)
	}
	return t
}

// Orphaning is the lock that other tools were measured with: open and flock; if
// checks, see that the file still has its name; what is done inside; unlink and
// close. One try, and who loses closes.
//
// "stat the path and compare inodes" is one step in those programs. As nobody
// renames, fstat tells the same in one call: the file has a name or has none.
// With twoCalls the check is fstat and stat.
func Orphaning(checks, twoCalls bool) Tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		if p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) != nil || checks && !named(p, f, twoCalls) {
			_ = p.Close(f)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error {
			_ = p.Unlink(trial.Path)
			return p.Close(f)
		}, nil
	}
}

// named reports whether the file still has its name.
func named(p *sys.Proc, f sys.File, twoCalls bool) bool {
	open, _ := p.Fstat(f)
	if !twoCalls {
		return p.Nlink(open) > 0
	}
	st, err := p.Stat(trial.Path)
	return err == nil && p.SameFile(open, st)
}
