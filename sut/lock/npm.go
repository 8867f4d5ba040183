package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The npm family is lockfile of npm: it is held while the file exists. Without
// the options wait and retries it never waits, so How is not looked at.
//
// It looks at the ctime, which here the mtime stands for: the two differ in a
// file that was linked since it was written. Stale is older than the
// threshold; at exactly the threshold we are a millisecond early. Its handler
// that removes the files at the end of the process is left out.

// npmCreate is the open for writing with 'wx'. What close returns is ignored.
func npmCreate(p *sys.Proc, path string) error {
	f, err := p.Open(path, exclFlags|sys.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_ = p.Close(f)
	return nil
}

// npmUnlock removes whatever is at the path: best effort.
func npmUnlock(p *sys.Proc, path string) { _ = p.Unlink(path) }

func npmRelease(path string) Release {
	return func(p *sys.Proc) error {
		npmUnlock(p, path)
		return nil
	}
}

// npmHeld is the refusal: the error of the open that failed.
func npmHeld(path string) error {
	return fmt.Errorf("%w: open %s: %w", ErrBusy, path, fs.ErrExist)
}

// npmLockfile0 is lock of 0.4.2.
type npmLockfile0 struct{ Config }

func (l npmLockfile0) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	// The second attempt does not look at the age.
	err := recoverOnce(
		func() error { return npmCreate(p, path) },
		func() error { return l.recover(p, path) },
	)
	if err != nil {
		return nil, err
	}
	return npmRelease(path), nil
}

func (l npmLockfile0) recover(p *sys.Proc, path string) error {
	st, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, l.Stale) {
		return npmHeld(path)
	}
	npmUnlock(p, path)
	return nil
}

// npmLockfile1 is lock of 1.0.4: who removes a stale file must hold another
// lock, which then takes the first one's place.
type npmLockfile1 struct{ Config }

func (l npmLockfile1) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	opts := npmOptions{stale: l.Stale}
	if err := opts.lock(p, path); err != nil {
		return nil, err
	}
	return npmRelease(path), nil
}

// npmOptions are those of one acquisition. The lock and the lock's own lock
// share them.
type npmOptions struct {
	stale time.Duration // 0: false
}

func (o *npmOptions) lock(p *sys.Proc, path string) error {
	err := npmCreate(p, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if o.stale == 0 {
		return npmHeld(path)
	}
	return o.maybeStale(p, path, false)
}

// maybeStale is called when the file was there, and again when its own lock is
// held. On any failure it is meant to clean up; it leaves its lock behind where
// the file is gone, or young again.
func (o *npmOptions) maybeStale(p *sys.Proc, path string, hasStaleLock bool) error {
	st, err := p.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		o.stale = 0 // from here on for both locks
		return o.lock(p, path)
	}
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, o.threshold()) {
		return npmHeld(path)
	}
	stale := path + ".STALE"
	if !hasStaleLock {
		if err := o.lock(p, stale); err != nil {
			return err
		}
		return o.maybeStale(p, path, true)
	}
	npmUnlock(p, path)
	err = p.Link(stale, path)
	_ = p.Unlink(stale)
	return exclRefused(err)
}

// threshold is the least age that is greater than stale where that is false,
// which compares as 0.
func (o *npmOptions) threshold() time.Duration { return max(o.stale, time.Millisecond) }

// npmLockfileSync is lockSync of 1.0.4: it begins again without limit for as
// long as it finds a stale file, which it has removed then. The original calls
// itself; the pause of no length that a retry has here is not its own.
type npmLockfileSync struct{ Config }

var errNpmAgain = errors.New("stale lock removed")

func (l npmLockfileSync) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	giveUp := func(err error) bool { return !errors.Is(err, errNpmAgain) }
	err := p.Retry(sys.Backoff{}, giveUp, func() error { return l.once(p, path) })
	if err != nil {
		return nil, err
	}
	return npmRelease(path), nil
}

func (l npmLockfileSync) once(p *sys.Proc, path string) error {
	err := npmCreate(p, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	st, err := p.Stat(path)
	if err != nil {
		return err // even if the file is gone
	}
	if !p.Older(st.Mtime, l.Stale) {
		return npmHeld(path)
	}
	npmUnlock(p, path)
	return errNpmAgain
}

// lockfile has no threshold unless it is given one; 10 s is ours.
var npmDefaults = Config{Stale: 10 * time.Second}

var npmEntries = []Entry{
	{
		Name:     "proper-lockfile",
		About:    "a directory's existence, kept young; removes one that is older than 10 s and tries once more",
		Source:   "npm proper-lockfile 4.1.2, lib/lockfile.js",
		Claims:   []string{"exclusion", "recovery", "honesty", "disclosure"},
		Defaults: Config{Stale: 10 * time.Second, Heartbeat: 5 * time.Second},
		New:      func(c Config) Lock { return properLockfile{c, properRemove} },
	},
	{
		Name:     "proper-lockfile2",
		About:    "as proper-lockfile, but a stale directory is renamed aside and looked at before it is removed",
		Source:   "npm @bybrave/proper-lockfile2 5.0.0, lib/lockfile.js",
		Claims:   []string{"exclusion", "recovery", "honesty", "disclosure"},
		Defaults: Config{Stale: 10 * time.Second, Heartbeat: 5 * time.Second},
		New:      func(c Config) Lock { return properLockfile{c, properAside} },
	},
	{
		Name:     "npm-lockfile-0.4.2",
		About:    "the file's existence; removes a file that is older than 10 s and tries once more",
		Source:   "npm lockfile 0.4.2, lock in lockfile.js",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Defaults: npmDefaults,
		New:      func(c Config) Lock { return npmLockfile0{c} },
	},
	{
		Name:     "npm-lockfile-1.0.4",
		About:    "as 0.4.2, but who replaces an old file must make another one first, which becomes the lock",
		Source:   "npm lockfile 1.0.4, lock in lockfile.js",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Defaults: npmDefaults,
		New:      func(c Config) Lock { return npmLockfile1{c} },
	},
	{
		Name:     "npm-lockfile-sync",
		About:    "the file's existence; removes a file that is older than 10 s and begins again",
		Source:   "npm lockfile 1.0.4, lockSync in lockfile.js",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Defaults: npmDefaults,
		New:      func(c Config) Lock { return npmLockfileSync{c} },
	},
}
