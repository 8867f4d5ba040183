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
// nothing between operations: what an acquire leaves is in its Release.
type Lock interface {
	// Acquire takes the lock at path, in the way that how says. It returns
	// what gives the lock up again. An error that is [ErrBusy] or [ErrTimeout]
	// says that somebody else has the lock; any other is a failure.
	Acquire(p *sys.Proc, path string, how How) (Release, error)
}

// A Release gives up what its Acquire took. It is called once, by a thread of
// the process that acquired.
type Release func(p *sys.Proc) error

// How says which way a lock is wanted. A lock that knows no readers takes
// Shared as exclusive; one that never waits takes every attempt as Try.
type How struct {
	Shared bool // with other readers
	Try    bool // now or not at all
}

// The two refusals that are no failures.
var (
	ErrBusy    = errors.New("busy")
	ErrTimeout = errors.New("timeout")
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
	New      func(Config) Lock
}
