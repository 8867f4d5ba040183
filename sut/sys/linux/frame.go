//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// frameBuf bounds a call's paths and data together, and what a read returns.
const frameBuf = 64 << 10

// A frame is a call on its way to whoever performs it, and its answer on the
// way back. It has a fixed layout and no pointers, so that its bytes can be
// sent as they are to another process of the same binary: the head, and as
// much of buf as is used.
type frame struct {
	op      sys.Op
	wait    bool  // a lock call would have to wait
	created bool  // the call made the file that stat tells of
	parents uint8 // whose directories the call has moved: first, second
	fd      int32
	flags   int32
	mode    uint32
	errno   int32
	path2   uint32 // where in buf the second path begins; the first is at 0
	data    uint32 // where in buf the data begins
	used    uint32 // bytes of buf in use
	n       int64
	now     unix.Timespec // what a moved mtime is set to
	stat    stat
	in      [2]uint64 // the inodes of those directories; 0 is the trial\'s own
	record  unix.Flock_t
	buf     [frameBuf]byte
}

const frameHead = unsafe.Offsetof(frame{}.buf)

// A stat is what perform found out about a file.
type stat struct {
	ino   uint64
	mode  uint32
	nlink uint32
	size  int64
	mtime unix.Timespec
}

// opReset is no call: it closes all of the trial's descriptors.
const opReset sys.Op = 255

// What an operation uses and does, as far as carriers need to know.
const (
	usesFD = 1 << iota
	usesPath
	usesPath2
	ofProcess // makes a descriptor, or is about the process itself
	carried
)

var opTraits = [256]uint8{
	sys.OpOpen:      carried | usesPath | ofProcess,
	sys.OpClose:     carried | usesFD,
	sys.OpRead:      carried | usesFD,
	sys.OpWrite:     carried | usesFD,
	sys.OpFtruncate: carried | usesFD,
	sys.OpFstat:     carried | usesFD,
	sys.OpStat:      carried | usesPath,
	sys.OpLstat:     carried | usesPath,
	sys.OpUnlink:    carried | usesPath,
	sys.OpRename:    carried | usesPath | usesPath2,
	sys.OpLink:      carried | usesPath | usesPath2,
	sys.OpSymlink:   carried | usesPath | usesPath2,
	sys.OpReadlink:  carried | usesPath,
	sys.OpMkdir:     carried | usesPath,
	sys.OpRmdir:     carried | usesPath,
	sys.OpFsync:     carried | usesFD,
	sys.OpFchmod:    carried | usesFD,
	sys.OpFlock:     carried | usesFD,
	sys.OpFcntl:     carried | usesFD,
	sys.OpDup:       carried | usesFD,
	sys.OpFork:      carried | ofProcess,
	sys.OpExec:      carried | ofProcess,
	sys.OpExit:      carried | ofProcess,
	sys.OpDaemon:    carried | ofProcess,
	sys.OpStatfs:    carried | usesPath,
	sys.OpGetpid:    carried | ofProcess,
	sys.OpAlive:     carried,
	sys.OpUtimes:    carried | usesPath,
	sys.OpLocked:    carried | usesPath,
	sys.OpLoad:      carried | usesPath,
	sys.OpStore:     carried | usesPath,
}

// put writes the call into the frame. Its error says why no kernel carries
// the call.
func (f *frame) put(c *sys.Call) error {
	traits := opTraits[c.Op]
	if traits&carried == 0 {
		return fmt.Errorf("%s: no kernel carries this out", c)
	}
	f.op, f.fd, f.flags, f.mode, f.n = c.Op, int32(c.FD), int32(c.Flags), c.Mode, c.N
	f.wait, f.created, f.errno = false, false, 0
	if c.Op == sys.OpFcntl {
		// Who holds what F_GETLK finds goes the other way only: asked with
		// another number than 0, F_OFD_* answer EINVAL.
		r := &c.Record
		f.record = unix.Flock_t{Type: r.Type, Start: r.Start, Len: r.Len, Pid: int32(r.PID)}
	}
	if traits&usesPath == 0 && c.Data == "" {
		f.path2, f.data, f.used = 0, 0, 0
		return nil
	}
	if len(c.Path)+len(c.Path2)+len(c.Data)+2 > frameBuf/2 {
		return fmt.Errorf("%s: more than %d bytes of paths and data", c.Op, frameBuf/2-2)
	}
	if err := checkPath(c.Op, c.Path); err != nil {
		return err
	}
	if err := checkPath(c.Op, c.Path2); err != nil {
		return err
	}
	at := copy(f.buf[:], c.Path)
	f.buf[at] = 0
	f.path2 = uint32(at + 1)
	at += 1 + copy(f.buf[at+1:], c.Path2)
	f.buf[at] = 0
	f.data = uint32(at + 1)
	f.used = f.data + uint32(copy(f.buf[at+1:], c.Data))
	return nil
}

// checkPath keeps a trial within its directory.
func checkPath(op sys.Op, path string) error {
	if path != "" && !filepath.IsLocal(path) {
		return fmt.Errorf("%s %q: the path leads out of the trial's directory", op, path)
	}
	if strings.IndexByte(path, 0) >= 0 {
		return fmt.Errorf("%s %q: the path has a zero byte", op, path)
	}
	return nil
}

// bytes is the part of the frame that is in use.
func (f *frame) bytes() (unsafe.Pointer, uintptr) {
	return unsafe.Pointer(f), frameHead + uintptr(f.used)
}
