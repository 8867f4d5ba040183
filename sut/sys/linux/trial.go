//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// virtualStart is the second at which every trial begins on disk.
const virtualStart = 1_000_000_000

// A trial's descriptors lie from firstFD to lastFD: 0 to 2 are a process's own
// affair, and a worker keeps its socket and its directory above.
const (
	firstFD = 3
	lastFD  = 499
)

// A trial translates between calls and frames: virtual and real time, inode
// names and numbers.
type trial struct {
	start   unix.Timespec // on disk, the instant zero
	root    uint64        // the inode of the trial's directory
	changed time.Duration // when the last name was made or removed in the root
	known   map[uint64]sys.Ino
	pids    []int         // the real processes, by their number in the trial
	skew    time.Duration // of the file server's clock
	public  bool          // processes have in it the numbers that they have in the system
}

func newTrial() trial {
	return trial{start: unix.Timespec{Sec: virtualStart}, known: make(map[uint64]sys.Ino)}
}

// begin forgets the trial before.
func (t *trial) begin() {
	clear(t.known)
	t.changed = 0
}

// encode writes the call into the frame. It reports false where the call needs
// no kernel to fail: the descriptor cannot be one of the trial's.
func (t *trial) encode(f *frame, c *sys.Call) (bool, error) {
	if err := f.put(c); err != nil {
		return false, err
	}
	if opTraits[c.Op]&usesFD != 0 && (c.FD < firstFD || c.FD > lastFD) {
		return false, nil
	}
	f.now = t.real(c.At.Wall + t.skew)
	t.request(f, c)
	return true, nil
}

// decode turns the frame that was performed for the call into its answer.
func (t *trial) decode(f *frame, c *sys.Call) (sys.Ret, error) {
	if f.wait {
		return sys.Ret{Wait: true}, nil
	}
	if f.errno != 0 {
		return sys.Fail(sys.Errno(f.errno)), nil
	}
	t.moveRoot(f, c)
	switch c.Op {
	case sys.OpOpen, sys.OpDup:
		return sys.Ret{N: f.n, Ino: t.name(f.stat.ino, f.created)}, nil
	case sys.OpMkdir, sys.OpSymlink, sys.OpStore:
		return sys.Ret{Ino: t.name(f.stat.ino, f.created)}, nil
	case sys.OpFstat, sys.OpStat, sys.OpLstat:
		return sys.Ret{Stat: t.stat(&f.stat)}, nil
	case sys.OpWrite, sys.OpStatfs, sys.OpAlive:
		return sys.Ret{N: f.n}, nil
	case sys.OpFcntl:
		return t.found(f, c)
	case sys.OpGetpid:
		return t.numbered(f, c)
	case sys.OpLocked:
		held, err := t.flockHeld(f.stat.ino)
		return sys.Bool(held), err
	case sys.OpUtimes:
		if f.stat.ino == t.root {
			t.changed = c.At.Wall + c.Dur
		}
	case sys.OpRead, sys.OpReadlink, sys.OpLoad:
		if f.n == frameBuf {
			return sys.Ret{}, fmt.Errorf("%s: the file is larger than %d bytes", c, frameBuf-1)
		}
		return sys.Ret{Data: string(f.buf[f.data:f.used])}, nil
	}
	return sys.OK(), nil
}

// numbered returns the process's number in the trial. A number that is used
// again is the last process's.
func (t *trial) numbered(f *frame, c *sys.Call) (sys.Ret, error) {
	if t.public {
		return sys.Ret{N: f.n}, nil
	}
	for p := len(t.pids) - 1; p >= 0; p-- {
		if int64(t.pids[p]) == f.n {
			return sys.Ret{N: int64(p)}, nil
		}
	}
	return sys.Ret{}, fmt.Errorf("%s: process %d is none of the trial's", c, f.n)
}

// found returns the lock that F_GETLK tells of.
func (t *trial) found(f *frame, c *sys.Call) (sys.Ret, error) {
	if c.Flags != sys.F_GETLK && c.Flags != sys.F_OFD_GETLK {
		return sys.OK(), nil
	}
	told := sys.Record{Type: f.record.Type, Start: f.record.Start, Len: f.record.Len, PID: c.Record.PID}
	if told.Type == sys.F_UNLCK {
		return sys.Ret{Record: told}, nil
	}
	told.PID = sys.OFD
	switch {
	case t.public:
		told.PID = int(f.record.Pid)
	case f.record.Pid != sys.OFD:
		proc := slices.Index(t.pids, int(f.record.Pid))
		if proc < 0 {
			return sys.Ret{}, fmt.Errorf("%s: process %d, which is none of the trial's, has a lock", c, f.record.Pid)
		}
		told.PID = sys.PIDOf(proc)
	}
	return sys.Ret{Record: told}, nil
}

// name returns the name of the inode with that raw number. A new file's number
// that has a name already is one that was used before.
func (t *trial) name(raw uint64, created bool) sys.Ino {
	if raw == t.root {
		return sys.Ino{}
	}
	ino, met := t.known[raw]
	switch {
	case !met:
		ino.Num = uint16(len(t.known) + 1)
	case created:
		ino.Gen++
	default:
		return ino
	}
	t.known[raw] = ino
	return ino
}

// stat leaves out a directory's size and links, in which file systems differ.
// The trial's own directory is no inode of the trial's: its Ino is zero.
func (t *trial) stat(raw *stat) sys.Stat {
	ino := t.name(raw.ino, false)
	s := sys.Stat{Ino: ino, Mtime: sys.Time{Of: ino, At: t.virtual(raw.mtime)}}
	if raw.ino == t.root {
		s.Mtime.At = t.changed
	}
	switch raw.mode & unix.S_IFMT {
	case unix.S_IFDIR:
		s.Kind = sys.Directory
		return s
	case unix.S_IFLNK:
		s.Kind = sys.Symlink
	}
	s.Size, s.Nlink = raw.size, int(raw.nlink)
	return s
}

// moveRoot keeps the mtime of the trial's directory, which almost every trial
// moves and almost none reads: two system calls saved on each new name.
func (t *trial) moveRoot(f *frame, c *sys.Call) {
	for i, in := range f.in {
		if f.parents&(1<<i) != 0 && (in == 0 || in == t.root) {
			t.changed = c.At.Wall + t.skew
		}
	}
}

func (t *trial) real(at time.Duration) unix.Timespec {
	ns := t.start.Nsec + int64(at)
	sec, nsec := ns/1e9, ns%1e9
	if nsec < 0 {
		sec, nsec = sec-1, nsec+1e9
	}
	return unix.Timespec{Sec: t.start.Sec + sec, Nsec: nsec}
}

func (t *trial) virtual(at unix.Timespec) time.Duration {
	return time.Duration(at.Sec-t.start.Sec)*time.Second + time.Duration(at.Nsec-t.start.Nsec)
}
