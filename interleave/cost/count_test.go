package cost

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// A pair's calls are those of the lock's code, read off by hand. ctx-v0 looks,
// opens, writes, closes and unlinks; v2a's second pair finds its file as its
// first one does; ktstr asks for the file system of the directory where the
// file is not there yet, which takes as many calls.
func TestCallsOfAPairArePinned(t *testing.T) {
	for name, wanted := range map[string][2]int{
		"ctx-v0":       {5, 5},
		"ctx-v2":       {3, 3},
		"pact-sidecar": {4, 4},
		"ktstr-block":  {5, 5},
		"posixage-v1":  {5, 5},
		"posixage-v2":  {7, 7}, // its heartbeat is not due
	} {
		e, err := lock.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		first, pair, err := Calls(e)
		if err != nil || first != wanted[0] || pair != wanted[1] {
			t.Errorf("%s: found %d and then %d calls, %v, wanted %v", name, first, pair, err, wanted)
		}
	}
}

func TestCallsOfEveryLockAreCounted(t *testing.T) {
	for _, e := range lock.All() {
		if first, pair, err := Calls(e); err != nil || first < 1 || pair < 1 {
			t.Errorf("%s: found %d and then %d calls, %v, wanted some", e.Name, first, pair, err)
		}
	}
}
