package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Locks of the PACT plugin that are no sidecar: two on the data file itself, and
// one that a process has for life. None has readers.

// pactInPlace is file_tracker.track_edit, and its like in teammate_idle and
// track_files: the data file is locked, read, truncated and written. What is
// written is in a buffer of the process until the file is closed.
type pactInPlace struct{}

func (pactInPlace) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return pactLockData(p, path, how, sys.O_RDWR, 0o666, func(f sys.File) Held {
		return &pactBuffered{f: f}
	})
}

// pactLockData opens the data file (Python's mode "a+", or os.open) and waits
// for the lock on it.
func pactLockData(p *sys.Proc, path string, how How, access int, mode uint32, guard func(sys.File) Held) (Held, error) {
	f, err := p.Open(path, access|sys.O_CREAT|sys.O_APPEND|sys.O_CLOEXEC, mode)
	if err != nil {
		return nil, err
	}
	if err := pactWait(p, f, how); err != nil {
		_ = p.Close(f)
		return nil, err
	}
	return guard(f), nil
}

// pactWait is fcntl.flock(LOCK_EX). Python calls again what a signal has
// interrupted. Try is ours.
func pactWait(p *sys.Proc, f sys.File, how How) error {
	if how.Try {
		return pactRefused(ErrBusy, p.Flock(f, sys.LOCK_EX|sys.LOCK_NB))
	}
	err := p.Flock(f, sys.LOCK_EX)
	if errors.Is(err, sys.EINTR) {
		return pactWait(p, f, how)
	}
	return err
}

// A pactBuffered is the data file under its lock.
type pactBuffered struct {
	f      sys.File
	buffer string // what was written and is not in the file yet
}

// Read is seek(0) and read(): a descriptor that nobody has read from is there
// already. It is called once, as in the original.
func (h *pactBuffered) Read(p *sys.Proc) (string, error) { return p.Read(h.f) }

// Write is seek(0), truncate() and write(): only the second of them is a call
// to the kernel.
func (h *pactBuffered) Write(p *sys.Proc, data string) error {
	if err := p.Ftruncate(h.f, 0); err != nil {
		return err
	}
	h.buffer = data
	return nil
}

// Release is LOCK_UN, then what the end of "with open" does: what is in the
// buffer is written, and the file closed. Of several errors the last counts.
func (h *pactBuffered) Release(p *sys.Proc) error {
	err := p.Flock(h.f, sys.LOCK_UN)
	if h.buffer != "" {
		if flushing := p.Write(h.f, h.buffer); flushing != nil {
			err = flushing
		}
	}
	if closing := p.Close(h.f); closing != nil {
		err = closing
	}
	return err
}

// pactJournal is _atomic_write of session_journal: one event, one line, appended
// under a lock on the journal itself.
type pactJournal struct{}

func (pactJournal) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	return pactLockData(p, path, how, sys.O_WRONLY, 0o600, func(f sys.File) Held {
		return pactAppending{f}
	})
}

// A pactAppending is the journal under its lock. The counter is the last event.
type pactAppending struct{ sys.File }

// Read is that of a reader, who opens the journal anew and takes no lock; a line
// that is not whole is skipped.
func (h pactAppending) Read(p *sys.Proc) (string, error) {
	text, err := pactRead(p, h.Name())
	lines := strings.Split(text, "\n")
	if len(lines) < 2 {
		return "", err
	}
	return lines[len(lines)-2], err
}

// pactRead returns what is in the file: nothing, where it is not there.
func pactRead(p *sys.Proc, path string) (string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := p.Read(f)
	if closing := p.Close(f); closing != nil {
		err = closing
	}
	return text, err
}

// Write is unbuffered. The original writes on where a write was short; here one
// writes all or nothing.
func (h pactAppending) Write(p *sys.Proc, data string) error { return p.Write(h.File, data+"\n") }

// Release closes whatever LOCK_UN says; errors of both are swallowed.
func (h pactAppending) Release(p *sys.Proc) error {
	_ = p.Flock(h.File, sys.LOCK_UN)
	_ = p.Close(h.File)
	return nil
}

// pactPoller is the leader election of the telegram bridge: who has the lock
// polls, and has it until the process ends or shuts the bridge down. There is no
// pid in the file. The coordinator that has the lock is asked again and says yes
// without a call; a client is one coordinator and does not ask.
type pactPoller struct{}

func (pactPoller) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, pactNotElected(err)
	}
	if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err != nil {
		_ = p.Close(f)
		return nil, pactNotElected(err)
	}
	return Release(func(p *sys.Proc) error {
		// One try around both: the file stays open where LOCK_UN failed.
		if p.Flock(f, sys.LOCK_UN) == nil {
			_ = p.Close(f)
		}
		return nil
	}), nil
}

// pactNotElected takes any failure to mean that another process polls.
func pactNotElected(err error) error { return fmt.Errorf("%w: %w", ErrBusy, err) }
