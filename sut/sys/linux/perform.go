//go:build linux && (amd64 || arm64)

package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Everything in this file runs in workers too. A worker is a forked child of a
// Go process with a runtime that must not be entered: its other threads are
// gone, and the locks they held will never be released. So each function here
//
//   - is go:nosplit: a prologue would enter the runtime to grow the stack, and
//     also where the parent had just been asked to preempt the goroutine. The
//     linker proves that the frames fit in what is always left of a stack;
//   - is go:norace: the race detector's threads are gone too;
//   - makes system calls only by rawCall, which tells no scheduler;
//   - allocates nothing, stores no pointer (no write barrier), and uses no
//     map, string, interface or defer.

// A carrier performs calls in one directory. It holds what the performing
// function needs and cannot keep on a nosplit stack.
type carrier struct {
	caller
	dir    int32   // the trial's directory
	fix    bool    // mtimes that a call moves are set to the frame's now
	closed bool    // opened files are O_CLOEXEC
	bare   bool    // a call is made, and nothing else is looked at
	empty  byte    // the path "": never written
	here   [2]byte // the path "."
	times  [2]unix.Timespec
	statx  unix.Statx_t
	statfs unix.Statfs_t
}

// fresh is the first second of 2015: mtimes from then on are the kernel's,
// earlier ones a trial's. See the package comment.
const fresh = 1_420_070_400

// do makes a system call whose answer is the frame's.
//
//go:nosplit
//go:norace
func (c *carrier) do(f *frame, trap, a, b, x, d, e uintptr) bool {
	f.n, f.errno = c.call(trap, a, b, x, d, e)
	return f.errno == 0
}

//go:nosplit
//go:norace
func (f *frame) at(offset uint32) uintptr {
	return uintptr(unsafe.Pointer(&f.buf)) + uintptr(offset)
}

// perform carries out the call in the frame and puts the answer there.
//
//go:nosplit
//go:norace
func (c *carrier) perform(f *frame) {
	fd, dir, path := uintptr(f.fd), uintptr(c.dir), f.at(0)
	sent := f.used
	f.used, f.parents, f.in = 0, 0, [2]uint64{}
	switch f.op {
	case sys.OpOpen:
		c.open(f)
	case sys.OpClose:
		c.do(f, unix.SYS_CLOSE, fd, 0, 0, 0, 0)
	case sys.OpRead:
		f.data = 0
		if c.do(f, unix.SYS_READ, fd, path, frameBuf, 0, 0) {
			f.used = uint32(f.n)
		}
	case sys.OpWrite:
		if c.do(f, unix.SYS_WRITE, fd, f.at(f.data), uintptr(sent-f.data), 0, 0) {
			c.settle(f, fd, 0, unix.AT_EMPTY_PATH)
		}
	case sys.OpFtruncate:
		if c.do(f, unix.SYS_FTRUNCATE, fd, uintptr(f.n), 0, 0, 0) {
			c.settle(f, fd, 0, unix.AT_EMPTY_PATH)
		}
	case sys.OpFstat:
		f.errno = c.look(f, fd, 0, unix.AT_EMPTY_PATH)
	case sys.OpStat, sys.OpLocked:
		f.errno = c.look(f, dir, path, 0)
	case sys.OpLstat:
		f.errno = c.look(f, dir, path, unix.AT_SYMLINK_NOFOLLOW)
	case sys.OpFsync:
		c.do(f, unix.SYS_FSYNC, fd, 0, 0, 0, 0)
	case sys.OpFchmod:
		c.do(f, unix.SYS_FCHMOD, fd, uintptr(f.mode), 0, 0, 0)
	case sys.OpFlock:
		c.flock(f)
	case sys.OpDup:
		c.dup(f)
	case sys.OpFcntl:
		c.recordLock(f)
	case sys.OpStatfs:
		c.statFS(f)
	case sys.OpReadlink:
		f.data = sent
		if c.do(f, unix.SYS_READLINKAT, dir, path, f.at(sent), uintptr(frameBuf-sent), 0) {
			f.used = sent + uint32(f.n)
		}
	case sys.OpGetpid, sys.OpAlive, sys.OpUtimes, sys.OpLoad, sys.OpStore:
		c.more(f, sent)
	case opReset:
		c.do(f, unix.SYS_CLOSE_RANGE, firstFD, lastFD, 0, 0, 0)
	default:
		c.names(f)
	}
}

