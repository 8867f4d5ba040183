package lock

import (
	"errors"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What PACT's issue #645 proposes for file_lock. None of it was ever built: the
// two locks are the sketches, put around the code that there is.

// pactTTL is option A: a lock file of more than 30 s is presumed to be a dead
// holder's and is removed before the lock is taken. Nothing refreshes the file's
// mtime, which tells when the lock was used for the first time.
type pactTTL struct{ Config }

func (l pactTTL) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	if err := l.presume(p, path); err != nil {
		return nil, err
	}
	return pactSidecar(l).Acquire(p, path, how)
}

// presume is exists(), stat() and unlink(missing_ok=True). What goes missing
// between the first two is an error.
func (l pactTTL) presume(p *sys.Proc, path string) error {
	if _, err := p.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	st, err := p.Stat(path)
	if err != nil {
		return err
	}
	if !p.Older(st.Mtime, l.Stale) { // the sketch: age > 30 s; it is removed at 30 s sharp here
		return nil
	}
	if err := p.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// pactFailOpen is option B: whatever keeps it from the lock is noted in the
// journal, and it goes on without. By then the code that there is has closed
// the file, so that there is nothing to release.
//
// Callers of the original skip their work instead, in all its versions: that is
// pactSidecar. The issue says that they go on, and so does this one.
type pactFailOpen struct{ Config }

func (l pactFailOpen) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	held, err := pactSidecar(l).Acquire(p, path, how)
	if err == nil {
		return held, nil
	}
	if how.Try {
		// Try is ours. Who wants the lock now or not at all is told that it has
		// not got it.
		return nil, err
	}
	pactNote(p, path+".journal", "lock_fail_open")
	return Release(func(*sys.Proc) error { return nil }), nil
}

// pactNote is append_event, which takes a lock of its own, however long that
// takes. That it may fail is ignored.
func pactNote(p *sys.Proc, journal, event string) {
	held, err := pactJournal{}.Acquire(p, journal, How{})
	if err != nil {
		return
	}
	_ = held.(Guard).Write(p, event)
	_ = held.Release(p)
}
