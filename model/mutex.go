package model

import "github.com/anishathalye/porcupine"

// MaxClients is how many clients a history with shared claims may have.
const MaxClients = 64

// model returns the mutex, or the rwmutex where shared claims were asked for.
func (c *claims) model() porcupine.Model {
	if c.shared {
		return rwmutex
	}
	return mutex
}

// mutex is a lock with one holder, which alone can release it. (Unlocks of clients without a
// claim are legal, but newClaims makes no steps of them.) Its state is the holder's number, free if there is none.
var mutex = porcupine.Model{
	Init: func() any { return free },
	Step: func(state, input, _ any) (bool, any) {
		holder, s := state.(int), input.(*step)
		if s.acquires {
			return holder == free, s.client
		}
		return holder == s.client, free
	},
}

const free = -1

// A sharing is the state of a rwmutex. Invariant: if there is a writer there are no readers.
type sharing struct {
	writer  int    // its number, or free
	readers uint64 // a bit for each client
}

// rwmutex is a lock with one writer or any number of readers, each to be released by its client.
var rwmutex = porcupine.Model{
	Init: func() any { return sharing{writer: free} },
	Step: func(state, input, _ any) (bool, any) {
		now, s := state.(sharing), input.(*step)
		bit := uint64(1) << s.client
		switch {
		case s.acquires && s.shared:
			return now.writer == free && now.readers&bit == 0, sharing{free, now.readers | bit}
		case s.acquires:
			return now == sharing{writer: free}, sharing{writer: s.client}
		case now.writer == s.client:
			return true, sharing{writer: free}
		}
		return now.readers&bit != 0, sharing{free, now.readers &^ bit}
	},
}
