package lock

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The ktstr family is the primitives of ktstr's src/flock: flock on a file
// that is never written and never removed, and that close alone gives up.

// ktstrTry is try_flock: one attempt.
type ktstrTry struct{}

func (ktstrTry) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := ktstrOpen(p, path)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, ktstrMode(how)|sys.LOCK_NB); err != nil {
		ktstrDrop(p, f)
		if errors.Is(err, sys.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return nil, err
	}
	return ktstrRelease(f), nil
}

// ktstrBlock is block_flock: it waits in the kernel. An interrupted wait
// (EINTR) is an error as any other.
type ktstrBlock struct{}

func (ktstrBlock) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	if how.Try {
		// block_flock has no such mode; its callers use try_flock.
		return ktstrTry{}.Acquire(p, path, how)
	}
	f, err := ktstrOpen(p, path)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, ktstrMode(how)); err != nil {
		ktstrDrop(p, f)
		return nil, err
	}
	return ktstrRelease(f), nil
}

func ktstrMode(how How) int {
	if how.Shared {
		return sys.LOCK_SH
	}
	return sys.LOCK_EX
}

func ktstrOpen(p *sys.Proc, path string) (sys.File, error) {
	if err := ktstrRejectRemote(p, path); err != nil {
		return sys.File{}, err
	}
	return p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o666)
}

// ktstrRejectRemote refuses file systems on which flock is not to be relied
// upon. An error of stat means that the file is not there, so the directory is
// asked; an error of statfs is left to open to find again; a file system that
// it does not know is fine.
func ktstrRejectRemote(p *sys.Proc, path string) error {
	target := path
	if _, err := p.Stat(path); err != nil {
		target = ktstrParent(path)
	}
	magic, err := p.Statfs(target)
	if err != nil {
		return nil
	}
	if name, remote := ktstrRemote[magic]; remote {
		return fmt.Errorf("%s: %s is not supported for ktstr lockfiles", path, name)
	}
	return nil
}

var ktstrRemote = map[int64]string{
	sys.MagicNFS:  "NFS",
	sys.MagicCIFS: "CIFS/SMB",
	sys.MagicSMB2: "CIFS/SMB",
	sys.MagicCeph: "CephFS",
	sys.MagicAFS:  "AFS",
	sys.MagicFUSE: "FUSE",
}

// ktstrParent returns the directory that the path is in. The original's paths
// are absolute; ours begin in the trial's directory, which is ".".
func ktstrParent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "."
}

// ktstrDrop is the drop of an OwnedFd, which has no way to fail.
func ktstrDrop(p *sys.Proc, f sys.File) { _ = p.Close(f) }

// ktstrRelease is that drop and nothing else: there is no LOCK_UN.
func ktstrRelease(f sys.File) Release {
	return func(p *sys.Proc) error {
		ktstrDrop(p, f)
		return nil
	}
}
