//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// enter sees to a task that the filter has stopped before a call.
func (tr *tracer) enter(t *task) error {
	why, err := unix.PtraceGetEventMsg(t.tid)
	if err == nil {
		err = t.regs.read(t.tid)
	}
	if err == unix.ESRCH {
		return nil // it was killed; that will be told
	}
	if err != nil {
		return fmt.Errorf("process %d is stopped before a call: %w", t.tid, err)
	}
	t.spec = specs[t.regs.number()]
	if why == foreign || t.spec == nil {
		return fmt.Errorf("p%d makes a call of another kind of machine, as 32-bit programs do, wanted a program of this one", t.program.proc)
	}
	switch t.spec.class {
	case clocks:
		return tr.tell(t)
	case waits:
		return tr.nap(t)
	case ends:
		return tr.end(t)
	case numbers:
		t.process.numbered = true
		return t.pass()
	case refuse:
		t.program.note(fmt.Sprintf("was refused %s (ENOSYS), for calls that are made that way could not be stopped", t.spec.name))
		return t.answer(-int64(unix.ENOSYS))
	}
	step, err := tr.decode(t)
	if err != nil {
		return err
	}
	if !step {
		return t.pass()
	}
	t.state = gated
	return nil
}

// tell answers a question for the time.
func (tr *tracer) tell(t *task) error {
	now := tr.place.Real(tr.now.Wall)
	answer, at := int64(0), *t.regs.arg(1)
	var buf [16]byte
	switch t.spec.name {
	case "time":
		answer, at = now.Sec, *t.regs.arg(0)
		binary.NativeEndian.PutUint64(buf[:], uint64(now.Sec))
		if at == 0 {
			return t.answer(answer)
		}
		return tr.put(t, at, buf[:8], answer)
	case "gettimeofday":
		at = *t.regs.arg(0)
		binary.NativeEndian.PutUint64(buf[8:], uint64(now.Nsec/1000))
	default:
		if !wallClock(int(*t.regs.arg(0))) {
			now = unix.NsecToTimespec(int64(monotonicStart + tr.now.Mono))
		}
		binary.NativeEndian.PutUint64(buf[8:], uint64(now.Nsec))
	}
	binary.NativeEndian.PutUint64(buf[:], uint64(now.Sec))
	return tr.put(t, at, buf[:], answer)
}

func wallClock(id int) bool {
	return id == unix.CLOCK_REALTIME || id == unix.CLOCK_REALTIME_COARSE || id == unix.CLOCK_TAI
}

// monotonicStart is what the monotonic clock shows where a trial begins: long after
// a boot, as programs expect it.
const monotonicStart = 100_000 * time.Second

// put answers a call that fills memory.
func (tr *tracer) put(t *task, at uint64, data []byte, answer int64) error {
	if t.put(at, data) != nil {
		return t.answer(-int64(unix.EFAULT))
	}
	return t.answer(answer)
}

// end sees to a task that is about to end, or to run another program. It is a step
// where the kernel then closes descriptors of the trial's.
func (tr *tracer) end(t *task) error {
	alone := len(t.threads()) == 1
	t.exits = t.spec.name == "exit"
	if t.exits && !alone || !tr.closes(t) {
		return t.pass()
	}
	t.gate = gate{call: foreignCall(t.spec.name, ""), ended: t.spec.name != "execve"}
	t.state = gated
	return nil
}
