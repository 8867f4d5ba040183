package search_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Where the close of the file that it has just made fails, ctx-v1 says that it has
// not got the lock and leaves the file there: nobody gets the lock any more.
// ctx-v2 removes it. (Where the release cannot remove it, both are the same.)
func TestCtxV1LeavesItsFileWhereCloseFails(t *testing.T) {
	const head = `ghostlock case 1
-- lock --
`
	const run = `
-- kernel --
tmpfs
-- start --
-- workload --
p0: lock inside unlock
p1: lock
p2: trylock
-- environment --
errors=1
-- schedule --
p0 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 3<A>
p0 close(3) = 0
p0 inside() = 0
p0 unlink("l") = 0
p1 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 3<B>
p1 close(3) = -1 EIO (fault)
`
	for _, test := range []struct{ lock, end string }{
		{"ctx-v1", `p2 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = -1 EEXIST
-- verdict --
phantom violated: p2 asks alone and does not get the lock: busy after step 7
`},
		{"ctx-v2", `p1 unlink("l") = 0
p2 open("l", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 3<C>
p2 close(3) = 0
-- verdict --
phantom holds
`},
	} {
		c, err := trial.ParseCase(test.lock, []byte(head+test.lock+run+test.end))
		if err != nil {
			t.Fatal(err)
		}
		if r, err := search.Replay(c, sim.Machine{Rules: sim.RulesOf("tmpfs")}); err != nil || r.Result != search.Reproduced {
			t.Errorf("%s: found %s, %v, %v", test.lock, r.Result, r.Divergence, err)
		}
	}
}
