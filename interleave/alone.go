package interleave

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Alone follows the schedule and then lets the client go on by itself, all
// others stopped where they are, until its operation returns. The calls that
// the environment made fail in faults fail again, the first time each is made.
//
// It returns the operation's response. One that has not returned after
// [MaxSteps], or waits for ever, is reported as false.
func Alone(t *trial.Trial, m sys.Machine, schedule []trial.Step, client int, faults []trial.Step) (history.Event, bool, error) {
	a := &alone{replay: NewReplay(schedule), client: client, faults: faults}
	out, err := Run(t, m, a)
	if err != nil {
		return history.Event{}, false, err
	}
	for i := len(out.History) - 1; i >= 0 && out.After[i] > len(schedule); i-- {
		if e := out.History[i]; e.Process == t.Clients[client].Name() && e.Kind != history.Invoke {
			return e, true, nil
		}
	}
	return history.Event{}, false, nil
}

// alone is the chooser of Alone.
type alone struct {
	replay *Replay
	client int
	faults []trial.Step
	began  int // events of the history when the client began
}

func (a *alone) Choose(m *Menu) (int, error) {
	if i, err := a.replay.Choose(m); err != ErrStop {
		return i, err
	}
	r := m.run
	if r.only < 0 {
		r.only, a.began = a.client, len(r.out.History)
		r.menu()
	}
	if len(r.out.History) > a.began+1 {
		return 0, ErrStop
	}
	return a.option(m)
}

// option returns the fault that is due, or else what comes first: the client's
// thread, or time where it waits. It stops where the client waits for those who
// are stopped.
func (a *alone) option(m *Menu) (int, error) {
	for i, o := range m.Options {
		if o.Fault == 0 {
			continue
		}
		for j, f := range a.faults {
			if f.Ret.Err == o.Fault && f.Call.String() == m.Call(i).String() {
				a.faults = append(a.faults[:j:j], a.faults[j+1:]...)
				return i, nil
			}
		}
	}
	if m.Threads == 0 && (len(m.Options) == 0 || m.Options[0].Env != trial.Time) {
		return 0, ErrStop
	}
	return 0, nil
}

func (a *alone) Took(s trial.Step) error {
	if a.replay.at < len(a.replay.steps) {
		return a.replay.Took(s)
	}
	return nil
}
