//go:build linux && (amd64 || arm64)

package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What perform.go says of its functions holds for those of this file too.

// Whose directory a call has moved: the first path's, the second's.
const (
	first = 1 << iota
	second
)

// names performs the calls that make and remove names, and settles the
// directories that these are in. It has them open before the call: what a path
// led through may be gone after it.
//
//go:nosplit
//go:norace
func (c *carrier) names(f *frame) {
	if c.bare {
		c.change(f)
		f.created = false
		return
	}
	parent, parent2 := int64(-1), int64(-1)
	if f.op != sys.OpLink {
		parent = c.openParent(f, 0)
	}
	if f.op == sys.OpRename || f.op == sys.OpLink {
		parent2 = c.openParent(f, f.path2)
	}
	c.change(f)
	if f.created {
		c.settle(f, uintptr(c.dir), f.at(0), unix.AT_SYMLINK_NOFOLLOW)
	}
	f.in[0] = c.settleParent(f, parent)
	f.in[1] = c.settleParent(f, parent2)
}

// change makes the call itself, and finds out which directories it has moved.
//
//go:nosplit
//go:norace
func (c *carrier) change(f *frame) {
	dir, path, path2 := uintptr(c.dir), f.at(0), f.at(f.path2)
	moved := uint8(first)
	switch f.op {
	case sys.OpUnlink:
		c.do(f, unix.SYS_UNLINKAT, dir, path, 0, 0, 0)
	case sys.OpRmdir:
		c.do(f, unix.SYS_UNLINKAT, dir, path, unix.AT_REMOVEDIR, 0, 0)
	case sys.OpRename:
		moved = first | second
		if !c.bare && c.same(f) {
			moved = 0
		}
		if c.do(f, unix.SYS_RENAMEAT2, dir, path, dir, path2, uintptr(f.flags)) && f.flags&unix.RENAME_EXCHANGE != 0 {
			c.settle(f, dir, path, unix.AT_SYMLINK_NOFOLLOW) // XFS moves directories' mtimes
			c.settle(f, dir, path2, unix.AT_SYMLINK_NOFOLLOW)
		}
	case sys.OpLink:
		moved = second
		c.do(f, unix.SYS_LINKAT, dir, path, dir, path2, 0)
	case sys.OpSymlink:
		f.created = c.do(f, unix.SYS_SYMLINKAT, path2, dir, path, 0, 0)
	case sys.OpMkdir:
		f.created = c.do(f, unix.SYS_MKDIRAT, dir, path, uintptr(f.mode), 0, 0)
	default:
		f.errno = int32(unix.ENOSYS)
	}
	if f.errno == 0 {
		f.parents = moved
	}
}

// same reports whether both paths lead to one file, which a rename then leaves
// as it is.
//
//go:nosplit
//go:norace
func (c *carrier) same(f *frame) bool {
	if c.look(f, uintptr(c.dir), f.at(f.path2), unix.AT_SYMLINK_NOFOLLOW) != 0 {
		return false
	}
	ino := f.stat.ino
	return c.look(f, uintptr(c.dir), f.at(0), unix.AT_SYMLINK_NOFOLLOW) == 0 && f.stat.ino == ino
}

// behindLinks returns where in buf the path is by which the frame's path leads
// to a file: the same, or behind it that of a symbolic link's target.
//
//go:nosplit
//go:norace
func (c *carrier) behindLinks(f *frame) uint32 {
	path := uint32(0)
	for {
		end := path
		for f.buf[end] != 0 {
			end++
		}
		next := end + 1
		for i, slash := path, f.lastSlash(path); i < slash; i++ {
			f.buf[end+1] = f.buf[i]
			end++
		}
		target := end + 1
		const room = 8 << 10 // more than a path is long
		if target+room > frameBuf {
			return path
		}
		n, errno := c.call(unix.SYS_READLINKAT, uintptr(c.dir), f.at(path), f.at(target), room, 0)
		if errno != 0 {
			return path
		}
		f.buf[target+uint32(n)] = 0
		path = next
	}
}

// lastSlash returns the end of the path's directory: behind the last slash that
// something follows, or the path's begin.
//
//go:nosplit
//go:norace
func (f *frame) lastSlash(path uint32) uint32 {
	end := path
	for f.buf[end] != 0 {
		end++
	}
	for end > path && f.buf[end-1] == '/' {
		end--
	}
	for end > path && f.buf[end-1] != '/' {
		end--
	}
	return end
}

// openParent opens the directory that the path in buf is in. It returns -1 for
// the trial's own where that is plain. With O_PATH, because closing any other
// descriptor of the directory would free the process's record locks on it.
//
//go:nosplit
//go:norace
func (c *carrier) openParent(f *frame, path uint32) int64 {
	end := f.lastSlash(path)
	if end == path {
		return -1
	}
	next := f.buf[end]
	f.buf[end] = 0
	fd, errno := c.call(unix.SYS_OPENAT, uintptr(c.dir), f.at(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0)
	f.buf[end] = next
	if errno != 0 {
		return -1
	}
	return fd
}

// settleParent settles the directory, closes it and returns its inode. It
// returns 0 for the trial's own, whose mtime kernels keep themselves. The frame's
// stat stays.
//
//go:nosplit
//go:norace
func (c *carrier) settleParent(f *frame, fd int64) uint64 {
	if fd < 0 {
		return 0
	}
	kept := f.stat
	c.here[0] = '.'
	c.settle(f, uintptr(fd), uintptr(unsafe.Pointer(&c.here)), 0)
	c.call(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0)
	ino := f.stat.ino
	f.stat = kept
	return ino
}
