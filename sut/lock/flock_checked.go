package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// errFlockRemoved says that the file that was locked is not the lock's any more.
// To a single try it is a refusal.
var errFlockRemoved = fmt.Errorf("%w: lock file was removed", ErrBusy)

// A flockCheck returns errFlockRemoved if the file that f has locked was removed.
type flockCheck func(p *sys.Proc, f sys.File, path string) error

// flockTakeChecked takes the lock on a file that passes the check; one that was
// removed is let go, and it begins anew. A single try does so once; Nix's and
// lockgate's go round as often as it takes.
func flockTakeChecked(p *sys.Proc, path string, how How, check flockCheck) (sys.File, error) {
	giveUp := func(err error) bool { return how.Try || !errors.Is(err, errFlockRemoved) }
	return sys.Retry(p, sys.Backoff{}, giveUp, func() (sys.File, error) {
		return flockTryChecked(p, path, how, check)
	})
}

// flockTryChecked returns the descriptor that has the lock, or leaves none
// behind.
func flockTryChecked(p *sys.Proc, path string, how How, check flockCheck) (sys.File, error) {
	f, err := flockTake(p, path, how)
	if err != nil {
		return sys.File{}, err
	}
	if err := check(p, f, path); err != nil {
		_ = p.Close(f)
		return sys.File{}, err
	}
	return f, nil
}

func flockTakeRechecked(p *sys.Proc, path string, how How) (sys.File, error) {
	return flockTakeChecked(p, path, how, flockAtPath)
}

// flockAtPath is the check that the path leads to the file.
func flockAtPath(p *sys.Proc, f sys.File, path string) error {
	open, err := p.Fstat(f)
	if err != nil {
		return err
	}
	named, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !p.SameFile(open, named) {
		return errFlockRemoved
	}
	return err
}

// flockHasName is the check that some path leads to the file.
func flockHasName(p *sys.Proc, f sys.File, _ string) error {
	st, err := p.Fstat(f)
	if err == nil && p.Nlink(st) == 0 {
		return errFlockRemoved
	}
	return err
}

// flockUnmarked is the check that nobody wrote into the file.
func flockUnmarked(p *sys.Proc, f sys.File, _ string) error {
	st, err := p.Fstat(f)
	if err == nil && p.Size(st) != 0 {
		return errFlockRemoved
	}
	return err
}
