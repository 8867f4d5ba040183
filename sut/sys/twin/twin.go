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
	k := &kernel{sim: state, real: real, names: map[sys.Ino]sys.Ino{}, taken: map[sys.Ino]bool{}}
	for i := range setup.Files {
		ino := sys.Ino{Num: uint16(i + 1)} // both name a setup's files in its order
		k.names[ino], k.taken[ino] = ino, true
	}
	return k, nil
}

// Profile implements sys.Machine.
func (m Machine) Profile() string { return m.Real.Profile() }

// Pin implements sys.Pinner, if Real does.
func (m Machine) Pin(n int) error {
	if p, ok := m.Real.(sys.Pinner); ok {
		return p.Pin(n)
	}
	return nil
}

// Close implements sys.Machine.
func (m Machine) Close() error { return m.Real.Close() }

type kernel struct {
	sim   *sim.State
	real  sys.Kernel
	names map[sys.Ino]sys.Ino // the simulated kernel's name of each real inode
	taken map[sys.Ino]bool    // the names that are some inode's
}

func (k *kernel) Ready(id sys.TID, c sys.Call) bool { return k.sim.Ready(id, c) }

// Do implements sys.Kernel. Inodes have the simulated kernel's names: which
// number a file system gives to a new file also depends on what others do
// there, and the same schedule must have the same answers each time. What is
// compared is which file is which. What is in a process's memory no kernel sees.
func (k *kernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	if r, ok := c.Told(); ok {
		return r, nil
	}
	if c.Op.InMemory() {
		return k.sim.Do(id, c)
	}
	real, err := k.real.Do(id, c)
	if err != nil {
		return sys.Ret{}, err
	}
	simulated, err := k.sim.Do(id, c)
	if err != nil {
		return sys.Ret{}, err
	}
	if real.Wait && simulated.Err == sys.EDEADLK {
		// Linux sees a circle only of requests that really block. Here it is
		// asked without blocking, so all that it can confirm is that the lock
		// is another's. That it then answers EDEADLK is shown once and for all
		// by threads that do block: see TestLinuxRefusesToDeadlock.
		return simulated, nil
	}
	if !k.rename(&real, simulated) || real != simulated {
		return sys.Ret{}, &Difference{By: id, Call: c, Real: real, Simulated: simulated}
	}
	return real, nil
}

// rename gives the inodes of the real answer the simulated kernel's names. It
// reports false where one has no name that fits.
func (k *kernel) rename(real *sys.Ret, simulated sys.Ret) bool {
	return k.name(&real.Ino, simulated.Ino) &&
		k.name(&real.Stat.Ino, simulated.Stat.Ino) &&
		k.name(&real.Stat.Mtime.Of, simulated.Stat.Mtime.Of)
}

// name replaces a real inode by its name. One that is met for the first time
// has the name that the simulated kernel tells now, if that is nobody's yet.
func (k *kernel) name(real *sys.Ino, simulated sys.Ino) bool {
	known, ok := k.names[*real]
	switch {
	case ok:
		*real = known
	case real.Num == 0 || simulated.Num == 0:
		// The trial's own directory, or no inode: left to the comparison.
	case k.taken[simulated]:
		return false
	default:
		k.names[*real], k.taken[simulated] = simulated, true
		*real = simulated
	}
	return true
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
