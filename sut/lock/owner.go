package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What the locks have in common that are a name with an owner in it. Whoever
// finds the name taken reads which process has it, and removes the name where
// there is no such process any more. Of what the originals write (a number, a
// host, a time) only the process is written here.

// An owner is what the text in a lock says of who has it.
type owner uint8

const (
	unnamed owner = iota // no process: an empty file, or something else
	alive
	dead
)

// ownerOf asks the system whether the process is there that the text names.
func ownerOf(p *sys.Proc, text string) owner {
	pid, named := sys.ParsePID(text)
	switch {
	case !named:
		return unnamed
	case p.Alive(pid):
		return alive
	}
	return dead
}

// errTaken refuses because the name was there, and errAgain because it was and
// is not any more, or need not be: another attempt may win. errTakenYet says
// that it was still there when the time was over.
var (
	errTaken    = fmt.Errorf("%w: it is taken", ErrBusy)
	errAgain    = fmt.Errorf("%w: its owner is gone", ErrBusy)
	errTakenYet = fmt.Errorf("%w: it is still taken", ErrTimeout)
)

// ownerAcquire makes attempts until one is not refused, c.Poll apart: for
// c.Timeout if that is set. How.Try makes it one. Where an attempt says errAgain
// the next follows at once, and both count as one.
func ownerAcquire(p *sys.Proc, c Config, how How, attempt func() (Held, error)) (Held, error) {
	if how.Try {
		return ownerRounds(p, attempt)
	}
	polling := sys.Backoff{Initial: c.Poll, Max: c.PollMax, Factor: 2}
	refused := func(err error) bool { return errors.Is(err, ErrBusy) }
	if c.Timeout == 0 {
		failed := func(err error) bool { return !refused(err) }
		return sys.Retry(p, polling, failed, func() (Held, error) { return ownerRounds(p, attempt) })
	}
	deadline := p.Deadline(c.Timeout)
	giveUp := func(err error) bool { return !refused(err) || p.Expired(deadline) }
	held, err := sys.Retry(p, polling, giveUp, func() (Held, error) { return ownerRounds(p, attempt) })
	if err != nil && refused(err) {
		return nil, errTakenYet
	}
	return held, err
}

// ownerRounds makes an attempt, and the next one for as long as that says
// errAgain: each time a lock that was in the way has gone.
func ownerRounds(p *sys.Proc, attempt func() (Held, error)) (Held, error) {
	through := func(err error) bool { return !errors.Is(err, errAgain) }
	return sys.Retry(p, sys.Backoff{}, through, func() (Held, error) { return attempt() })
}

// ownerRead returns what is in the file.
func ownerRead(p *sys.Proc, path string) (string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	text, err := p.Read(f)
	_ = p.Close(f)
	return text, err
}

// ownerWrite writes the text and closes the file, whatever comes of it. The
// first error counts.
func ownerWrite(p *sys.Proc, f sys.File, text string) error {
	err := p.Write(f, text)
	if closing := p.Close(f); err == nil {
		err = closing
	}
	return err
}

// ownerCreate makes the file with the text in it, or leaves none behind.
func ownerCreate(p *sys.Proc, path, text string) error {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	if err := ownerWrite(p, f, text); err != nil {
		_ = p.Unlink(path)
		return err
	}
	return nil
}

// ownerRelease removes whatever is at the path. That it may be gone, or be
// somebody else's, is not looked at.
func ownerRelease(path string) Release {
	return func(p *sys.Proc) error {
		_ = p.Unlink(path)
		return nil
	}
}

// ownerStat returns what is in the file, and what fstat says of it. The flags
// are those besides the usual.
func ownerStat(p *sys.Proc, path string, flags int) (sys.Stat, string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC|flags, 0)
	if err != nil {
		return sys.Stat{}, "", err
	}
	st, err := p.Fstat(f)
	if err != nil {
		_ = p.Close(f)
		return sys.Stat{}, "", err
	}
	text, err := p.Read(f)
	_ = p.Close(f)
	return st, text, err
}

// A thread's name stands for what the originals tell the threads of a process
// apart by: a number of the thread's, or of the lock object's. It is the
// process's, and a digit where another thread of it has that one; which names
// are taken is in cells of the process. Whoever gets one gives it back.
func ownerName(p *sys.Proc) string {
	own := p.Getpid().String()
	for _, suffix := range []string{"", ".1", ".2"} {
		if p.Swap(own+suffix, "taken") == "" {
			return own + suffix
		}
	}
	return own + ".3"
}

func ownerNameBack(p *sys.Proc, name string) { p.Swap(name, "") }

// ownerNamed acquires under a name of the thread's, which it has until the lock
// is released or was not got.
func ownerNamed(p *sys.Proc, acquire func(name string) (Held, error)) (Held, error) {
	name := ownerName(p)
	held, err := acquire(name)
	if err != nil {
		ownerNameBack(p, name)
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		err := held.Release(p)
		ownerNameBack(p, name)
		return err
	}), nil
}

// ownerTemp makes a file beside the path whose name nobody else uses, and opens
// it to be written. The originals draw names until one is free; here it is the
// process's number, and a digit where another thread of it has that name.
func ownerTemp(p *sys.Proc, path string, own sys.PID, mode uint32) (sys.File, error) {
	f, err := sys.File{}, error(nil)
	for _, suffix := range []string{"", ".1", ".2", ".3"} {
		name := path + "." + own.String() + suffix
		f, err = p.Open(name, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, mode)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}
