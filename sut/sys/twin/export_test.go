package twin

import (
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Simulated returns the state of the simulated kernel of one that a Machine
// has booted.
func Simulated(k sys.Kernel) *sim.State { return k.(*kernel).sim }
