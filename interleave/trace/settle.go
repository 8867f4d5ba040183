//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// patience is how long a program may take to come to a step: an interpreter may start
// beside much else. It bounds what a test of a program that never does has to wait,
// and is a variable for that.
var patience = time.Minute

// settle waits until the programs are settled, and takes what they have written.
func (tr *tracer) settle(programs ...*program) error {
	until := time.Now().Add(patience)
	for idle := 0; ; idle++ {
		heard, err := tr.hear()
		if err != nil {
			return err
		}
		if heard {
			idle = -1
		}
		if time.Now().After(until) {
			return tr.endless(programs)
		}
		if heard {
			continue
		}
		busy, err := tr.busy(programs, idle)
		if err != nil {
			return err
		}
		if busy {
			relax(idle)
			continue
		}
		if freed, err := listen(programs); err != nil || !freed {
			return err
		}
		idle = -1
	}
}

// endless says which program never settles. What it is about cannot be told apart
// from here: clocks are read without a call.
func (tr *tracer) endless(programs []*program) error {
	p := programs[0]
	for _, other := range programs {
		for _, t := range other.tasks {
			if t.state == running && !t.rests(false) {
				p = other
			}
		}
	}
	return fmt.Errorf("p%d has not come to a step for %s: it is computing, or waits for a clock to move by looking at it without sleeping; clocks here stand still meanwhile", p.proc, sys.FormatDuration(patience))
}

// listen takes what the programs have written. It reports whether that may have
// made room for one that waits to write more.
func listen(programs []*program) (freed bool, err error) {
	for _, p := range programs {
		n, err := p.out.fill()
		if err != nil {
			return false, fmt.Errorf("p%d %w", p.proc, err)
		}
		freed = freed || n >= page
	}
	return freed, nil
}

// hurry is how often a program is not looked at, which costs much, as it is likely
// to come to its next call soon.
const hurry = 6

// spins is how often the processor is only offered to others: a call is behind its
// task in some microseconds, which is less than a pause takes.
const spins = 40

// relax lets the programs have the processor: at first for no longer than others
// want it, then for some microseconds, and longer the longer they take. What stops
// them wakes nobody here; only wait4(2) would be woken, and nothing else ends that.
func relax(turn int) {
	if turn < spins {
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		return
	}
	pause := unix.Timespec{Nsec: int64(min(10_000+1_000*(turn-spins), 60_000))}
	_ = unix.Nanosleep(&pause, nil)
}

// busy reports whether one of the programs is not settled: each of its tasks must
// be seen at rest twice, with all the others seen between, and not have run.
func (tr *tracer) busy(programs []*program, turn int) (bool, error) {
	for _, p := range programs {
		for _, again := range []bool{false, true} {
			for _, t := range p.tasks {
				switch {
				case t.state == napping, t.state == running && (turn < hurry || !t.rests(again)):
					return true, nil
				}
			}
		}
	}
	return tr.hear() // who is at rest may have ended
}

// reach waits until the task is behind its call, or has ended: with its process,
// where the call is to end that. What it held is free then.
func (tr *tracer) reach(t *task) error {
	until := time.Now().Add(patience)
	for turn := 0; t.state != called && (tr.tasks[t.tid] == t || t.gate.ended && len(t.threads()) > 0); turn++ {
		heard, err := tr.hear()
		switch {
		case err != nil:
			return err
		case heard:
			turn = -1
		case turn%100 == 99 && time.Now().After(until):
			return fmt.Errorf("p%d's %s has not returned for %s", t.program.proc, t.gate.call, sys.FormatDuration(patience))
		default:
			relax(turn)
		}
	}
	return nil
}

// lost takes note of a task that was found to have ended, and passes on what is an
// error of another kind.
func (tr *tracer) lost(err error) error {
	var gone *goneError
	switch {
	case errors.As(err, &gone):
		tr.gone(gone.task, gone.status)
		return nil
	case errors.Is(err, unix.ESRCH):
		return nil // its end will be told of
	}
	return err
}
