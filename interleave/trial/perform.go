package trial

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// DataPath is the name of the file with the counter that the lock guards, where
// it does not guard its own.
const DataPath = "data"

// An Operate carries out one of a client's operations on the lock: it calls do,
// which returns what was read or written, and notes what the client is told.
type Operate func(v Verb, do func() (value string, err error)) error

// Perform works through the workload with p's calls. Each operation on the
// lock is handed to operate. A client that is refused goes on behind the
// release of what it did not get; one that is told that a read or a write
// failed goes on to its release.
func (w Workload) Perform(p *sys.Proc, l lock.Lock, operate Operate) {
	c := client{p: p, lock: l}
	for i := 0; i < len(w); i++ {
		a := w[i]
		if !a.Verb.Operates() {
			c.step(a)
			continue
		}
		err := operate(a.Verb, func() (string, error) { return c.operation(a.Verb) })
		if err == nil {
			continue
		}
		switch _, acquires := a.Verb.Acquires(); {
		case acquires:
			for i < len(w) && w[i].Verb != Unlock {
				i++
			}
		case a.Verb == Read || a.Verb == Write:
			for i+1 < len(w) && w[i+1].Verb != Unlock {
				i++
			}
		}
	}
}

// A client is what a workload keeps between two verbs: nothing of it outlives a
// release.
type client struct {
	p    *sys.Proc
	lock lock.Lock
	held lock.Held
	read string
}

func (c *client) operation(v Verb) (value string, err error) {
	if how, acquires := v.Acquires(); acquires {
		c.held, err = c.lock.Acquire(c.p, Path, how)
		return "", err
	}
	if how, converts := v.Converts(); converts {
		converter, can := c.held.(lock.Converter)
		if !can {
			return "", fmt.Errorf("%s: %w", v, errors.ErrUnsupported)
		}
		return "", converter.Convert(c.p, how)
	}
	switch v {
	case Read:
		c.read, err = c.load()
		return c.read, err
	case Write:
		value = next(c.read)
		return value, c.store(value)
	}
	return "", c.held.Release(c.p)
}

func (c *client) load() (string, error) {
	if guard, does := c.held.(lock.Guard); does {
		return guard.Read(c.p)
	}
	return c.p.Load(DataPath)
}

func (c *client) store(value string) error {
	if guard, does := c.held.(lock.Guard); does {
		return guard.Write(c.p, value)
	}
	return c.p.Store(DataPath, value)
}

// next returns the counter's next value. A file that is empty or not there is
// 0, and so is one that was torn.
func next(value string) string {
	n, _ := strconv.Atoi(value)
	return strconv.Itoa(n + 1)
}

// step is what no one is told anything of.
func (c *client) step(a Action) {
	switch a.Verb {
	case Inside:
		c.p.Inside()
	case Visit:
		c.visit()
	case Clean:
		c.clean()
	case Fork:
		c.fork(func(*sys.Proc) {})
	case Spawn:
		c.fork(func(p *sys.Proc) { _ = p.Exec() })
	case ForkUnlock:
		held := c.held
		c.fork(func(p *sys.Proc) {
			_ = held.Release(p)
			p.Exit()
		})
	case Daemon:
		_ = c.p.Daemonize()
	default:
		c.p.Sleep(a.Dur)
	}
}

// fork makes a child. Where there can be no more of them the client goes on
// without.
func (c *client) fork(body func(*sys.Proc)) { _ = c.p.Fork("child", body) }

// visit is what a program does that knows nothing of the lock.
func (c *client) visit() {
	f, err := c.p.Open(Path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	_, _ = c.p.Read(f)
	_ = c.p.Close(f)
}

// clean is werf/lockgate's janitor: it removes a lock file that it can lock.
func (c *client) clean() {
	f, err := c.p.Open(Path, sys.O_RDWR|sys.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	if c.p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) == nil {
		_ = c.p.Unlink(Path)
	}
	_ = c.p.Close(f)
}

// Response returns the event that tells the client what came of its operation.
func Response(client string, v Verb, value string, err error) history.Event {
	e := history.Event{Kind: history.Ok, Process: client, F: v.String(), Value: value}
	if err == nil {
		return e
	}
	e.Kind, e.Value, e.Error = history.Fail, "", err.Error()
	switch {
	case errors.Is(err, lock.ErrBusy):
		e.Error = history.Busy
	case errors.Is(err, lock.ErrTimeout):
		e.Error = history.Timeout
	case errors.Is(err, lock.ErrLost):
		e.Error = history.Lost
	}
	return e
}
