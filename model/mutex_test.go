package model

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func TestModelsTakeTheStepsOfALockAndNoOthers(t *testing.T) {
	lock := func(client int) *step { return &step{client: client, acquires: true} }
	rlock := func(client int) *step { return &step{client: client, acquires: true, shared: true} }
	unlock := func(client int) *step { return &step{client: client} }
	nobody := sharing{writer: free}
	tests := []struct {
		name  string
		model porcupine.Model
		state any
		input *step
		may   bool
		next  any // where it may
	}{
		{"lock what is free", mutex, free, lock(1), true, 1},
		{"lock what another holds", mutex, 0, lock(1), false, nil},
		{"lock twice", mutex, 1, lock(1), false, nil},
		{"unlock", mutex, 1, unlock(1), true, free},
		{"unlock what another holds", mutex, 0, unlock(1), false, nil},
		{"unlock what is free", mutex, free, unlock(1), false, nil},

		{"write alone", rwmutex, nobody, lock(63), true, sharing{writer: 63}},
		{"write beside a writer", rwmutex, sharing{writer: 0}, lock(1), false, nil},
		{"write beside a reader", rwmutex, sharing{free, 1}, lock(1), false, nil},
		{"upgrade", rwmutex, sharing{free, 1}, lock(0), false, nil},
		{"read alone", rwmutex, nobody, rlock(63), true, sharing{free, 1 << 63}},
		{"read beside a reader", rwmutex, sharing{free, 1}, rlock(1), true, sharing{free, 3}},
		{"read twice", rwmutex, sharing{free, 3}, rlock(1), false, nil},
		{"read beside a writer", rwmutex, sharing{writer: 0}, rlock(1), false, nil},
		{"downgrade", rwmutex, sharing{writer: 0}, rlock(0), false, nil},
		{"stop writing", rwmutex, sharing{writer: 1}, unlock(1), true, nobody},
		{"stop another's writing", rwmutex, sharing{writer: 1}, unlock(0), false, nil},
		{"stop reading", rwmutex, sharing{free, 3}, unlock(1), true, sharing{free, 1}},
		{"stop another's reading", rwmutex, sharing{free, 1}, unlock(1), false, nil},
		{"stop what is free", rwmutex, nobody, unlock(1), false, nil},
	}
	for _, test := range tests {
		may, next := test.model.Step(test.state, test.input, nil)
		if may != test.may || may && next != test.next {
			t.Errorf("%s: got %v %v, want %v %v", test.name, may, next, test.may, test.next)
		}
	}
	if mutex.Init() != free || rwmutex.Init() != nobody {
		t.Error("a lock is not free at first")
	}
}
