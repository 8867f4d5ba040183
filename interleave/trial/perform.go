package trial

import (
	"errors"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Perform works through the workload with p's calls. Each operation on the
// lock is handed to operation, which is to call do, and note what it is told
// before and after. A client that is refused goes on behind the release of
// what it did not get.
func (w Workload) Perform(p *sys.Proc, l lock.Lock, operation func(v Verb, do func() error) error) {
	var release lock.Release
	for i := 0; i < len(w); i++ {
		a := w[i]
		how, acquires := a.Verb.Acquires()
		switch {
		case acquires:
			err := operation(a.Verb, func() (err error) {
				release, err = l.Acquire(p, Path, how)
				return err
			})
			for err != nil && i < len(w) && w[i].Verb != Unlock {
				i++
			}
		case a.Verb == Unlock:
			_ = operation(a.Verb, func() error { return release(p) })
		case a.Verb == Inside:
			p.Inside()
		default:
			p.Sleep(a.Dur)
		}
	}
}

// Response returns the event that tells the client what came of its operation.
func Response(client string, v Verb, err error) history.Event {
	e := history.Event{Kind: history.Ok, Process: client, F: v.String()}
	if err == nil {
		return e
	}
	e.Kind, e.Error = history.Fail, err.Error()
	if errors.Is(err, lock.ErrBusy) {
		e.Error = history.Busy
	} else if errors.Is(err, lock.ErrTimeout) {
		e.Error = history.Timeout
	}
	return e
}
