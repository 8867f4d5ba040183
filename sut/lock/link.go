package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The link family makes a file of its own and links it to the lock's name:
// link(2) fails where that is taken, over NFS too, and the file is whole before
// it has the name.

var linkEntries = []Entry{
	{
		Name:   "nightlyone",
		About:  "a linked pid file; removes a dead process's, and its own; removes only its own at the release",
		Source: "nightlyone/lockfile v1.0.0",
		Claims: []string{"exclusion", "recovery", "ownership", "honesty", "disclosure"},
		New:    func(Config) Lock { return nightlyone{} },
	},
	{
		Name:     "liblockfile",
		About:    "a linked pid file, known as its own by number; removes a dead process's, and a nameless one of 5 min",
		Source:   "miquels/liblockfile 1.17, lockfile_create with L_PID (dotlockfile -p -r -1)",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Stale: 5 * time.Minute, Poll: 5 * time.Second, PollMax: time.Minute},
		New:      func(c Config) Lock { return liblockfile{c} },
	},
	{
		Name:     "procmail-lockfile",
		About:    "a linked file that names nobody; removes one of 1024 s and goes on at once",
		Source:   "procmail 3.22, lockfile -l 1024 -s 0 (1024 s being procmail's own LOCKTIMEOUT)",
		Claims:   []string{"exclusion", "recovery", "honesty"},
		Waits:    true,
		Defaults: Config{Stale: 1024 * time.Second, Poll: 8 * time.Second},
		New:      func(c Config) Lock { return procmailLockfile{c} },
	},
}

// nightlyone is TryLock of the Go library, which never waits.
type nightlyone struct{}

var (
	errNightlyoneNotExist = errors.New("lockfile created, but doesn't exist")
	errNightlyoneRogue    = errors.New("lockfile owned by me has been removed unexpectedly")
)

// Acquire implements Lock.
func (nightlyone) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	return ownerRounds(p, func() (Held, error) { return nightlyoneTryLock(p, path) })
}

// nightlyoneTryLock makes a file of its own. The original, when it has removed a
// lock, calls itself again before it removes that file.
func nightlyoneTryLock(p *sys.Proc, path string) (Held, error) {
	own := p.Getpid()
	tmp, err := ownerTemp(p, path, own, 0o600)
	if err != nil {
		return nil, err
	}
	var held Held
	if err = p.Write(tmp, own.String()); err == nil {
		held, err = nightlyoneLink(p, own, tmp.Name(), path)
	}
	_ = p.Close(tmp)
	_ = p.Unlink(tmp.Name())
	return held, err
}

// nightlyoneLink links, and looks who has won. That the name was taken is found
// by the file that it leads to.
func nightlyoneLink(p *sys.Proc, pid sys.PID, tmp, path string) (Held, error) {
	if err := p.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	own, err := p.Lstat(tmp)
	if err != nil {
		return nil, err
	}
	named, err := p.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		// A refusal of its own, which is to tell callers to try again.
		return nil, errNightlyoneNotExist
	}
	if err != nil {
		return nil, err
	}
	if p.SameFile(own, named) {
		return Release(func(p *sys.Proc) error { return nightlyoneUnlock(p, path) }), nil
	}
	// Here a file that is gone is an error as any other.
	other, who, err := nightlyoneOwner(p, path)
	if err != nil {
		return nil, err
	}
	if who == alive && other != pid {
		return nil, errTaken
	}
	return nil, pidRemove(p, path)
}

// nightlyoneOwner is GetOwner: the number in the file, and whose that is.
func nightlyoneOwner(p *sys.Proc, path string) (sys.PID, owner, error) {
	text, err := ownerRead(p, path)
	if err != nil {
		return 0, unnamed, err
	}
	pid, _ := sys.ParsePID(text)
	return pid, ownerOf(p, text), nil
}

// nightlyoneUnlock removes the file if the process's number is in it.
func nightlyoneUnlock(p *sys.Proc, path string) error {
	pid, who, err := nightlyoneOwner(p, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrLost, errNightlyoneRogue)
	case err != nil:
		return err
	case who != alive || pid != p.Getpid():
		return fmt.Errorf("%w: %w", ErrLost, errNightlyoneRogue)
	}
	return p.Unlink(path)
}

// liblockfile is lockfile_create. It pauses for 5 s, then for 5 s longer each
// time, up to a minute; here each pause is twice as long as the last.
type liblockfile struct{ Config }

// Acquire implements Lock. How.Try is no retries. That the next attempt follows
// at once on the removal of a lock is the original's way; but there it counts.
func (l liblockfile) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	own := p.Getpid().String()
	// The original's name has also the time in it, to 16 s, so that a thread of
	// the same process fails here there too.
	tmp := path + "." + own
	if err := ownerCreate(p, tmp, own); err != nil {
		return nil, err
	}
	held, err := ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, tmp, path) })
	if errors.Is(err, ErrBusy) {
		_ = p.Unlink(tmp)
	}
	return held, err
}

// attempt does not look at what link says.
func (l liblockfile) attempt(p *sys.Proc, tmp, path string) (Held, error) {
	_ = p.Link(tmp, path)
	own, err := p.Lstat(tmp)
	if err != nil {
		return nil, err
	}
	named, err := p.Lstat(path)
	if err != nil {
		// The original gives up at the seventh time in a row.
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if p.SameFile(own, named) {
		_ = p.Unlink(tmp)
		return Release(func(p *sys.Proc) error { return liblockfileRemove(p, path) }), nil
	}
	if l.valid(p, path) {
		return nil, errTaken
	}
	return nil, pidRemove(p, path)
}

// valid is lockfile_check. That the path cannot be looked at makes a lock
// invalid. The original takes the file's atime for now if the read moves it.
func (l liblockfile) valid(p *sys.Proc, path string) bool {
	st, err := p.Stat(path)
	if err != nil {
		return false
	}
	text := ""
	if open, content, err := ownerStat(p, path, 0); err == nil {
		st, text = open, content
	}
	switch ownerOf(p, text) {
	case alive:
		return true
	case dead:
		return false
	}
	return !p.Older(st.Mtime, l.Stale)
}

// liblockfileRemove is lockfile_remove.
func liblockfileRemove(p *sys.Proc, path string) error {
	if err := p.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// procmailLockfile is the program lockfile, which retries for ever (-r -1) with
// pauses of 8 s, and makes a new file of its own each time. With -s 0 there is
// no pause where it has forced a lock. Its release is rm.
//
// Left out: that it looks at its file by lstat and fstat as it makes it, that it
// asks lstat whether a link that failed was made all the same, as over NFS, and
// that it retries errors such as these seven times.
type procmailLockfile struct{ Config }

// Acquire implements Lock. How.Try is -r 0.
func (l procmailLockfile) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path) })
}

func (l procmailLockfile) attempt(p *sys.Proc, path string) (Held, error) {
	tmp, err := ownerTemp(p, path, p.Getpid(), 0o444)
	if err != nil {
		return nil, err
	}
	_ = ownerWrite(p, tmp, "0") // no process's number: it works across machines
	err = p.Link(tmp.Name(), path)
	_ = p.Unlink(tmp.Name())
	if err == nil {
		return ownerRelease(path), nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	// The original's now is the mtime of the file that it made.
	st, err := p.Lstat(path)
	if err != nil || !p.Older(st.Mtime, l.Stale) {
		return nil, errTaken
	}
	// A removal that fails is reported, and no more.
	_ = p.Unlink(path)
	return nil, errAgain
}
