package program

import (
	"os"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// How many locks of the registry one of a sample stands for. It shares no factor
// with how locks stand in their families.
const every, everyShort = 7, 23

// Locks returns the locks of the registry that a test goes through which takes
// long with each: some, with -short fewer, or all where GHOSTLOCK_LOCKS is "all".
func Locks() []lock.Entry {
	all := lock.All()
	if os.Getenv("GHOSTLOCK_LOCKS") == "all" {
		return all
	}
	step := every
	if testing.Short() {
		step = everyShort
	}
	var some []lock.Entry
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}
