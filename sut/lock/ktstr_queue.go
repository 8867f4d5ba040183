package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

var errKtstrHeads = errors.New("two heads must never coexist")

// ktstrQueue is how ktstr takes a set of locks when it is not free at once: one
// client at a time, the head of the queue, may hold a part of the set and wait
// for the rest. It says which in a claim, which others leave alone for as long as
// the head lives; and it lives while somebody has a lock on its marker. Here the
// set is one lock.
type ktstrQueue struct{ Config }

func (l ktstrQueue) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	if !ktstrClaimed(p, path) {
		held, err := ktstrTry{}.Acquire(p, path, how)
		if err == nil || how.Try || !errors.Is(err, ErrBusy) {
			return held, err
		}
	} else if how.Try {
		return nil, fmt.Errorf("%w: claimed by the head of the queue", ErrBusy)
	}
	queue, err := ktstrEnqueue(p, path+".queue")
	if err != nil {
		return nil, err
	}
	held, err := l.acquireAsHead(p, path, how)
	ktstrDrop(p, queue)
	return held, err
}

// ktstrClaimed reports whether there is a claim of a head that lives.
func ktstrClaimed(p *sys.Proc, path string) bool {
	if _, err := p.Stat(path + ".claim"); err != nil {
		return false
	}
	alive, err := p.FlockHeld(path + ".head")
	return err == nil && alive
}

// ktstrEnqueue returns when the caller is the head: a try, and then a wait on
// the same descriptor.
func ktstrEnqueue(p *sys.Proc, path string) (sys.File, error) {
	f, err := ktstrOpen(p, path)
	if err != nil {
		return sys.File{}, err
	}
	err = p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
	if errors.Is(err, sys.EWOULDBLOCK) {
		err = p.Flock(f, sys.LOCK_EX)
	}
	if err != nil {
		ktstrDrop(p, f)
		return sys.File{}, err
	}
	return f, nil
}

// acquireAsHead marks the head as alive, publishes its claim and waits for the
// lock. What it made for the wait it takes back.
func (l ktstrQueue) acquireAsHead(p *sys.Proc, path string, how How) (Held, error) {
	marker, err := ktstrTry{}.Acquire(p, path+".head", How{})
	if errors.Is(err, ErrBusy) {
		return nil, errKtstrHeads
	}
	if err != nil {
		return nil, err
	}
	err = ktstrPublish(p, path+".claim")
	if err != nil {
		_ = marker.Release(p)
		return nil, err
	}
	held, err := ktstrAgain(p, l.Poll, path, how)
	_ = p.Unlink(path + ".claim")
	_ = marker.Release(p)
	return held, err
}

// ktstrAgain tries until nobody else has the lock. Between tries the original
// sleeps on inotify, with a pause to fall back upon; here it is the pause.
func ktstrAgain(p *sys.Proc, pause time.Duration, path string, how How) (Held, error) {
	giveUp := func(err error) bool { return !errors.Is(err, ErrBusy) }
	return sys.Retry(p, sys.Backoff{Initial: pause}, giveUp, func() (Held, error) {
		return ktstrTry{}.Acquire(p, path, how)
	})
}

// ktstrPublish writes the claim by rename.
func ktstrPublish(p *sys.Proc, claim string) error {
	pid := p.Getpid().String()
	temporary := claim + "." + pid
	if err := ktstrWriteFile(p, temporary, pid); err != nil {
		return err
	}
	return p.Rename(temporary, claim, 0)
}

// ktstrWriteFile is fs::write. Its close has no way to fail.
func ktstrWriteFile(p *sys.Proc, path, content string) error {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC, 0o666)
	if err != nil {
		return err
	}
	err = p.Write(f, content)
	ktstrDrop(p, f)
	return err
}

// ktstrReadFile is fs::read_to_string; a file that is not there is empty.
func ktstrReadFile(p *sys.Proc, path string) (string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := p.Read(f)
	ktstrDrop(p, f)
	return text, err
}
