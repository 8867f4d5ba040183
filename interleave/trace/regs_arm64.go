//go:build linux

package trace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// registers are a stopped task's.
type registers struct {
	unix.PtraceRegsArm64
	nr int // the call's number, which is kept apart
}

// Register sets of ptrace(2), from linux/elf.h.
const (
	ntPrstatus   = 1
	ntSystemCall = 0x404
)

func (r *registers) read(tid int) error {
	r.nr = -1
	if err := regset(unix.PTRACE_GETREGSET, tid, ntPrstatus, unsafe.Pointer(&r.PtraceRegsArm64), unsafe.Sizeof(r.PtraceRegsArm64)); err != nil {
		return err
	}
	var nr int32
	err := regset(unix.PTRACE_GETREGSET, tid, ntSystemCall, unsafe.Pointer(&nr), unsafe.Sizeof(nr))
	r.nr = int(nr)
	return err
}

func (r *registers) write(tid int) error {
	return regset(unix.PTRACE_SETREGSET, tid, ntPrstatus, unsafe.Pointer(&r.PtraceRegsArm64), unsafe.Sizeof(r.PtraceRegsArm64))
}

func regset(request, tid, set int, at unsafe.Pointer, size uintptr) error {
	iov := unix.Iovec{Base: (*byte)(at), Len: uint64(size)}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), uintptr(set), uintptr(unsafe.Pointer(&iov)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// number returns which call it is about to make, or has made.
func (r *registers) number() int { return r.nr }

// result returns what the call has answered: an error number below zero.
func (r *registers) result() int64 { return int64(r.Regs[0]) }

// answer is what the task is to find as its call's answer.
func (r *registers) answer(n int64) { r.Regs[0] = uint64(n) }

// skip makes the kernel leave the call out that the task is about to make, or not
// start again one that was interrupted.
func (r *registers) skip(tid int) error { return r.renumber(tid, -1) }

// renumber makes the call that the task is about to make another one.
func (r *registers) renumber(tid, number int) error {
	nr := int32(number)
	return regset(unix.PTRACE_SETREGSET, tid, ntSystemCall, unsafe.Pointer(&nr), unsafe.Sizeof(nr))
}

// restore gives a call that has returned the arguments back that it was made with,
// in whose place there were others. The answer, which is where the first one was,
// stays: the kernel has kept that one by itself, for calls that it starts again.
func (r *registers) restore(was *registers) {
	answer := r.Regs[0]
	*r = *was
	r.Regs[0] = answer
}

func (r *registers) stack() uintptr { return uintptr(r.Sp) }

// arg returns where the call's i-th argument is.
func (r *registers) arg(i int) *uint64 { return &r.Regs[i] }

// rewind makes the task make a call again that has returned, as it was made before.
func (r *registers) rewind(was *registers) {
	*r = *was
	r.Pc -= uint64(len(trap))
}

// call makes the task make another call, from the trap at that address.
func (r *registers) call(at uintptr, number int, args ...uintptr) {
	r.Pc, r.Regs[8] = uint64(at), uint64(number)
	for i, a := range args {
		r.Regs[i] = uint64(a)
	}
}

// trap is the instruction that calls the kernel, and stop the one behind it that
// calls the tracer.
var trap, stop = []byte{0x01, 0x00, 0x00, 0xd4}, []byte{0x00, 0x00, 0x20, 0xd4}

// machine is what seccomp calls this one; there is no second way to call it.
const (
	machine = unix.AUDIT_ARCH_AARCH64
	alien   = 0
)
