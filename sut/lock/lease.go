package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The lease family is held while a file exists that is not old. It never waits,
// so How is not looked at. Nothing keeps the file young: who is inside for
// longer than the threshold has had the lock.

// leaseMtime removes an old file.
type leaseMtime struct{ Config }

func (l leaseMtime) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if err := leaseTake(p, path, "", l.Stale); err != nil {
		return nil, err
	}
	return exclRelease(path), nil
}

// leaseOwner writes into the file whose it is, and looks before it removes it.
// The id is the process's, as it is where two threads of one never compete.
type leaseOwner struct{ Config }

func (l leaseOwner) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	id := p.Getpid().String()
	if err := leaseTake(p, path, id, l.Stale); err != nil {
		return nil, err
	}
	return Release(func(p *sys.Proc) error { return leaseGive(p, path, id) }), nil
}

func leaseTake(p *sys.Proc, path, id string, stale time.Duration) error {
	return recoverOnce(
		func() error { return exclCreate(p, path, id) },
		func() error { return leaseRecover(p, path, stale) },
	)
}

// recoverOnce creates; where somebody has what it would create it recovers, and
// if that says nothing against it, creates once more.
func recoverOnce(create, recovery func() error) error {
	err := create()
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := recovery(); err != nil {
		return err
	}
	return exclRefused(create())
}

// leaseRecover removes whatever is at the path if what it saw there is old. It
// is content if somebody else removed it first.
func leaseRecover(p *sys.Proc, path string, stale time.Duration) error {
	st, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, stale) {
		return fmt.Errorf("%w: %s: %w", ErrBusy, path, fs.ErrExist)
	}
	if err := p.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// leaseGive removes the file if it says id, and says that the lock was lost if
// it does not or is gone. Between the two it may become another's.
func leaseGive(p *sys.Proc, path, id string) error {
	owner, err := leaseRead(p, path)
	if err == nil && owner != id {
		return fmt.Errorf("%w: %s is %s's", ErrLost, path, owner)
	}
	if err == nil {
		err = p.Unlink(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

func leaseRead(p *sys.Proc, path string) (string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	text, err := p.Read(f)
	_ = p.Close(f)
	return text, err
}

// There is no program whose threshold this would be.
var leaseDefaults = Config{Stale: 30 * time.Second}

var leaseEntries = []Entry{
	{
		Name:     "lease-mtime",
		About:    "the file's existence; removes a file of 30 s or older and tries once more",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Defaults: leaseDefaults,
		New:      func(c Config) Lock { return leaseMtime{c} },
	},
	{
		Name:     "lease-owner",
		About:    "as lease-mtime, but the file says whose it is, and its owner alone removes it at the release",
		Source:   "textbook",
		Claims:   []string{"exclusion", "recovery", "ownership", "honesty"},
		Defaults: leaseDefaults,
		New:      func(c Config) Lock { return leaseOwner{c} },
	},
}
