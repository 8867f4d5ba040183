//go:build linux && (amd64 || arm64)

package linux

import (
	"math"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What perform.go says of its functions holds for those of this file too, but
// for request and nobody.

// nobody is the number of no process: larger than any can be.
const nobody = math.MaxInt32

// request puts into the frame what the call leaves to the carrier.
func (t *trial) request(f *frame, c *sys.Call) {
	switch c.Op {
	case sys.OpLoad:
		f.flags = unix.O_RDONLY | unix.O_CLOEXEC
	case sys.OpStore:
		f.flags, f.mode = unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600
	case sys.OpUtimes:
		f.now = t.real(c.At.Wall + c.Dur)
	case sys.OpAlive:
		if f.n = nobody; t.public {
			f.n = min(c.N, nobody)
		} else if c.N >= 0 && c.N < int64(len(t.pids)) {
			f.n = int64(t.pids[c.N])
		}
	}
}

// more performs the calls that are about processes, and those that are several
// on one file.
//
//go:nosplit
//go:norace
func (c *carrier) more(f *frame, sent uint32) {
	switch f.op {
	case sys.OpGetpid:
		c.do(f, unix.SYS_GETPID, 0, 0, 0, 0, 0)
	case sys.OpAlive:
		c.do(f, unix.SYS_KILL, uintptr(f.n), 0, 0, 0, 0)
		f.n = 1
		if f.errno == int32(unix.ESRCH) {
			f.n = 0
		}
		f.errno = 0
	case sys.OpUtimes:
		c.times[0].Nsec = unix.UTIME_OMIT
		c.times[1] = f.now
		if c.do(f, unix.SYS_UTIMENSAT, uintptr(c.dir), f.at(0), uintptr(unsafe.Pointer(&c.times)), 0, 0) && !c.bare {
			c.look(f, uintptr(c.dir), f.at(0), 0)
		}
	case sys.OpLoad:
		c.load(f)
	case sys.OpStore:
		c.store(f, sent)
	}
}

// load reads all of a file. One that is not there has nothing.
//
//go:nosplit
//go:norace
func (c *carrier) load(f *frame) {
	f.data = 0
	if !c.do(f, unix.SYS_OPENAT, uintptr(c.dir), f.at(0), uintptr(f.flags), 0, 0) {
		if f.errno == int32(unix.ENOENT) {
			f.errno, f.n = 0, 0
		}
		return
	}
	fd := uintptr(f.n)
	if c.do(f, unix.SYS_READ, fd, f.at(0), frameBuf, 0, 0) {
		f.used = uint32(f.n)
	}
	c.call(unix.SYS_CLOSE, fd, 0, 0, 0, 0)
}

// store writes a file from its beginning, and cuts it off behind what it wrote.
//
//go:nosplit
//go:norace
func (c *carrier) store(f *frame, sent uint32) {
	if !c.do(f, unix.SYS_OPENAT, uintptr(c.dir), f.at(0), uintptr(f.flags), uintptr(f.mode), 0) {
		return
	}
	fd, size := uintptr(f.n), uintptr(sent-f.data)
	f.created = c.settle(f, fd, 0, unix.AT_EMPTY_PATH) && c.fix
	if c.do(f, unix.SYS_PWRITE64, fd, f.at(f.data), size, 0, 0) && uintptr(f.n) < size {
		f.errno = int32(unix.ENOSPC)
	}
	if f.errno == 0 && c.do(f, unix.SYS_FTRUNCATE, fd, size, 0, 0, 0) {
		c.settle(f, fd, 0, unix.AT_EMPTY_PATH)
	}
	c.call(unix.SYS_CLOSE, fd, 0, 0, 0, 0)
	if f.created {
		f.parents = first
		f.in[0] = c.settleParent(f, c.openParent(f, c.behindLinks(f)))
	}
}
