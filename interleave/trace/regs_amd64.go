//go:build linux

package trace

import "golang.org/x/sys/unix"

// registers are a stopped task's.
type registers struct{ unix.PtraceRegs }

func (r *registers) read(tid int) error  { return unix.PtraceGetRegs(tid, &r.PtraceRegs) }
func (r *registers) write(tid int) error { return unix.PtraceSetRegs(tid, &r.PtraceRegs) }

// number returns which call it is about to make, or has made.
func (r *registers) number() int { return int(r.Orig_rax) }

// result returns what the call has answered: an error number below zero.
func (r *registers) result() int64 { return int64(r.Rax) }

// answer is what the task is to find as its call's answer.
func (r *registers) answer(n int64) { r.Rax = uint64(n) }

// skip makes the kernel leave the call out that the task is about to make, or not
// start again one that was interrupted.
func (r *registers) skip(int) error { r.Orig_rax = ^uint64(0); return nil }

// renumber makes the call that the task is about to make another one.
func (r *registers) renumber(_, number int) error { r.Orig_rax = uint64(number); return nil }

// restore gives a call that has returned the arguments back that it was made with,
// in whose place there were others. The answer stays.
func (r *registers) restore(was *registers) {
	answer := r.Rax
	*r = *was
	r.Rax = answer
}

func (r *registers) stack() uintptr { return uintptr(r.Rsp) }

// arg returns where the call's i-th argument is.
func (r *registers) arg(i int) *uint64 {
	return [...]*uint64{&r.Rdi, &r.Rsi, &r.Rdx, &r.R10, &r.R8, &r.R9}[i]
}

// rewind makes the task make a call again that has returned, as it was made before.
func (r *registers) rewind(was *registers) {
	*r = *was
	r.Rax = r.Orig_rax
	r.Rip -= uint64(len(trap))
}

// call makes the task make another call, from the trap at that address.
func (r *registers) call(at uintptr, number int, args ...uintptr) {
	r.Rip, r.Rax, r.Orig_rax = uint64(at), uint64(number), ^uint64(0)
	for i, a := range args {
		*r.arg(i) = uint64(a)
	}
}

// trap is the instruction that calls the kernel, and stop the one behind it that
// calls the tracer.
var trap, stop = []byte{0x0f, 0x05}, []byte{0xcc}

// machine is what seccomp calls this one; x32 bit marks calls of its 32-bit kin.
const (
	machine = unix.AUDIT_ARCH_X86_64
	alien   = 0x40000000
)
