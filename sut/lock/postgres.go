package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// postgres is CreateLockFile of PostgreSQL, as a postmaster takes its data
// directory by it. What makes that safe besides, a segment of shared memory
// whose users are counted, is left out, as are what else is in the file and its
// fsync.
//
// It never waits. The original goes back to its first step up to a hundred
// times, and here there is no such limit.
type postgres struct{}

var errPostgresEmpty = errors.New("lock file is empty: either another server is starting, " +
	"or the lock file is the remnant of a previous server startup crash")

// Acquire implements Lock.
func (l postgres) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	return ownerRounds(p, func() (Held, error) { return l.attempt(p, path) })
}

func (postgres) attempt(p *sys.Proc, path string) (Held, error) {
	own := p.Getpid()
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o600)
	if err == nil {
		if err := ownerWrite(p, f, own.String()); err != nil {
			_ = p.Unlink(path)
			return nil, err
		}
		return ownerRelease(path), nil
	}
	if !errors.Is(err, fs.ErrExist) && !errors.Is(err, sys.EACCES) {
		return nil, err
	}
	text, err := ownerRead(p, path)
	if err != nil {
		return nil, pidGone(err) // it is gone: a race, so try again
	}
	if err := postgresDead(p, text, own); err != nil {
		return nil, err
	}
	// Here a file that is gone is fatal.
	if err := p.Unlink(path); err != nil {
		return nil, fmt.Errorf("could not remove old lock file: %w", err)
	}
	return nil, errAgain
}

// postgresDead returns nil if the file's owner is not there any more. The
// number of the process itself can only be that of an earlier one, before the
// machine was started again: the original has no two threads that do this.
func postgresDead(p *sys.Proc, text string, own sys.PID) error {
	pid, named := sys.ParsePID(text)
	switch {
	case text == "":
		return errPostgresEmpty
	case !named:
		return fmt.Errorf("bogus data in lock file: %q", text)
	case pid == own:
		return nil
	case p.Alive(pid):
		return errTaken
	}
	return nil
}
