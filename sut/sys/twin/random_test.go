package twin_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// Calls that meet each other: few processes, which fork, run programs and end;
// few descriptors of two files; ranges of a few bytes. Every answer is compared.
// What is not ready is left out, and who was asked to wait does not wait any
// more when it makes another call.
func TestLocksOfManyOwnersAgreeOnRandomCalls(t *testing.T) {
	for _, dir := range []string{os.TempDir(), "/dev/shm"} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			workers, err := linux.OpenWorkers(dir)
			if err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			defer workers.Close()
			m := mob{answers: map[string]int{}}
			for seed := range uint64(12) {
				m.rng = rand.New(rand.NewPCG(seed, 0))
				m.run(t, twin.Machine{Real: workers})
			}
			for _, answer := range []string{
				"fcntl 0", "fcntl -1 EAGAIN", "fcntl -1 EBADF", "fcntl -1 EDEADLK", "fcntl ?",
				"flock 0", "flock -1 EAGAIN", "fork p5", "exec 0", "exit 0", "kill 0",
			} {
				if m.answers[answer] == 0 {
					t.Errorf("no call was answered %q", answer)
				}
			}
		})
	}
}

// A mob makes random calls.
type mob struct {
	rng     *rand.Rand
	answers map[string]int // how often each operation was answered so

	procs   int
	alive   []int
	waiting map[int]bool
}

func (m *mob) run(t *testing.T, machine sys.Machine) {
	m.procs, m.alive, m.waiting = 3, []int{0, 1, 2}, map[int]bool{}
	k, err := machine.Boot(sys.Setup{Procs: m.procs, Files: []sys.Entry{{Name: "l"}, {Name: "m"}}})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 1000 && len(m.alive) > 0; n++ {
		i := m.rng.IntN(len(m.alive))
		id, c := sys.TID{Proc: uint8(m.alive[i])}, m.call()
		switch {
		case m.waiting[int(id.Proc)] && m.rng.IntN(20) > 0:
			continue // mostly it does wait
		case c.Op == sys.OpKill:
			c.N, id = int64(id.Proc), sys.Outside
		case c.Op == sys.OpFork && m.procs == 12 || !k.Ready(id, c):
			continue
		}
		r, err := k.Do(id, c)
		if err != nil {
			t.Fatal(err)
		}
		m.answers[c.Op.String()+" "+r.Format(c.Op)]++
		m.waiting[int(id.Proc)] = r.Wait
		switch c.Op {
		case sys.OpFork:
			m.alive = append(m.alive, m.procs)
			m.procs++
		case sys.OpExit, sys.OpKill:
			m.alive = append(m.alive[:i], m.alive[i+1:]...)
		}
	}
}

func (m *mob) call() sys.Call {
	fd := 3 + m.rng.IntN(3)
	switch n := m.rng.IntN(400); {
	case n == 0:
		return sys.Call{Op: sys.OpExec}
	case n == 1:
		return sys.Call{Op: sys.OpExit}
	case n == 2:
		return sys.Call{Op: sys.OpKill}
	case n < 8:
		return sys.Call{Op: sys.OpFork}
	case n < 16:
		return sys.Call{Op: sys.OpClose, FD: fd}
	case n < 24:
		return sys.Call{Op: sys.OpDup, FD: fd}
	case n < 44:
		path, flags := []string{"l", "m"}[m.rng.IntN(2)], []int{sys.O_RDWR, sys.O_RDWR, sys.O_RDONLY, sys.O_WRONLY}[m.rng.IntN(4)]|sys.O_CLOEXEC*m.rng.IntN(2)
		return sys.Call{Op: sys.OpOpen, Path: path, Flags: flags}
	case n < 60:
		how := []int{sys.LOCK_SH, sys.LOCK_EX, sys.LOCK_UN}[m.rng.IntN(3)] | sys.LOCK_NB*m.rng.IntN(2)
		return sys.Call{Op: sys.OpFlock, FD: fd, Flags: how}
	}
	return sys.Call{Op: sys.OpFcntl, FD: fd, Flags: m.command(), Record: sys.Record{
		Type:  int16(m.rng.IntN(3)),
		Start: int64(m.rng.IntN(12)),
		Len:   int64(m.rng.IntN(8)) - 1,
	}}
}

func (m *mob) command() int {
	commands := []int{
		sys.F_SETLK, sys.F_SETLK, sys.F_SETLK, sys.F_SETLKW, sys.F_GETLK,
		sys.F_OFD_SETLK, sys.F_OFD_SETLK, sys.F_OFD_SETLKW, sys.F_OFD_GETLK,
	}
	return commands[m.rng.IntN(len(commands))]
}
