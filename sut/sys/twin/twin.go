// Package twin runs the real kernel and a simulated one side by side.
//
// The simulated kernel says whether a blocking call is ready, so the real one
// is only asked what it will answer at once; and every answer of the real
// kernel is compared with the simulated one's. Each gated run on Linux is so
// a test of the simulator, and a blocking call never blocks.
package twin

import (
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A Machine makes kernels that carry calls out on Real, kept in step with a
// simulated kernel that follows the rules of Real's file system.
type Machine struct{ Real sys.Machine }

// Boot implements sys.Machine.
func (m Machine) Boot(setup sys.Setup) (sys.Kernel, error) {
	state, err := sim.New(sim.RulesOf(m.Real.Profile()), setup)
	if err != nil {
		return nil, err
	}
	real, err := m.Real.Boot(setup)
	if err != nil {
		return nil, err
	}
	return &kernel{sim: state, real: real}, nil
}

// Profile implements sys.Machine.
func (m Machine) Profile() string { return m.Real.Profile() }

// Close implements sys.Machine.
func (m Machine) Close() error { return m.Real.Close() }

type kernel struct {
	sim  *sim.State
	real sys.Kernel
}

func (k *kernel) Ready(id sys.TID, c sys.Call) bool { return k.sim.Ready(id, c) }

// Do asks the real kernel first: which inode number a new file gets is the
// file system's choice, and the simulated kernel is told.
func (k *kernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	if r, ok := c.Told(); ok {
		return r, nil
	}
	real, err := k.real.Do(id, c)
	if err != nil {
		return sys.Ret{}, err
	}
	k.sim.Expect(real.Ino)
	simulated, err := k.sim.Do(id, c)
	if err != nil {
		return sys.Ret{}, err
	}
	if real != simulated {
		return sys.Ret{}, &Difference{By: id, Call: c, Real: real, Simulated: simulated}
	}
	return real, nil
}

// A Difference is a call that the two kernels answered differently: a fault of
// the simulator, or somebody else at work in the trial's directory.
type Difference struct {
	By              sys.TID
	Call            sys.Call
	Real, Simulated sys.Ret
}

func (d *Difference) Error() string {
	return fmt.Sprintf("the kernels differ: p%d %s = %s on Linux, %s simulated",
		d.By.Proc, d.Call, d.Real.Format(d.Call.Op), d.Simulated.Format(d.Call.Op))
}