// open opens the file, finds out which it is and whether it is new.
//
//go:nosplit
//go:norace
func (c *carrier) open(f *frame) {
	const mayEmpty = unix.O_CREAT | unix.O_TRUNC
	found := false
	if c.fix && f.flags&(mayEmpty|unix.O_EXCL) == mayEmpty {
		// Afterwards an emptied file and a new one look the same.
		found = c.look(f, uintptr(c.dir), f.at(0), 0) == 0
	}
	if !c.do(f, unix.SYS_OPENAT, uintptr(c.dir), f.at(0), uintptr(c.openFlags(f.flags)), uintptr(f.mode), 0) {
		return
	}
	if c.bare {
		return
	}
	moved := c.settle(f, uintptr(f.n), 0, unix.AT_EMPTY_PATH)
	f.created = f.flags&unix.O_CREAT != 0 && (c.fix && moved && !found || f.flags&unix.O_EXCL != 0)
	if f.created {
		f.parents = first
		f.in[0] = c.settleParent(f, c.openParent(f, c.behindLinks(f)))
	}
}

// openFlags turns the flags of package sys into this machine's.
//
//go:nosplit
//go:norace
func (c *carrier) openFlags(flags int32) int32 {
	native := flags &^ (sys.O_DIRECTORY | sys.O_NOFOLLOW)
	if flags&sys.O_DIRECTORY != 0 {
		native |= unix.O_DIRECTORY
	}
	if flags&sys.O_NOFOLLOW != 0 {
		native |= unix.O_NOFOLLOW
	}
	if c.closed {
		native |= unix.O_CLOEXEC
	}
	return native
}

// look fills in the frame's stat. Path 0 stands for the empty path.
//
//go:nosplit
//go:norace
func (c *carrier) look(f *frame, dir, path uintptr, flags int) int32 {
	const mask = unix.STATX_TYPE | unix.STATX_NLINK | unix.STATX_SIZE | unix.STATX_MTIME | unix.STATX_INO
	if path == 0 {
		path = uintptr(unsafe.Pointer(&c.empty))
	}
	_, errno := c.call(unix.SYS_STATX, dir, path, uintptr(flags), mask, uintptr(unsafe.Pointer(&c.statx)))
	if errno != 0 {
		return errno
	}
	f.stat.ino = c.statx.Ino
	f.stat.mode = uint32(c.statx.Mode)
	f.stat.nlink = c.statx.Nlink
	f.stat.size = int64(c.statx.Size)
	f.stat.mtime.Sec = c.statx.Mtime.Sec
	f.stat.mtime.Nsec = int64(c.statx.Mtime.Nsec)
	return 0
}

// settle looks at the file and, where its mtime is the kernel's, sets it to
// the frame's now. It reports whether the mtime was the kernel's.
//
//go:nosplit
//go:norace
func (c *carrier) settle(f *frame, dir, path uintptr, flags int) bool {
	if c.bare || c.look(f, dir, path, flags) != 0 || f.stat.mtime.Sec < fresh {
		return false
	}
	if c.fix {
		c.times[0].Nsec = unix.UTIME_OMIT
		c.times[1] = f.now
		f.stat.mtime = f.now
		if path == 0 { // then the kernel takes a path of NULL, not an empty one
			flags = 0
		}
		c.call(unix.SYS_UTIMENSAT, dir, path, uintptr(unsafe.Pointer(&c.times)), uintptr(flags), 0)
	}
	return true
}

// statFS is statfs(2) in the trial's directory.
//
//go:nosplit
//go:norace
func (c *carrier) statFS(f *frame) {
	if !c.do(f, unix.SYS_OPENAT, uintptr(c.dir), f.at(0), unix.O_PATH|unix.O_CLOEXEC, 0, 0) {
		return
	}
	fd := uintptr(f.n)
	c.do(f, unix.SYS_FSTATFS, fd, uintptr(unsafe.Pointer(&c.statfs)), 0, 0, 0)
	c.call(unix.SYS_CLOSE, fd, 0, 0, 0, 0)
	f.n = c.statfs.Type
}
