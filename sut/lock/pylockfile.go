package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The pylockfile family is lockfile for Python, by which a lock is a name and
// what tells whose it is another: a unique one, of the host, the process and the
// thread. Nothing is ever broken.

var pylockfileEntries = []Entry{
	{
		Name:     "pylockfile-symlink",
		About:    "a symbolic link to the unique name",
		Source:   "openstack/pylockfile 0.12.2, SymlinkLockFile",
		Claims:   []string{"exclusion", "ownership", "honesty", "disclosure"},
		Waits:    true,
		Defaults: pylockfileDefaults,
		New:      func(c Config) Lock { return pylockfileSymlink{c} },
	},
	{
		Name:     "pylockfile-link",
		About:    "a link to the file with the unique name",
		Source:   "openstack/pylockfile 0.12.2, LinkLockFile",
		Claims:   []string{"exclusion", "ownership", "honesty", "disclosure"},
		Waits:    true,
		Defaults: pylockfileDefaults,
		New:      func(c Config) Lock { return pylockfileLink{c} },
	},
	{
		Name:     "pylockfile-mkdir",
		About:    "a directory that has a file with the unique name in it",
		Source:   "openstack/pylockfile 0.12.2, MkdirLockFile",
		Claims:   []string{"exclusion", "ownership", "honesty", "disclosure"},
		Waits:    true,
		Defaults: pylockfileDefaults,
		New:      func(c Config) Lock { return pylockfileMkdir{c} },
	},
}

// Without a timeout it polls every 0.1 s for ever; How.Try is a timeout of 0.
var pylockfileDefaults = Config{Poll: 100 * time.Millisecond}

// What release raises: the lock is gone, or somebody else's.
var (
	errNotLocked = errors.New("NotLocked")
	errNotMyLock = errors.New("NotMyLock")
)

func pylockfileLost(err error) error { return fmt.Errorf("%w: %w", ErrLost, err) }

type pylockfileSymlink struct{ Config }

// Acquire implements Lock.
func (l pylockfileSymlink) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerNamed(p, func(unique string) (Held, error) {
		return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, unique, path) })
	})
}

// attempt takes any error of symlink to mean that the name is taken, and a link
// to its own name to be its own.
func (pylockfileSymlink) attempt(p *sys.Proc, unique, path string) (Held, error) {
	release := Release(func(p *sys.Proc) error { return pylockfileUnlink(p, unique, path) })
	if p.Symlink(unique, path) == nil {
		return release, nil
	}
	own, err := pylockfileOwns(p, unique, path)
	if err != nil {
		return nil, err
	}
	if !own {
		return nil, errTaken
	}
	return release, nil
}

// pylockfileOwns is i_am_locking. A link that goes between its two calls is an
// error.
func pylockfileOwns(p *sys.Proc, unique, path string) (bool, error) {
	if !pylockfileIsLink(p, path) {
		return false, nil
	}
	target, err := p.Readlink(path)
	return err == nil && target == unique, err
}

func pylockfileIsLink(p *sys.Proc, path string) bool {
	st, err := p.Lstat(path)
	return err == nil && p.KindOf(st) == sys.Symlink
}

func pylockfileUnlink(p *sys.Proc, unique, path string) error {
	if !pylockfileIsLink(p, path) {
		return pylockfileLost(errNotLocked)
	}
	own, err := pylockfileOwns(p, unique, path)
	if err != nil {
		return err
	}
	if !own {
		return pylockfileLost(errNotMyLock)
	}
	return p.Unlink(path)
}

type pylockfileLink struct{ Config }

// Acquire implements Lock.
func (l pylockfileLink) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerNamed(p, func(name string) (Held, error) { return l.lock(p, path+"."+name, path, how) })
}

func (l pylockfileLink) lock(p *sys.Proc, unique, path string, how How) (Held, error) {
	if err := pylockfileTouch(p, unique); err != nil {
		return nil, err
	}
	held, err := ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, unique, path) })
	if errors.Is(err, ErrBusy) {
		_ = p.Unlink(unique)
	}
	return held, err
}

// attempt takes any error of link to mean that the name is taken, unless the
// unique file has two names all the same.
func (pylockfileLink) attempt(p *sys.Proc, unique, path string) (Held, error) {
	if p.Link(unique, path) != nil {
		st, err := p.Stat(unique)
		if err != nil {
			return nil, err
		}
		if p.Nlink(st) != 2 {
			return nil, errTaken
		}
	}
	return Release(func(p *sys.Proc) error {
		if err := pylockfileMine(p, unique, path); err != nil {
			return err
		}
		if err := p.Unlink(unique); err != nil {
			return err
		}
		return p.Unlink(path)
	}), nil
}

type pylockfileMkdir struct{ Config }

// Acquire implements Lock.
func (l pylockfileMkdir) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerNamed(p, func(name string) (Held, error) {
		return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path+"/"+name, path) })
	})
}

// attempt leaves the directory behind if it cannot make the file in it.
func (pylockfileMkdir) attempt(p *sys.Proc, unique, path string) (Held, error) {
	err := p.Mkdir(path, 0o777)
	switch {
	case err == nil:
		err = pylockfileTouch(p, unique)
	case errors.Is(err, fs.ErrExist):
		if err = nil; !pylockfileExists(p, unique) {
			err = errTaken
		}
	}
	if err != nil {
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		if err := pylockfileMine(p, unique, path); err != nil {
			return err
		}
		if err := p.Unlink(unique); err != nil {
			return err
		}
		return p.Rmdir(path)
	}), nil
}

// pylockfileMine is how the release looks whether there is a lock, and whether
// it is its own: its unique file is there.
func pylockfileMine(p *sys.Proc, unique, path string) error {
	if !pylockfileExists(p, path) {
		return pylockfileLost(errNotLocked)
	}
	if !pylockfileExists(p, unique) {
		return pylockfileLost(errNotMyLock)
	}
	return nil
}

func pylockfileExists(p *sys.Proc, path string) bool {
	_, err := p.Stat(path)
	return err == nil
}

// pylockfileTouch makes the file, or empties it.
func pylockfileTouch(p *sys.Proc, path string) error {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC, 0o666)
	if err != nil {
		return err
	}
	return p.Close(f)
}
