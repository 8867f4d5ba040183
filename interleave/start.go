package interleave

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Starts names the starts that can be made for any lock:
//
//   - none: no file is there;
//   - idle: what an acquire and a release leave behind, grown old;
//   - leftover: what a client leaves behind that was killed inside, grown old.
//
// Two more are made where they are asked for, see [EveryStart].
func Starts() []string { return []string{"none", "idle", "leftover"} }

// EveryStart names those and the starts in which somebody has put something in the
// lock's place:
//
//   - dir: a directory, grown old;
//   - planted: a symbolic link that leads to another file, which is not there,
//     grown old.
func EveryStart() []string { return append(Starts(), "dir", "planted") }

// Elsewhere is the file that the link of the start planted leads to.
const Elsewhere = "elsewhere"

// OldAge is how old the files of the starts idle and leftover are where the
// lock calls no age stale: older than any of the seed documents' thresholds.
const OldAge = 31 * time.Second

// Predecessor is the number of the process that leaves the files of a start
// behind. No trial has as many, so in a trial it is dead.
const Predecessor = 99

// An Unmade is the error of a start that cannot be made, because one client
// alone does not finish.
type Unmade struct {
	Lock string
	End  End
}

func (e *Unmade) Error() string {
	return fmt.Sprintf("make a start for %s: one client alone is %s", e.Lock, e.End)
}

// MakeStart returns the files of the named start for the trial's lock. The
// lock's own code makes them, in memory.
func MakeStart(name string, t *trial.Trial) ([]sys.Entry, error) {
	switch name {
	case "none":
		return nil, nil
	case "idle":
		return leave(t, "lock inside unlock")
	case "leftover":
		return leave(t, "lock inside")
	case "dir":
		return []sys.Entry{{Name: trial.Path, Kind: sys.Directory, Age: oldAge(t.Config)}}, nil
	case "planted":
		return []sys.Entry{{Name: trial.Path, Kind: sys.Symlink, Content: Elsewhere, Age: oldAge(t.Config)}}, nil
	}
	return nil, fmt.Errorf("found start %q, wanted one of %s", name, strings.Join(EveryStart(), ", "))
}

// leave runs one client through the workload and returns the files it leaves,
// old.
func leave(t *trial.Trial, workload string) ([]sys.Entry, error) {
	work, err := trial.ParseWorkload(workload)
	if err != nil {
		return nil, err
	}
	state, err := sim.New(sim.Rules{}, sys.Setup{Procs: Predecessor + 1})
	if err != nil {
		return nil, err
	}
	one := trial.Trial{Lock: t.Lock, Config: t.Config, Clients: []trial.Client{{Proc: Predecessor, Work: work}}}
	out, err := Run(&one, booted{state}, RoundRobin{})
	if err != nil {
		return nil, fmt.Errorf("make a start for %s: %w", t.Lock.Name, err)
	}
	if out.End != Finished {
		return nil, &Unmade{t.Lock.Name, out.End}
	}
	entries := state.Entries(0)
	for i := range entries {
		entries[i].Age = oldAge(t.Config)
	}
	return entries, nil
}

// oldAge is older than any age that the lock calls old.
func oldAge(c lock.Config) time.Duration { return max(OldAge, c.Stale+time.Second) }

// booted is a machine whose one kernel is there already.
type booted struct{ state *sim.State }

func (b booted) Boot(sys.Setup) (sys.Kernel, error) { return b.state, nil }
func (b booted) Profile() string                    { return trial.AnyProfile }
func (b booted) Close() error                       { return nil }

// LongWork returns how long a holder must work to outlast every threshold of
// the lock: then a heartbeat earns its keep.
func LongWork(c lock.Config) time.Duration {
	return max(OldAge, c.Stale+time.Second, c.Timeout+time.Second)
}
