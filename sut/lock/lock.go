// Package lock holds the locks under test: real code against [sys.Proc], one
// file a family, one line of the registry a lock.
//
// A lock here is what its authors wrote, call by call: the order of the calls,
// their flags, thresholds, retries and the errors that are swallowed. It is
// plain Go, to be read beside its description; what it gets wrong stays wrong.
// Of Go's library a lock uses neither os, sync, context nor a clock: whatever
// could differ between two runs goes through its Proc.
package lock

import (
	"errors"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Lock is one implementation under test, as one client uses it. It keeps
// nothing between operations: what an acquire leaves is in its Held.
type Lock interface {
	// Acquire takes the lock at path, in the way that how says. It returns
	// what gives the lock up again. An error that is [ErrBusy] or [ErrTimeout]
	// says that somebody else has the lock; any other is a failure.
	Acquire(p *sys.Proc, path string, how How) (Held, error)
}

// A Held is a lock that was acquired. What more it can do it says by being a
// [Converter] or a [Guard].
type Held interface {
	// Release gives the lock up. It is called once, by a thread of the process
	// that acquired, or by a child that the process forked. An error that is
	// [ErrLost] says that the lock was somebody else's before.
	Release(p *sys.Proc) error
}

// A Release is a Held that can be released and no more.
type Release func(p *sys.Proc) error

// Release implements Held.
func (r Release) Release(p *sys.Proc) error { return r(p) }

// A Func is a lock written as the one function that it is, its Acquire.
type Func func(p *sys.Proc, path string, how How) (Release, error)

// Acquire implements Lock.
func (f Func) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	release, err := f(p, path, how)
	if err != nil {
		return nil, err
	}
	return release, nil
}

// A Converter is a Held that can be made shared, or exclusive. Where that fails
// with [ErrBusy] it is held as before.
type Converter interface {
	Held
	Convert(p *sys.Proc, how How) error
}

// A Guard is a Held that the guarded data is reached through: it is in the lock
// file, or is written at the release.
type Guard interface {
	Held
	Read(p *sys.Proc) (string, error)
	Write(p *sys.Proc, data string) error
}

// How says which way a lock is wanted. A lock that knows no readers takes
// Shared as exclusive; one that never waits takes every attempt as Try.
type How struct {
	Shared bool // with other readers
	Try    bool // now or not at all
}

// The two refusals that are no failures, and what a holder is told that lost the
// lock.
var (
	ErrBusy    = errors.New("busy")
	ErrTimeout = errors.New("timeout")
	ErrLost    = errors.New("lost")
)

// An Entry is a lock's line in the registry.
type Entry struct {
	Name     string
	About    string   // what it is, in a line
	Source   string   // where it comes from, in a line
	Claims   []string // the properties that its authors claim
	Readers  bool     // it knows shared locks
	Waits    bool     // Acquire without Try waits for its turn, for Timeout if it has one
	Defaults Config   // the real durations
	Setting  Setting  // what belongs to it besides
	New      func(Config) Lock
}

// A Setting is what a lock is used with, where that is part of what it is: a
// program that its client starts, a janitor. The zero Setting is a client that
// acquires and releases.
type Setting struct {
	// Acquisition is what a client does in the place of "lock inside unlock",
	// in the words of a workload.
	Acquisition string

	// Beside is the workload of one more client, which has a process of its
	// own; with Within it is a thread of the first client's.
	Beside string
	Within bool
}
