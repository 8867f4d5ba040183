package program

import (
	"os"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// every is how many locks of the registry one of a sample stands for. It shares
// no factor with how locks stand in their families.
const every = 7

// Locks returns the locks of the registry that a test goes through which takes
// long with each: some, or all where GHOSTLOCK_LOCKS is "all".
func Locks() []lock.Entry {
	all := lock.All()
	if os.Getenv("GHOSTLOCK_LOCKS") == "all" {
		return all
	}
	var some []lock.Entry
	for i := 0; i < len(all); i += every {
		some = append(some, all[i])
	}
	return some
}
