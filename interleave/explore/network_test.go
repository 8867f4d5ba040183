package explore

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// On file systems that hosts share states are what enumerating every schedule
// comes to, too: the same verdict, and as many schedules. So the names that hosts
// keep, who has looked, and on which host a process is are all in the state.
func TestStatesOnFileSystemsOfManyHosts(t *testing.T) {
	for _, test := range []struct {
		profile, lock, start string
		acquires             int
		violated             bool
	}{
		{"nfs2", "excl", "none", 1, true},
		{"nfs3-nolock", "excl", "none", 1, false},
		{"nfs2", "mkdir", "none", 1, false},
		{"nfs3-nolock", "flock-persist", "none", 1, true},
		{"fuse", "flock-persist", "none", 1, true},
		{"nfs4", "flock-persist", "none", 1, false},
		{"smb", "flock-persist", "none", 1, false},
		{"nfs3-nolock", "fcntl-persist", "none", 1, true},
		{"nfs4", "fcntl-persist", "none", 1, false},
		{"nfs4", "flock-unlock-unlink", "none", 2, true},
		{"nfs4", "flock-nlink", "idle", 2, true},
		{"smb", "flock-nlink", "idle", 2, false},
	} {
		t.Run(test.profile+" "+test.lock, func(t *testing.T) {
			tr := contest(t, test.lock, "", strings.Repeat("lock inside unlock ", test.acquires), test.start, 2, 0)
			wanted, all := enumeratedOn(t, sim.Machine{Rules: sim.RulesOf(test.profile)}, tr, 2_000)
			a := explored(t, tr, Question{Profile: test.profile})
			violated := a.Verdict == model.Violated
			if violated != test.violated || all && (a.Verdict != wanted.verdict() || a.Interleavings.Int64() != int64(wanted.runs)) {
				t.Errorf("found %+v, wanted %+v, all %t", a, wanted, all)
			}
			plain := explored(t, tr, Question{Profile: test.profile, NoSymmetry: true})
			if plain.Verdict != a.Verdict || plain.States < a.States || plain.Interleavings.Cmp(a.Interleavings) != 0 {
				t.Errorf("found %+v where processes change no places, wanted %+v", plain, a)
			}
		})
	}
}

func TestDrawnLocksOnFileSystemsOfManyHosts(t *testing.T) {
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTrial(rt)
		profile := rapid.SampledFrom([]string{"nfs2", "nfs2", "nfs3-nolock", "nfs4", "nfs4", "smb", "fuse"}).Draw(rt, "profile")
		tr.Budget.Unlinks = 0
		wanted, all := enumeratedOn(rt, sim.Machine{Rules: sim.RulesOf(profile)}, tr, 500)
		if !all {
			return
		}
		compared++
		for _, plain := range []bool{false, true} {
			a := explored(rt, tr, Question{Profile: profile, NoSymmetry: plain})
			if a.Verdict != wanted.verdict() || !a.Endless && a.Interleavings.Int64() != int64(wanted.runs) {
				rt.Fatalf("no symmetry %t: found %+v, wanted %+v", plain, a, wanted)
			}
		}
	})
	t.Logf("%d compared", compared)
}
