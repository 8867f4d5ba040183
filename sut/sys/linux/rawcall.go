//go:build linux && (amd64 || arm64)

package linux

// rawCall makes a system call as unix.RawSyscall6 does: number and arguments
// are in a, and the answer, or an error number below zero, is left in a[0].
//
// The difference is the stack. RawSyscall6 and what it calls need 250 bytes of
// the 800 that a chain of nosplit functions has, and 450 where a debugger's
// build has optimization off; then perform would not link.
//
//go:noescape
func rawCall(a *[7]uintptr)

// A caller makes raw system calls. It has the arguments' memory, so that they
// need none of the stack.
type caller struct{ args [7]uintptr }

// call makes a system call of up to five arguments.
//
//go:nosplit
//go:norace
func (c *caller) call(trap, a, b, x, d, e uintptr) (int64, int32) {
	args := &c.args
	args[0], args[1], args[2], args[3], args[4], args[5], args[6] = trap, a, b, x, d, e, 0
	rawCall(args)
	if r := int64(args[0]); r >= 0 || r < -4095 {
		return r, 0
	}
	return -1, int32(-args[0])
}
