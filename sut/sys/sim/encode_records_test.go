package sim_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// crowded returns a kernel after random calls of processes that hold and wait
// for locks. The same seed makes the same calls; swapped, p0 and p1 change
// parts.
func crowded(t *testing.T, seed uint64, swapped bool) *sim.State {
	s, err := sim.New(sim.RulesOf("tmpfs"), sys.Setup{Procs: 3, Files: []sys.Entry{{Name: "l"}, {Name: "m"}}})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for range rng.IntN(120) {
		id, c := sys.TID{Proc: uint8(rng.IntN(3)), Thread: uint8(rng.IntN(2))}, crowdCall(rng)
		if swapped && id.Proc < 2 {
			id.Proc = 1 - id.Proc
		}
		if _, err := s.Do(id, c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func crowdCall(rng *rand.Rand) sys.Call {
	fd := 3 + rng.IntN(3)
	switch n := rng.IntN(20); {
	case n < 3:
		return sys.Call{Op: sys.OpOpen, Path: []string{"l", "m"}[rng.IntN(2)], Flags: sys.O_RDWR | sys.O_CLOEXEC*rng.IntN(2)}
	case n < 4:
		return sys.Call{Op: []sys.Op{sys.OpClose, sys.OpDup}[rng.IntN(2)], FD: fd}
	}
	commands := []int{sys.F_SETLK, sys.F_SETLKW, sys.F_OFD_SETLK, sys.F_OFD_SETLKW}
	return sys.Call{Op: sys.OpFcntl, FD: fd, Flags: commands[rng.IntN(4)], Record: sys.Record{
		Type: int16(rng.IntN(3)), Start: int64(rng.IntN(6)), Len: int64(rng.IntN(4)),
	}}
}

func TestRecordLocksAreWrittenAndRead(t *testing.T) {
	form := sim.Form{Order: []int{0, 1, 2}}
	waits := 0
	for seed := range uint64(300) {
		s := crowded(t, seed, false)
		written := s.Append(nil, &form)
		again, _ := sim.New(sim.RulesOf("tmpfs"), sys.Setup{Procs: 3})
		if rest := again.Read(written, &form); len(rest) != 0 {
			t.Fatalf("seed %d: %d bytes are left", seed, len(rest))
		}
		if found := again.Append(nil, &form); !bytes.Equal(found, written) {
			t.Fatalf("seed %d: found\n%swanted\n%s", seed, again, s)
		}
		for _, text := range []string{`fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=0})`, `fcntl(3, F_OFD_GETLK, {F_WRLCK, start=0, len=0})`} {
			for p := range uint8(3) {
				id := sys.TID{Proc: p, Thread: 2}
				if s.Ready(id, call(t, text)) != again.Ready(id, call(t, text)) || do(t, s, id, text) != do(t, again, id, text) {
					t.Fatalf("seed %d: p%d %s differs, found\n%swanted\n%s", seed, p, text, again, s)
				}
			}
		}
		if bytes.Contains([]byte(s.String()), []byte("waits")) {
			waits++
		}
	}
	if waits < 100 {
		t.Errorf("somebody waited in %d states alone", waits)
	}
}

func TestProcessesThatChangePartsAreWrittenAlike(t *testing.T) {
	here, there := sim.Form{Order: []int{0, 1, 2}}, sim.Form{Order: []int{1, 0, 2}}
	for seed := range uint64(300) {
		s, swapped := crowded(t, seed, false), crowded(t, seed, true)
		if a, b := s.Append(nil, &here), swapped.Append(nil, &there); !bytes.Equal(a, b) {
			t.Fatalf("seed %d: found\n%x of\n%swanted\n%x of\n%s", seed, b, swapped, a, s)
		}
		for p, q := range []int{1, 0, 2} {
			if a, b := s.AppendProc(nil, p, &here), swapped.AppendProc(nil, q, &there); !bytes.Equal(a, b) {
				t.Fatalf("seed %d: p%d: found\n%swanted\n%s", seed, p, swapped, s)
			}
		}
	}
}

func TestACopySharesNoLocks(t *testing.T) {
	var copied sim.State
	for seed := range uint64(100) {
		s := crowded(t, seed, false)
		copied.CopyFrom(s)
		before := s.String()
		for p := range uint8(3) {
			do(t, s, sys.TID{Proc: p}, `exit()`)
		}
		if copied.String() != before {
			t.Fatalf("seed %d: found\n%swanted\n%s", seed, &copied, before)
		}
	}
}
