package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The excl family is held while a name exists that only one can make. It never
// waits, so How is not looked at, and knows no age: a name that was left behind
// stays until somebody removes it by hand.

const exclFlags = sys.O_WRONLY | sys.O_CREAT | sys.O_EXCL | sys.O_CLOEXEC

// exclRefused calls the refusal by its name where somebody has the lock.
func exclRefused(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// exclCreate makes the file and writes the text into it, if there is one; or
// fails, and leaves none of its own behind.
func exclCreate(p *sys.Proc, path, text string) error {
	f, err := p.Open(path, exclFlags, 0o644)
	if err != nil {
		return err
	}
	if text != "" {
		err = p.Write(f, text)
	}
	if closing := p.Close(f); err == nil {
		err = closing
	}
	if err != nil {
		_ = p.Unlink(path)
	}
	return err
}

// exclRelease removes whatever is at the path.
func exclRelease(path string) Release {
	return func(p *sys.Proc) error { return p.Unlink(path) }
}

// excl is filelock's SoftFileLock, as it was in 3.9.
//
// The original keeps its descriptor until the release, looks first whether the
// file is there and read-only, and tries again every 50 ms. Left are the calls
// that decide: one attempt is one O_EXCL.
type excl struct{}

func (excl) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if err := exclCreate(p, path, ""); err != nil {
		return nil, exclRefused(err)
	}
	return Release(func(p *sys.Proc) error {
		// That the file is gone is fine, and so is any other error.
		_ = p.Unlink(path)
		return nil
	}), nil
}

// mkdirLock is what shell scripts do.
type mkdirLock struct{}

func (mkdirLock) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if err := p.Mkdir(path, 0o777); err != nil {
		return nil, exclRefused(err)
	}
	return Release(func(p *sys.Proc) error { return p.Rmdir(path) }), nil
}

// statRename looks, and then renames a file of its own to the path, so that
// nobody reads half of it. A rename never says that a file was there.
type statRename struct{}

func (statRename) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if err := exclAbsent(p, path); err != nil {
		return nil, err
	}
	id := p.Getpid().String()
	own := path + "." + id
	if err := exclCreate(p, own, id); err != nil {
		return nil, err
	}
	if err := p.Rename(own, path, 0); err != nil {
		_ = p.Unlink(own)
		return nil, err
	}
	return exclRelease(path), nil
}

// nfs2Excl is open(2) with O_EXCL on NFS version 2, whose protocol has no such
// thing: the client's kernel looks the name up, and then has the server create
// it, which opens a file that is there by then.
type nfs2Excl struct{}

func (nfs2Excl) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if err := exclAbsent(p, path); err != nil {
		return nil, err
	}
	f, err := p.Open(path, exclFlags&^sys.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	if err := p.Close(f); err != nil {
		return nil, err
	}
	return exclRelease(path), nil
}

// exclAbsent returns no error where the name is not there.
func exclAbsent(p *sys.Proc, path string) error {
	_, err := p.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %s: %w", ErrBusy, path, fs.ErrExist)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

var exclEntries = []Entry{
	{
		Name:   "excl",
		About:  "the file's existence; O_EXCL makes it or fails",
		Source: "tox-dev/filelock 3.9, SoftFileLock in src/filelock/_soft.py",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return excl{} },
	},
	{
		Name:   "git-lockfile",
		About:  "the file's existence; what is written into it becomes the data file by a rename",
		Source: "git/git, lockfile.c and tempfile.c",
		Claims: []string{"exclusion", "update", "honesty"},
		New:    func(Config) Lock { return gitLockfile{} },
	},
	{
		Name:   "mkdir",
		About:  "a directory's existence",
		Source: "textbook",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return mkdirLock{} },
	},
	{
		Name:   "stat-rename",
		About:  "the file's existence; looks whether it is there, then renames one to it",
		Source: "textbook",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return statRename{} },
	},
	{
		Name:   "nfs2-excl",
		About:  "the file's existence; O_EXCL as NFS version 2 does it, which looks and then creates",
		Source: "textbook; open(2), O_EXCL",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return nfs2Excl{} },
	},
}
