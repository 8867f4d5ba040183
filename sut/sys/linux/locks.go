//go:build linux && (amd64 || arm64)

package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What perform.go says of its functions holds for those of this file too.
//
// A lock call never blocks a carrier: one that would is answered Wait.

// flock asks without blocking. A conversion that would have to wait has then
// given the old lock up, as flock(2) says.
//
//go:nosplit
//go:norace
func (c *carrier) flock(f *frame) {
	c.do(f, unix.SYS_FLOCK, uintptr(f.fd), uintptr(f.flags|unix.LOCK_NB), 0, 0, 0)
	f.wait = f.errno == int32(unix.EWOULDBLOCK) && f.flags&unix.LOCK_NB == 0
}

// dup makes a second descriptor, and finds out which file it leads to.
//
//go:nosplit
//go:norace
func (c *carrier) dup(f *frame) {
	command := uintptr(unix.F_DUPFD)
	if c.closed {
		command = unix.F_DUPFD_CLOEXEC
	}
	if c.do(f, unix.SYS_FCNTL, uintptr(f.fd), command, 0, 0, 0) {
		f.errno = c.look(f, uintptr(f.n), 0, unix.AT_EMPTY_PATH)
	}
}

// recordLock asks without blocking. That leaves what is held as it is.
//
//go:nosplit
//go:norace
func (c *carrier) recordLock(f *frame) {
	command := f.flags
	switch command {
	case unix.F_SETLKW:
		command = unix.F_SETLK
	case unix.F_OFD_SETLKW:
		command = unix.F_OFD_SETLK
	}
	c.do(f, unix.SYS_FCNTL, uintptr(f.fd), uintptr(command), uintptr(unsafe.Pointer(&f.record)), 0, 0)
	f.wait = f.errno == int32(unix.EAGAIN) && command != f.flags
}
