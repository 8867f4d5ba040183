package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The ctx family is the lock of ActiveMemory/ctx's connect sync: it is held
// while the file exists. It never waits, so How is not looked at, and knows no
// owner and no age: a file that was left behind stays until somebody removes
// it by hand.
//
// The original first makes the directory of the lock file (mkdir -p). That is
// the trial's directory, which exists, so there is no call here. Its files are
// opened with os.OpenFile, which adds O_CLOEXEC.

// ctxV0 is the version before PR #113: look, then write. What the original
// does next, reading its state file, comes after the lock and is left out.
type ctxV0 struct{}

func (ctxV0) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	// Any error of stat, not only ENOENT, is taken to mean that it is free.
	if _, err := p.Stat(path); err == nil {
		return nil, fmt.Errorf("%w: %w", ErrBusy, fs.ErrExist)
	}
	if err := ctxWriteFile(p, path, "lock"); err != nil {
		return nil, err
	}
	return ctxRelease(path), nil
}

// ctxWriteFile is os.WriteFile. When it fails, a file that it made stays.
func ctxWriteFile(p *sys.Proc, path, content string) error {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	err = p.Write(f, content)
	if closing := p.Close(f); err == nil {
		err = closing
	}
	return err
}

// ctxV1 is the first commit of PR #113 (9e60ec8e): O_EXCL decides. Where the file
// was made and cannot be closed the caller is told of a failure, and the file
// stays: nobody has the lock, and nobody can get it.
type ctxV1 struct{}

func (ctxV1) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	f, err := ctxCreate(p, path, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: %w", ErrBusy, fs.ErrExist)
	}
	if err != nil {
		return nil, err
	}
	if err := p.Close(f); err != nil {
		return nil, err
	}
	return ctxRelease(path), nil
}

// ctxV2 is PR #113 as of c85a52db: a file that cannot be closed is removed
// again.
type ctxV2 struct{}

func (ctxV2) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	err := ctxTryLock(p, path, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: connect sync already in progress; "+
			"if no sync is running, remove the stale lock %s: %w", ErrBusy, path, fs.ErrExist)
	}
	if err != nil {
		return nil, err
	}
	return ctxRelease(path), nil
}

// ctxTryLock is SafeTryLock as of c85a52db. That the file is there already is
// fs.ErrExist.
func ctxTryLock(p *sys.Proc, path string, mode uint32) error {
	f, err := ctxCreate(p, path, mode)
	if err != nil {
		return err
	}
	if err := p.Close(f); err != nil {
		_ = p.Unlink(path)
		return err
	}
	return nil
}

func ctxCreate(p *sys.Proc, path string, mode uint32) (sys.File, error) {
	return p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, mode)
}

// ctxRelease removes whatever is at the path. In v0 any error is a warning in
// the log and no more; in v1 and v2 any but ENOENT, which is not even that.
func ctxRelease(path string) Release {
	return func(p *sys.Proc) error {
		_ = p.Unlink(path)
		return nil
	}
}
