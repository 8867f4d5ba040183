// Package scene makes the clients that a lock is judged with.
//
// A shape is how many there are and how often each acquires. A scene is which
// lock they use and for what: the property says what is done inside, and whether
// there is a probe, a fresh client that asks when the others have done what they
// did. What belongs to a lock (a janitor, a program that its clients start) comes
// with it.
package scene

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A Scene is who uses a lock, and for what.
type Scene struct {
	Lock     lock.Entry
	Property string        // the name of the property that is judged
	Work     time.Duration // how long holders work inside; 0: one step, which takes no time
	Spawns   bool          // and start a program there
}

// Shapes returns those of the shapes that the lock can be used in and, where there
// is work, each of them with clients that come late too. Where a client leaves its
// process to a child and that ends, it must be alone in it.
func (sc Scene) Shapes(all []Shape) []Shape {
	if sc.Work > 0 {
		all = WithLate(all)
	}
	alone := strings.Contains(sc.Lock.Setting.Acquisition, " daemon ")
	return slices.DeleteFunc(slices.Clone(all), func(s Shape) bool { return alone && s.Threads > 1 })
}

// Clients returns the shape's clients. Each repeats lock, a step inside or that
// much work, and unlock, or what the lock's setting says; then there are those
// that belong to the lock, and the property's probe, in a process of its own.
func (sc Scene) Clients(s Shape) ([]trial.Client, error) {
	clients, err := sc.clients(s)
	if err != nil {
		return nil, fmt.Errorf("setting of %s: %w", sc.Lock.Name, err)
	}
	return clients, nil
}

func (sc Scene) clients(s Shape) ([]trial.Client, error) {
	once, err := sc.acquisition()
	if err != nil {
		return nil, err
	}
	works := slices.Repeat([]trial.Workload{slices.Repeat(once, s.Acquires)}, s.Clients)
	if late := sc.Work - time.Second; s.Late && late > 0 {
		for i := range works[1:] {
			works[1+i] = append(trial.Workload{{Verb: trial.Rest, Dur: late}}, works[1+i]...)
		}
	}
	threads := s.Threads
	if beside := sc.Lock.Setting.Beside; beside != "" {
		w, err := trial.ParseWorkload(beside)
		if err != nil {
			return nil, err
		}
		if sc.Lock.Setting.Within {
			works, threads = slices.Insert(works, 1, w), max(2, threads+1)
		} else {
			works = append(works, w)
		}
	}
	return sc.probed(trial.Place(works, threads)), nil
}

// acquisition returns what a client does from an acquire to its release.
func (sc Scene) acquisition() (trial.Workload, error) {
	text := sc.Lock.Setting.Acquisition
	switch update := sc.Property == model.UpdateName; {
	case text == "" && update:
		text = "lock read write unlock"
	case text == "":
		text = "lock inside unlock"
	case update:
		text = strings.Replace(text, " inside", " read write", 1)
	}
	if sc.Spawns && !strings.Contains(text, " spawn ") {
		text = strings.Replace(text, "lock ", "lock spawn ", 1)
	}
	w, err := trial.ParseWorkload(text)
	if err != nil || sc.Work == 0 {
		return w, err
	}
	work := trial.Action{Verb: trial.Work, Dur: sc.Work}
	if i := slices.IndexFunc(w, func(a trial.Action) bool { return a.Verb == trial.Inside }); i >= 0 {
		w[i] = work
		return w, nil
	}
	return slices.Insert(w, 2, work), nil // behind the read
}

// probed returns the clients and, where the property has one, its probe.
func (sc Scene) probed(clients []trial.Client) []trial.Client {
	asks := trial.Workload{{Verb: trial.Lock}, {Verb: trial.Inside}, {Verb: trial.Unlock}}
	switch sc.Property {
	case model.PhantomName:
		asks[0].Verb = trial.TryLock
	case model.RecoveryName:
		asks = slices.Repeat(asks, explore.Attempts)
	default:
		return clients
	}
	procs := (&trial.Trial{Clients: clients}).Procs()
	return append(clients, trial.Client{Proc: procs, Work: asks})
}
