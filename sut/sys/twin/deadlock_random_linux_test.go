package twin_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Processes that really block are answered as the simulated kernel says, also
// when they are woken: with the lock, with EDEADLK, or not yet.
func TestLinuxRefusesWhoeverTheSimulatedKernelDoes(t *testing.T) {
	refused := 0
	for seed := range uint64(12) {
		d := newDuel(t, seed)
		for range 60 {
			if !d.round() {
				break
			}
		}
		refused += d.refused
		for _, b := range d.real.procs {
			b.kill()
		}
	}
	if refused == 0 {
		t.Error("nobody was refused")
	}
}

// A duel makes the same random calls on a simulated kernel and in processes
// that block.
type duel struct {
	t       *testing.T
	rng     *rand.Rand
	sim     *sim.State
	real    *blockingKernel
	waits   map[uint8]sys.Call // the calls that are being made
	refused int
}

// newDuel has four processes with two files open.
func newDuel(t *testing.T, seed uint64) *duel {
	setup := sys.Setup{Procs: 4, Files: []sys.Entry{{Name: "l"}, {Name: "m"}}}
	s, err := sim.New(sim.Rules{}, setup)
	if err != nil {
		t.Fatal(err)
	}
	d := &duel{t: t, rng: rand.New(rand.NewPCG(seed, 0)), sim: s, real: &blockingKernel{t: t}, waits: map[uint8]sys.Call{}}
	if _, err := d.real.boot(setup); err != nil {
		t.Fatal(err)
	}
	for p := range uint8(setup.Procs) {
		for _, f := range setup.Files {
			open := sys.Call{Op: sys.OpOpen, Path: f.Name, Flags: sys.O_RDWR}
			d.compare(p, open, d.simulated(p, open))
		}
	}
	return d
}

func (d *duel) simulated(p uint8, c sys.Call) sys.Ret {
	r, err := d.sim.Do(sys.TID{Proc: p}, c)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *duel) compare(p uint8, c sys.Call, wanted sys.Ret) {
	found, err := d.real.Do(sys.TID{Proc: p}, c)
	if err != nil || found != wanted {
		d.t.Fatalf("p%d %s: found %s on Linux, %v, wanted %s; simulated\n%s", p, c, found.Format(c.Op), err, wanted.Format(c.Op), d.sim)
	}
	if wanted.Err == sys.EDEADLK {
		d.refused++
	}
}

// A made call is one of a process that was answered, or waits.
type made struct {
	by     uint8
	call   sys.Call
	answer sys.Ret
}

// round has a process that does not wait make a call. It reports false where
// two are woken at once: which of them Linux lets go first nobody knows.
func (d *duel) round() bool {
	p, c := uint8(d.rng.IntN(4)), d.call()
	if _, waits := d.waits[p]; waits {
		return true
	}
	calls := []made{{p, c, d.simulated(p, c)}}
	if calls[0].answer.Wait {
		d.waits[p] = c
	}
	for woken := d.ready(); len(woken) > 0; woken = d.ready() {
		if len(woken) > 1 {
			return false
		}
		q, c := woken[0], d.waits[woken[0]]
		if r := d.simulated(q, c); !r.Wait {
			calls = append(calls, made{q, c, r})
			delete(d.waits, q)
		}
	}
	for _, m := range calls {
		d.compare(m.by, m.call, m.answer)
	}
	for q, c := range d.waits {
		d.compare(q, c, sys.Ret{Wait: true})
	}
	return true
}

// ready returns which processes wait and could go on.
func (d *duel) ready() (woken []uint8) {
	for q, c := range d.waits {
		if d.sim.Ready(sys.TID{Proc: q}, c) {
			woken = append(woken, q)
		}
	}
	return woken
}

func (d *duel) call() sys.Call {
	commands := []int{sys.F_SETLKW, sys.F_SETLKW, sys.F_SETLKW, sys.F_SETLK, sys.F_OFD_SETLKW}
	return sys.Call{Op: sys.OpFcntl, FD: 3 + d.rng.IntN(2), Flags: commands[d.rng.IntN(len(commands))], Record: sys.Record{
		Type: int16(d.rng.IntN(3)), Start: int64(d.rng.IntN(3)), Len: int64(d.rng.IntN(3)),
	}}
}
