package search_test

import (
	"errors"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// A strange machine is a kernel that answers one call in its own way.
type strange struct {
	sys.Machine
	answer func(sys.Kernel, sys.TID, sys.Call) (sys.Ret, error)
}

type strangeKernel struct {
	sys.Kernel
	strange
}

func (s strange) Boot(setup sys.Setup) (sys.Kernel, error) {
	k, err := s.Machine.Boot(setup)
	return strangeKernel{k, s}, err
}

func (k strangeKernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) { return k.answer(k.Kernel, id, c) }

// Where the real kernel differs from the simulated one the twin says so: a kill
// that is not carried out, a lock that is given to two, an answer that is off.
func TestMutantTwinSeesDifferences(t *testing.T) {
	e := mutantBase("ktstr-try")
	m := mutant{base: e, bounds: draw.Bounds{Budget: trial.Budget{Kills: 1}}}
	trials := m.trials(t, e, 1)
	for name, answer := range map[string]func(sys.Kernel, sys.TID, sys.Call) (sys.Ret, error){
		"no kill": func(k sys.Kernel, id sys.TID, c sys.Call) (sys.Ret, error) {
			if c.Op == sys.OpKill {
				return sys.OK(), nil
			}
			return k.Do(id, c)
		},
		"no conflict": func(k sys.Kernel, id sys.TID, c sys.Call) (sys.Ret, error) {
			r, err := k.Do(id, c)
			if c.Op == sys.OpFlock {
				r = sys.OK()
			}
			return r, err
		},
		"links": func(k sys.Kernel, id sys.TID, c sys.Call) (sys.Ret, error) {
			r, err := k.Do(id, c)
			if c.Op == sys.OpStat && r.Err == 0 {
				r.Stat.Nlink++
			}
			return r, err
		},
	} {
		run := search.Sampled(trials, interleave.Strategies()[0], 1)
		seen := 0
		for n := range 200 {
			_, _, err := run(n, twin.Machine{Real: strange{mutantMachine, answer}})
			var d *twin.Difference
			if errors.As(err, &d) {
				seen++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if seen == 0 {
			t.Errorf("%s: found no difference in 200 runs", name)
		}
	}
	for n := range 200 {
		if _, _, err := search.Sampled(trials, interleave.Strategies()[0], 1)(n, twin.Machine{Real: mutantMachine}); err != nil {
			t.Fatalf("twins of one kind: %v", err)
		}
	}
}
