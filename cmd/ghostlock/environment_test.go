//go:build linux

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

func TestEveryEnvironmentIsComputedOnceAndFromItsOwnStarts(t *testing.T) {
	var names []string
	for _, e := range environments {
		names = append(names, e.name)
		for _, start := range e.from() {
			if !slices.Contains(interleave.EveryStart(), start) {
				t.Errorf("%s: found start %s", e.name, start)
			}
		}
	}
	order := slices.Sorted(slices.Values(byEffort()))
	if slices.Sort(names); !slices.Equal(names, order) {
		t.Errorf("found %v computed, wanted %v", order, names)
	}
	all, inAll := cells(lock.All()...), 0
	for _, group := range inGroups(all) {
		inAll += len(group)
	}
	if inAll != len(all) {
		t.Errorf("found %d cells in groups, wanted %d", inAll, len(all))
	}
	for _, c := range all {
		if !slices.Contains(c.env().from(), c.start) {
			t.Errorf("found %s", c)
		}
	}
}

func TestWhatIsFromDocuments(t *testing.T) {
	if found := strings.Join(documented(), " "); found != "nfs2 nfs3-nolock nfs4 smb fuse" {
		t.Errorf("found %s", found)
	}
}

// The clock of the file server is ahead in one trial of each shape, and behind in
// the other.
func TestBothClocksOfTheFileServerAreTried(t *testing.T) {
	e, err := lock.Find("excl")
	if err != nil {
		t.Fatal(err)
	}
	plans, err := cell{"excl", model.ExclusionName, "skew", "none"}.plans(e, small)
	if err != nil || len(plans) != 2*len(scene.Shapes()) {
		t.Fatalf("found %d plans, %v", len(plans), err)
	}
	for i, p := range plans {
		if wanted := []time.Duration{time.Minute, -time.Minute}[i%2]; p.Skew != wanted {
			t.Errorf("%s: found a skew of %s, wanted %s", p.Shape, p.Skew, wanted)
		}
	}
	if !strings.HasSuffix(plans[1].Shape, ", the server's clock 60s behind") {
		t.Errorf("found %q", plans[1].Shape)
	}
}

const madeTwice = `ghostlock case 1
# Both clients make the file.
-- lock --
excl
-- kernel --
nfs2
-- start --
-- workload --
p0: lock inside unlock
p1: lock inside unlock
-- environment --
kills=0
-- schedule --
p0 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = ?
p1 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = ?
p1 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 3<A>
p1 close(3) = 0
p0 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 3<A>
p0 close(3) = 0
-- verdict --
exclusion violated: p1 and p0 both hold the lock after step 6
`

func TestACaseFromDocumentsIsReplayedInMemory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("twice.txt", madeTwice)
	out := b.ends(exitViolated, "replay", "twice.txt").stdout
	if wanted := "reproduced in memory (what is known of nfs2 is from documents, and not confirmed on Linux), 1 time"; !strings.Contains(out, wanted) {
		t.Errorf("wanted %q in\n%s", wanted, out)
	}
	out = b.ends(exitViolated, "replay", "--json", "twice.txt").stdout
	if !strings.Contains(out, `"kernel":"sim"`) || !strings.Contains(out, `"confirmed":false`) {
		t.Errorf("found %s", out)
	}
}

// A case proves nothing of an environment that it did not happen in.
func TestACaseFitsItsOwnFileSystemAlone(t *testing.T) {
	c, err := trial.ParseCase("twice.txt", []byte(madeTwice))
	if err != nil {
		t.Fatal(err)
	}
	for env, fits := range map[string]bool{"nfs2": true, "nfs4": false, "calm": false, "skew": false} {
		if err := (cell{"excl", model.ExclusionName, env, "none"}).fits(c); (err == nil) != fits {
			t.Errorf("%s: found %v", env, err)
		}
	}
	c.Profile = "any"
	for env, fits := range map[string]bool{"nfs2": false, "calm": true} {
		if err := (cell{"excl", model.ExclusionName, env, "none"}).fits(c); (err == nil) != fits {
			t.Errorf("on any file system, %s: found %v", env, err)
		}
	}
	c.Trial.Skew = time.Minute
	if err := (cell{"excl", model.ExclusionName, "skew", "none"}).fits(c); err != nil {
		t.Errorf("found %v", err)
	}
	if (cell{"excl", model.ExclusionName, "calm", "none"}).fits(c) == nil {
		t.Error("found a case with another clock in calm, wanted none")
	}
}

func TestComparingTellsWhatIsFromDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := b.ends(0, "compare", "excl", "--cache", "", "--property", "exclusion", "--environment", "nfs2,nfs4,skew,suspend", "--start", "none").stdout
	for _, wanted := range []string{
		"skew suspend nfs2 nfs4", "excl                 h    h       V    h",
		"Of nfs2, nfs3 (without locks), nfs4, smb and fuse the rules are from documents: not confirmed on Linux.",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("wanted %q in\n%s", wanted, out)
		}
	}
}

// What a suspended machine and a server with another clock do to a lock that goes
// by age is confirmed on Linux.
func TestOtherClocksAreConfirmedOnLinux(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--walls", "1"}, {"--skew", "-60s"}} {
		b := newBench(t)
		args := append([]string{"explore", "lease-mtime", "--property", "exclusion", "--start", "none", "--clients", "2", "--acquires", "1", "--confirm", "1"}, flags...)
		out := b.ends(exitViolated, args...).stdout
		if !strings.Contains(out, "on Linux") {
			t.Errorf("%v: found\n%s", flags, out)
		}
		cases, err := filepath.Glob(filepath.Join(b.dir, "*.txt"))
		if err != nil || len(cases) != 1 {
			t.Errorf("%v: found the cases %v, %v", flags, cases, err)
		}
	}
}
