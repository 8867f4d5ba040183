//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A task is a thread of a program's, as the kernel has it.
type task struct {
	tid     int
	process *process
	program *program

	state state
	regs  registers // at the stop where it is, or was last
	spec  *spec     // of the call that it is about to make, or in
	gate  gate      // of a gated task
	until time.Duration
	timed bool // it waits until then, by the monotonic clock
	naps  int  // so many short sleeps in a row were left to the real clock
	exits bool // it is on its way out

	replaced bool      // the call that it makes is not quite the one that it meant
	meant    registers // where that was
	proc     procfs
}

// A state is where a task is.
type state uint8

const (
	running state = iota // or in a call that may last
	gated                // before a call that is a step
	called               // behind its step
	napping              // in a sleep that is no step, and over soon
	halted               // by a signal, until another one continues it
)

// A process is one of a program's.
type process struct {
	pid      int
	scratch  uintptr // memory that is in nobody's use: some of the vDSO's
	clock    uintptr // where our code has its times; 0 where there is none
	told     sys.Instant
	files    bool // calls on descriptors are stopped too
	numbered bool // it has asked for its number
	vforking bool // it waits until its child runs a program
}

// A gate is a call that is a step.
type gate struct {
	call    sys.Call
	waits   bool   // it may wait for a lock
	asked   bool   // and has been refused once
	buffer  uint64 // where a read's answer is to be found
	vectors uint64 // so many, if it is a list of buffers; 0: it is none
	existed bool   // before the call the file was there
	grown   int    // by so much longer the names of processes are than their numbers
	ended   bool   // the task's process does not return from it
}

// resume lets the task go on.
func (t *task) resume(request int, signal int) error {
	t.state = running
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(t.tid), 0, uintptr(signal), 0, 0)
	if errno != 0 && errno != unix.ESRCH { // who is gone will be told of
		return fmt.Errorf("let process %d go on: ptrace: %w", t.tid, errno)
	}
	return nil
}

// proceed lets it make the call that it is stopped before, and stops it behind.
func (t *task) proceed() error { return t.resume(unix.PTRACE_SYSCALL, 0) }

// pass lets it make the call, and stops it at its next one.
func (t *task) pass() error { return t.resume(unix.PTRACE_CONT, 0) }

// answer lets the task find this as its call's answer, and not make it.
func (t *task) answer(n int64) error {
	if err := t.regs.skip(t.tid); err != nil {
		return err
	}
	t.regs.answer(n)
	if err := t.regs.write(t.tid); err != nil {
		return err
	}
	return t.pass()
}

// replace puts another argument in the place of the call's i-th, until it has
// returned.
func (t *task) replace(i int, value uint64) error {
	t.meant, t.replaced = t.regs, true
	*t.regs.arg(i) = value
	return t.regs.write(t.tid)
}

// restore undoes what replace has done, behind the call. It is the caller's to
// write the registers.
func (t *task) restore() {
	if t.replaced {
		t.regs.restore(&t.meant)
		t.replaced = false
	}
}

// how returns the request by which the task goes on in the call it is in: one whose
// end is waited for is stopped there.
func (t *task) how() int {
	if t.replaced || t.state == napping || t.gate.call.Op != 0 {
		return unix.PTRACE_SYSCALL
	}
	return unix.PTRACE_CONT
}

// again lets the task go on from a stop that is of no interest.
func (t *task) again(signal int) error {
	was := t.state
	err := t.resume(t.how(), signal)
	if was == napping {
		t.state = napping
	}
	return err
}

// threads returns the tasks of the same process that are not about to end.
func (t *task) threads() (all []*task) {
	for _, other := range t.program.tasks {
		if other.process == t.process && !other.exits {
			all = append(all, other)
		}
	}
	return all
}

// wait is wait4(2) for tasks that this thread traces.
func wait(pid int, status *unix.WaitStatus, options int) (int, error) {
	for {
		n, err := unix.Wait4(pid, status, options|unix.WALL|unix.WNOTHREAD, nil)
		if err != unix.EINTR {
			return n, err
		}
	}
}
