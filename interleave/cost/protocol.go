package cost

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// An order is what a worker is to do. Orders and answers go by pipes, as gob.
type order struct {
	Lock   string
	Config string // as lock.Config prints it
	PIDs   []int  // the real processes by their number, the dead ones too

	At    int64         // when to begin, in nanoseconds since 1970: all at once
	For   time.Duration // the round's length
	Pairs int           // at most so many; 0: as many as there is time for
	Hold  bool          // answer from inside, and stay there
}

// An answer is what came of an order.
type answer struct {
	Err string // why it could not be carried out at all

	Latencies []int64 // of each pair, in nanoseconds
	Acquired  int64   // from the beginning to the first acquire; 0: none
	Took      int64   // from the beginning to the end of the last pair, or to the end

	Tries, Failed int
	Why           string // the last failure
	Cut           bool   // the end came while it waited
	Left          bool   // threads of the lock's are still there
}

// configured returns the lock with the durations that the text sets.
func configured(e lock.Entry, config string) (lock.Lock, error) {
	c := e.Defaults
	if err := c.Set(strings.Fields(config)); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, err)
	}
	return e.New(c), nil
}
