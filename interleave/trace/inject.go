//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Types of entries in the auxiliary vector, from linux/auxvec.h.
const (
	auxEnd    = 0
	auxIgnore = 1
	auxVDSO   = 33
)

// maxStart is how many words behind the stack's pointer the auxiliary vector of a
// program may lie: its arguments and environment are between.
const maxStart = 1 << 19

// takeVDSO replaces the vDSO of the program that the task has just begun or, where
// it cannot be replaced, hides it: then the program asks the kernel for the time.
func (tr *tracer) takeVDSO(t *task) error {
	if err := t.regs.read(t.tid); err != nil {
		return fmt.Errorf("process %d: %w", t.tid, err)
	}
	words := &words{task: t, at: uint64(t.regs.stack())}
	i := 1 // behind argc, the arguments and the environment each end in a zero
	for zeros := 0; zeros < 2 && i < maxStart; i++ {
		if words.get(i) == 0 {
			zeros++
		}
	}
	for ; words.err == nil && i < maxStart; i += 2 {
		switch words.get(i) {
		case auxEnd:
			return words.err
		case auxVDSO:
			at := uintptr(words.get(i + 1))
			if tr.vdso != nil {
				return tr.replaceVDSO(t, at)
			}
			t.process.scratch = at
			var ignore [8]byte
			binary.NativeEndian.PutUint64(ignore[:], auxIgnore)
			return t.write(uintptr(words.at)+8*uintptr(i), ignore[:])
		}
	}
	return errors.Join(words.err, fmt.Errorf("process %d: found no auxiliary vector on its stack", t.tid))
}

// words are those at an address, read page by page: behind the last there may be
// nothing.
type words struct {
	task *task
	at   uint64
	buf  []byte
	err  error
}

func (w *words) get(i int) uint64 {
	for w.err == nil && len(w.buf) < 8*i+8 {
		end := w.at + uint64(len(w.buf))
		more := make([]byte, page-end%page)
		w.err = w.task.read(end, more)
		w.buf = append(w.buf, more...)
	}
	if w.err != nil {
		return 0
	}
	return binary.NativeEndian.Uint64(w.buf[8*i:])
}

// inject has the task make a call of ours and returns its answer. The task is at a
// stop outside of any call; it is left at another, with the registers as they were.
func (t *task) inject(number int, args ...uintptr) (int64, error) {
	saved := t.regs
	t.regs.call(t.process.scratch, number, args...)
	if err := t.regs.write(t.tid); err != nil {
		return 0, err
	}
	if err := t.trapped(); err != nil {
		return 0, err
	}
	if err := t.regs.read(t.tid); err != nil {
		return 0, err
	}
	n := t.regs.result()
	t.regs = saved
	return n, t.regs.write(t.tid)
}

// trapped lets the task go on to the trap. A signal that stops it on its way, the
// only one that cannot be blocked, is sent again behind it.
func (t *task) trapped() error {
	for later := unix.Signal(0); ; {
		if err := unix.PtraceCont(t.tid, 0); err != nil {
			return err
		}
		var status unix.WaitStatus
		if _, err := wait(t.tid, &status, 0); err != nil {
			return err
		}
		switch signal := status.StopSignal(); {
		case !status.Stopped():
			return &goneError{t, status}
		case int(status)>>16 == 0 && signal == unix.SIGTRAP:
			if later != 0 {
				return unix.Tgkill(t.process.pid, t.tid, later)
			}
			return nil
		case signal != unix.SIGTRAP:
			later = signal
		}
	}
}

// A goneError says that a task has ended where nobody asked it to. Nobody else is
// told of that.
type goneError struct {
	task   *task
	status unix.WaitStatus
}

func (e *goneError) Error() string { return describe(e.status) }

// undisturbed does what injects calls while no signal reaches the task: they wait
// for it, with all that is known of them. A trap is none: the calls end with one.
func (t *task) undisturbed(do func() error) error {
	var before uint64
	all := ^uint64(1 << (unix.SIGTRAP - 1))
	if err := t.mask(unix.PTRACE_GETSIGMASK, &before); err != nil {
		return err
	}
	if err := t.mask(unix.PTRACE_SETSIGMASK, &all); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return t.mask(unix.PTRACE_SETSIGMASK, &before)
}

func (t *task) mask(request int, set *uint64) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(t.tid), unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// confine gives the task's process the filter, with which it stops at more calls
// than before.
//
// The filter is passed in memory of the vDSO that nobody uses, and taken out of it
// again: on arm64, where the whole is hidden, the kernel itself returns from signals
// through a part of it. The trap stays.
func (t *task) confine(filter []unix.SockFilter) error {
	at := t.process.scratch
	if at == 0 {
		return errors.New("it has no vDSO, wanted one: its memory is needed")
	}
	program := sockProgram(at+trapSize, filter)
	before := make([]byte, len(program))
	if err := t.read(uint64(at+trapSize), before); err != nil {
		return err
	}
	if err := t.write(at, slices.Concat(pad(slices.Concat(trap, stop)), program)); err != nil {
		return err
	}
	if err := t.undisturbed(func() error { return t.install(at + trapSize) }); err != nil {
		return err
	}
	return t.write(at+trapSize, before)
}

// trapSize is how much of the memory the trap has for itself.
const trapSize = 16

func pad(code []byte) []byte { return append(code, make([]byte, trapSize-len(code))...) }

// install has the process take the filter on that is at that address.
func (t *task) install(at uintptr) error {
	if n, err := t.inject(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil || n != 0 {
		return errors.Join(err, failed("prctl(PR_SET_NO_NEW_PRIVS)", n))
	}
	n, err := t.inject(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, at)
	if n > 0 { // the number of a thread that has filters of its own
		return errors.New("one of its threads has a seccomp filter that the others do not have, wanted a program without")
	}
	return errors.Join(err, failed("seccomp", n))
}

// failed returns the error of a call of ours, if its answer is one.
func failed(name string, answer int64) error {
	if answer >= 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", name, unix.Errno(-answer))
}

// sockProgram returns struct sock_fprog and the filter behind it, for that address.
func sockProgram(at uintptr, f []unix.SockFilter) []byte {
	program := make([]byte, 16, 16+len(f)*int(unsafe.Sizeof(f[0])))
	binary.NativeEndian.PutUint16(program, uint16(len(f)))
	binary.NativeEndian.PutUint64(program[8:], uint64(at)+16)
	return append(program, unsafe.Slice((*byte)(unsafe.Pointer(&f[0])), len(f)*int(unsafe.Sizeof(f[0])))...)
}

func describe(status unix.WaitStatus) string {
	switch {
	case status.Exited():
		return fmt.Sprintf("ended with exit status %d", status.ExitStatus())
	case status.Signaled():
		return fmt.Sprintf("ended by %s", unix.SignalName(status.Signal()))
	}
	return fmt.Sprintf("stopped by %s", unix.SignalName(status.StopSignal()))
}
