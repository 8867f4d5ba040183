package lock

import (
	"errors"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// pidAside is the SoftFileLock of filelock for Python. Its file stays open until
// the release.
//
// The original first looks whether the file could be written, and makes its
// directory; that has no part in this. When it has evicted a file it makes its
// pause, as it does whenever it has not won, and is refused if that was its only
// attempt (blocking=False). Here it goes round at once, as the others of the
// family do, so that who is to win meanwhile need not be one more client.
type pidAside struct {
	Config

	// evict reports whether it has taken the file from its name, which it does
	// if that is nobody's. All its errors are suppressed.
	evict func(p *sys.Proc, c Config, path string) bool
}

// Acquire implements Lock.
func (l pidAside) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return ownerAcquire(p, l.Config, how, func() (Held, error) { return l.attempt(p, path) })
}

func (l pidAside) attempt(p *sys.Proc, path string) (Held, error) {
	const flags = sys.O_WRONLY | sys.O_CREAT | sys.O_EXCL | sys.O_TRUNC | sys.O_NOFOLLOW | sys.O_CLOEXEC
	f, err := p.Open(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		if l.evict(p, l.Config, path) {
			return nil, errAgain
		}
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	// A number that cannot be written leaves a file that names nobody.
	_ = p.Write(f, p.Getpid().String())
	return Release(func(p *sys.Proc) error {
		if err := p.Close(f); err != nil {
			return err
		}
		_ = p.Unlink(path)
		return nil
	}), nil
}

// pidEvict is 3.22: of two that evict only one gets the file that it renames.
// What that is it does not look at.
func pidEvict(p *sys.Proc, _ Config, path string) bool {
	text, err := ownerRead(p, path)
	if err != nil || ownerOf(p, text) != dead {
		return false
	}
	aside := pidAsideName(p, path)
	if p.Rename(path, aside, 0) != nil {
		return false
	}
	_ = p.Unlink(aside)
	return true
}

// pidEvictOr is 3.29.4, which knows the file again that it has read by number
// and mtime, and evicts one too that names nobody for long enough. What it
// renamed by mistake is left to mistaken.
//
// The original asks whether the mtime is a later one, not whether it is another;
// that is the same for clocks that go forward. Since 3.29.5 the name aside is no
// other's; here a thread may take another's of its process, as it could before.
func pidEvictOr(mistaken func(p *sys.Proc, aside, path string)) func(*sys.Proc, Config, string) bool {
	return func(p *sys.Proc, c Config, path string) bool {
		st, text, err := ownerStat(p, path, sys.O_NOFOLLOW)
		if err != nil {
			return false
		}
		switch ownerOf(p, text) {
		case alive:
			return false
		case unnamed:
			if !p.Older(st.Mtime, c.Stale) {
				return false
			}
		}
		aside := pidAsideName(p, path)
		if p.Rename(path, aside, 0) != nil {
			return false
		}
		after, err := p.Lstat(aside)
		switch {
		case err != nil:
		case p.SameFile(st, after) && p.Same(st.Mtime, after.Mtime):
			_ = p.Unlink(aside)
		default:
			mistaken(p, aside, path)
		}
		return true
	}
}

// pidLeave leaves the file aside: to rename it back, says the original, would be
// another race.
func pidLeave(*sys.Proc, string, string) {}

// pidReturn gives the file its name again unless there is another by now.
func pidReturn(p *sys.Proc, aside, path string) {
	_ = p.Link(aside, path)
	_ = p.Unlink(aside)
}

func pidAsideName(p *sys.Proc, path string) string {
	return path + ".break." + p.Getpid().String()
}
