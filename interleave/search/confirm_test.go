package search_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

var inMemory = sim.Machine{Rules: sim.RulesOf("tmpfs")}

// The probe could run all the while and holds up the clocks, where it takes part:
// posixage-v0 sleeps between its tries, and so could not be led along any way on
// which somebody waits. A child has a number behind the probe's.
func TestWhatHoldsOfAProbeIsConfirmedThoughTimePasses(t *testing.T) {
	for _, acquisition := range []string{"lock inside unlock", "lock spawn inside unlock"} {
		c := &search.Confirmer{Machine: inMemory, Cover: &explore.Cover{}}
		code, q := question(t, "posixage-v0", model.PhantomName, acquisition)
		done, err := c.Holds(context.Background(), code, q)
		c.Close()
		if err != nil || done.Pairs == 0 {
			t.Errorf("%s: found %+v, %v, wanted pairs", acquisition, done, err)
		}
	}
}

// question returns what two clients do, and with a probe if the property has one.
func question(t *testing.T, name, property, acquisition string) (*explore.Code, explore.Question) {
	t.Helper()
	e, err := lock.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := trial.ParseWorkload(acquisition)
	if err != nil {
		t.Fatal(err)
	}
	clients := []trial.Workload{w, w}
	if property == model.PhantomName {
		clients = append(clients, trial.Workload{{Verb: trial.TryLock}, {Verb: trial.Inside}, {Verb: trial.Unlock}})
	}
	return explore.NewCode(e, e.Defaults), explore.Question{
		Trial:   &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place(clients, 0)},
		Profile: "tmpfs", Property: property, NoCount: true,
	}
}

// The ways are few because each goes on from pair to pair, and an answer that is
// wrong at one pair alone is met by one of them.
func TestAKernelThatAnswersOneCallOtherwiseIsNotConfirmed(t *testing.T) {
	code, q := question(t, "ktstr-try", model.ExclusionName, "lock inside unlock")
	cover := &explore.Cover{}
	c := &search.Confirmer{Machine: twin.Machine{Real: inMemory}, Cover: cover}
	defer c.Close()
	first, err := c.Holds(context.Background(), code, q)
	if err != nil || first.Pairs == 0 || first.Schedules == 0 || first.Schedules*2 > first.Pairs {
		t.Fatalf("found %+v, %v, wanted pairs by half as many schedules at most", first, err)
	}
	again, err := c.Holds(context.Background(), code, q)
	if err != nil || again.Pairs != 0 || again.Whole == 0 || again.Schedules != again.Whole {
		t.Errorf("again: found %+v, %v, wanted ends and nothing else", again, err)
	}

	liar := &search.Confirmer{Machine: twin.Machine{Real: forgetful{inMemory}}, Cover: &explore.Cover{}}
	defer liar.Close()
	if _, err := liar.Holds(context.Background(), code, q); err == nil || !strings.Contains(err.Error(), "flock") {
		t.Errorf("found %v, wanted the flock that is granted twice", err)
	}
}

// A forgetful machine's kernels grant a flock that another process has.
type forgetful struct{ sys.Machine }

func (m forgetful) Boot(setup sys.Setup) (sys.Kernel, error) {
	k, err := m.Machine.Boot(setup)
	return forgetting{k}, err
}

type forgetting struct{ sys.Kernel }

func (k forgetting) Do(t sys.TID, c sys.Call) (sys.Ret, error) {
	r, err := k.Kernel.Do(t, c)
	if c.Op == sys.OpFlock && r.Err == sys.EWOULDBLOCK {
		return sys.OK(), nil
	}
	return r, err
}

func TestWhatCannotBeExploredAgainIsNotConfirmed(t *testing.T) {
	code, q := question(t, "ktstr-try", model.ExclusionName, "lock inside unlock")
	q.States = 3
	c := &search.Confirmer{Machine: inMemory, Cover: &explore.Cover{}}
	defer c.Close()
	var unproved *search.Unproved
	if done, err := c.Holds(context.Background(), code, q); !errors.As(err, &unproved) || !errors.Is(err, explore.ErrStates) {
		t.Errorf("found %+v, %v, wanted it unproved", done, err)
	}
}

func TestWhatIsViolatedIsNotConfirmed(t *testing.T) {
	code, q := question(t, "ctx-v0", model.ExclusionName, "lock inside unlock")
	c := &search.Confirmer{Machine: inMemory, Cover: &explore.Cover{}}
	defer c.Close()
	if done, err := c.Holds(context.Background(), code, q); err == nil {
		t.Errorf("found %+v, wanted an error: exclusion is violated", done)
	}
}
