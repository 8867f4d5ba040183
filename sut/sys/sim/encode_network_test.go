package sim_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// shared returns a kernel of a file system on a server after random calls. The
// same seed makes the same calls; swapped, p0 and p1 change parts.
func shared(t *testing.T, seed uint64, swapped bool) (*sim.State, string) {
	profile := []string{"nfs2", "nfs3-nolock", "nfs4", "smb", "fuse"}[seed%5]
	s, err := sim.New(sim.RulesOf(profile), sys.Setup{Procs: 3})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for range rng.IntN(80) {
		id, c := sys.TID{Proc: uint8(rng.IntN(3)), Thread: uint8(rng.IntN(2))}, anyCall(rng)
		if swapped && id.Proc < 2 {
			id.Proc = 1 - id.Proc
		}
		if c.Op == sys.OpFork || c.Op == sys.OpAlive {
			continue
		}
		if _, err := s.Do(id, c); err != nil {
			t.Fatal(err)
		}
	}
	return s, profile
}

func TestHostsThatChangePartsAreWrittenAlike(t *testing.T) {
	hidden, looked := 0, 0
	for _, numbers := range []bool{false, true} {
		here, there := sim.Form{Order: []int{0, 1, 2}, Numbers: numbers}, sim.Form{Order: []int{1, 0, 2}, Numbers: numbers}
		for seed := range uint64(1000) {
			s, profile := shared(t, seed, false)
			swapped, _ := shared(t, seed, true)
			a, b := s.Append(nil, &here), swapped.Append(nil, &there)
			if !bytes.Equal(a, b) {
				t.Fatalf("seed %d: found\n%x of\n%swanted\n%x of\n%s", seed, b, swapped, a, s)
			}
			for p, q := range []int{1, 0, 2} {
				if a, b := s.AppendProc(nil, p, &here), swapped.AppendProc(nil, q, &there); !bytes.Equal(a, b) {
					t.Fatalf("seed %d: p%d: found\n%swanted\n%s", seed, p, swapped, s)
				}
			}
			again, _ := sim.New(sim.RulesOf(profile), sys.Setup{Procs: 3})
			if again.Read(b, &here); !bytes.Equal(again.Append(nil, &here), a) {
				t.Fatalf("seed %d: found\n%swanted\n%s", seed, again, s)
			}
			hidden += strings.Count(s.String(), ".nfs")
			looked += sim.Looked(s)
		}
	}
	if hidden < 30 || looked < 5 {
		t.Errorf("found %d hidden names and %d threads that had looked, wanted more", hidden, looked)
	}
}

// What file systems on a server tell states apart by, and what not.
func TestWhatStatesOfHostsAreToldApartBy(t *testing.T) {
	const both = "p0 open(\"f\", O_RDWR); p1 open(\"f\", O_RDWR);"
	for _, test := range []struct {
		what, profile, one, other string
		alike                     bool
	}{
		{"who keeps a name", "nfs4", both + "p0 unlink(\"f\")", both + "p1 unlink(\"f\")", false},
		{"a kept name or a lost file", "nfs4", both + "p0 unlink(\"f\")", both + "outside unlink(\"f\")", false},
		{"a name that was kept", "nfs4", "p0 open(\"f\", O_RDWR); p0 unlink(\"f\"); p0 close(3)", "p0 unlink(\"f\")", true},
		{"who has looked", "nfs2", "p0 open(\"g\", O_RDWR|O_CREAT|O_EXCL, 0600)", "p1 open(\"g\", O_RDWR|O_CREAT|O_EXCL, 0600)", false},
		{"that it has looked", "nfs2", "p0 open(\"g\", O_RDWR|O_CREAT|O_EXCL, 0600)", "", false},
		{"that it has looked and was killed", "nfs2", "p0 open(\"g\", O_RDWR|O_CREAT|O_EXCL, 0600); outside kill(p0)", "outside kill(p0)", true},
		{"that it has looked and was interrupted", "nfs2", "p0 open(\"g\", O_RDWR|O_CREAT|O_EXCL, 0600); p0 interrupt()", "", true},
		{"on which host a child is", "nfs4", "p0 fork()", "p1 fork()", false},
	} {
		a, _ := told(t, test.profile, test.one)
		b, _ := told(t, test.profile, test.other)
		f := sim.Form{Order: []int{0, 1}, Numbers: true}
		if strings.Contains(test.one, "fork") {
			f.Order = append(f.Order, 2)
		}
		one, other := a.Append(nil, &f), b.Append(nil, &f)
		if bytes.Equal(one, other) != test.alike {
			t.Errorf("%s: found %x and %x, wanted them alike: %t", test.what, one, other, test.alike)
		}
	}
}
