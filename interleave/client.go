package interleave

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A client works through its workload and writes the history.
//
// An invocation takes its position right before the operation's first call,
// not when the thread announces that call: until then the client has not begun.
// A response takes its position right after the last call. So each operation's
// interval is as short as the schedule allows, and no double hold hides in it.
type client struct {
	run     *run
	index   int
	name    string
	work    trial.Workload
	lock    lock.Lock // nil of a program
	pending string    // the operation that is announced and not yet invoked
	asked   string    // the operation that is invoked and not answered
}

// newLocks returns each process's instance of the lock.
func newLocks(t *trial.Trial) []lock.Lock {
	locks := make([]lock.Lock, t.Procs())
	if t.Programs() {
		return locks
	}
	for i := range locks {
		locks[i] = t.Lock.New(t.Config)
	}
	return locks
}

// body is what the client's thread runs.
func (c *client) body(p *sys.Proc) {
	c.work.Perform(p, c.lock, func(v trial.Verb, do func() (string, error)) error {
		c.pending = v.String()
		value, err := do()
		if c.run.threads[c.index].state != waiting {
			return err // it recovered from being halted, and is not heard
		}
		c.invoked() // an operation may have made no call at all
		c.record(trial.Response(c.name, v, value, err))
		return err
	})
}

// invoked writes the invocation that is due, if one is.
func (c *client) invoked() {
	if c.pending == "" {
		return
	}
	c.record(history.Event{Kind: history.Invoke, F: c.pending})
	c.asked, c.pending = c.pending, ""
}

// killed writes that the client is no more.
func (c *client) killed() {
	c.pending = ""
	c.record(history.Event{Kind: history.Info, F: history.Kill})
}

func (c *client) record(e history.Event) {
	e.Process = c.name
	c.run.out.History = append(c.run.out.History, e)
	c.run.out.After = append(c.run.out.After, len(c.run.out.Steps))
}
