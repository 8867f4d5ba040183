package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// timeoutThread is a Lock of fslock with its LockWithTimeout: a thread waits for
// flock, on the descriptor that is in the object. The object is the process's
// own, and its descriptor is in the cell that is named like the path. Unlike
// fslock's the file is opened with O_CLOEXEC; flock-leaky is about that.
type timeoutThread struct{ Config }

func (l timeoutThread) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CREAT|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	p.Put(path, f)
	if how.Try {
		err = timeoutTry(p, f)
	} else {
		err = l.wait(p, path)
	}
	if err != nil {
		return nil, err
	}
	return timeoutRelease(path), nil
}

func timeoutTry(p *sys.Proc, f sys.File) error {
	err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
	if err != nil {
		_ = p.Close(f)
	}
	return flockRefused(err)
}

// timeoutRelease closes what is in the object, and leaves it there.
func timeoutRelease(path string) Release {
	return func(p *sys.Proc) error {
		f, _ := p.Get(path)
		return p.Close(f)
	}
}

// wait is LockWithTimeout. Where the flock fails, or comes too late, it leaves
// the descriptor open.
//
// The original has a select over a channel, which the waiter sends its result
// to, and a timer. Here the timer is a thread that the waiter tells to stop, and
// in the channel's place is a cell, into which each side puts what has come to
// it, and so sees whether the other was first. Who comes second gives the
// channel back.
func (l timeoutThread) wait(p *sys.Proc, path string) error {
	channel := timeoutChannel(p, path)
	timer := p.Go("timer", func(p *sys.Proc) { p.Cancelled(l.Timeout) })
	waiter := p.Go("waiter", func(p *sys.Proc) { timeoutWaiter(p, path, channel, timer) })
	p.Join(timer)
	result := p.Swap(channel, timeoutOver)
	if result == "" {
		return fmt.Errorf("%w: flock %s", ErrTimeout, path)
	}
	timeoutGiveBack(p, channel)
	p.Join(waiter)
	if result != timeoutGranted {
		return errors.New(result)
	}
	return nil
}

// timeoutWaiter looks for the descriptor in the object each time that it needs
// it.
func timeoutWaiter(p *sys.Proc, path, channel string, timer sys.Thread) {
	f, _ := p.Get(path)
	result := timeoutGranted
	if err := p.Flock(f, sys.LOCK_EX); err != nil {
		result = err.Error()
	}
	if p.Swap(channel, result) != timeoutOver {
		p.Cancel(timer)
		return
	}
	timeoutGiveBack(p, channel)
	f, _ = p.Get(path)
	_ = p.Flock(f, sys.LOCK_UN)
	f, _ = p.Get(path)
	_ = p.Close(f)
}

// What a channel's cell holds, besides the text of an error; "" before either
// side has come.
const (
	timeoutGranted = "granted"
	timeoutOver    = "over"
)

// timeoutChannel returns a cell that no other call uses: the first that is not
// taken, as one is by each waiter that was left behind.
func timeoutChannel(p *sys.Proc, path string) string {
	for n := 1; ; n++ {
		channel := fmt.Sprintf("%s channel %d", path, n)
		if p.Swap(channel+" taken", "yes") == "" {
			return channel
		}
	}
}

func timeoutGiveBack(p *sys.Proc, channel string) {
	p.Swap(channel, "")
	p.Swap(channel+" taken", "")
}
