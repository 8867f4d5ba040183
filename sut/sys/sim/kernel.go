package sim

import (
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Ready implements sys.Kernel. Only requests for locks ever wait, and those for
// a mutex of the process.
func (s *State) Ready(id sys.TID, c sys.Call) bool {
	switch {
	case c.Op == sys.OpFlock && (c.Flags == sys.LOCK_SH || c.Flags == sys.LOCK_EX):
		return s.flockReady(id, c)
	case c.Op == sys.OpFcntl && blocks(c):
		return s.recordReady(id, c)
	case c.Op == sys.OpMutex:
		return s.mutexReady(id, c)
	}
	return true
}

// flockReady is Ready of a blocking flock: it is ready when it would be
// granted, or when asking gives up the lock that it converts.
func (s *State) flockReady(id sys.TID, c sys.Call) bool {
	f, errno := s.description(id, c.FD)
	if errno != 0 || s.mayFlock(f, c.Flags) != 0 {
		return true
	}
	held := s.files[f].lock
	return held == c.Flags || held != 0 && !s.rules.Ranges || !s.conflicts(f, c.Flags)
}

// maxSize is how large a file may be made: contents are kept as they are.
const maxSize = 1 << 20

// Do implements sys.Kernel. It fails only where a file would get too large.
func (s *State) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	if r, ok := c.Told(); ok {
		return r, nil
	}
	if c.Op == sys.OpFtruncate && c.N > maxSize {
		return sys.Ret{}, fmt.Errorf("%s: a simulated file has at most %d bytes", c, maxSize)
	}
	do := calls[c.Op]
	if do == nil {
		return sys.Fail(sys.ENOSYS), nil
	}
	if id != sys.Outside && s.procs[id.Proc].dead {
		return sys.Fail(sys.ESRCH), nil
	}
	if c.Op != sys.OpFcntl {
		s.endWait(id) // whoever makes another call was interrupted
	}
	if c.Op != sys.OpOpen {
		s.hasLooked(id)
	}
	if c.Op != sys.OpUtimes { // which tells the server a time of the client's
		c.At.Wall += s.skew
	}
	return do(s, id, c), nil
}

// calls says who answers which call. Those of threads and marks are not here:
// no kernel sees them.
var calls = [256]func(*State, sys.TID, sys.Call) sys.Ret{
	sys.OpOpen:      (*State).open,
	sys.OpClose:     (*State).close,
	sys.OpRead:      (*State).read,
	sys.OpWrite:     (*State).write,
	sys.OpFtruncate: (*State).ftruncate,
	sys.OpFstat:     (*State).fstat,
	sys.OpFsync:     (*State).onDescriptor,
	sys.OpFchmod:    (*State).onDescriptor,
	sys.OpFlock:     (*State).flock,
	sys.OpFcntl:     (*State).fcntl,
	sys.OpDup:       (*State).dup,
	sys.OpFork:      (*State).fork,
	sys.OpExec:      (*State).exec,
	sys.OpExit:      (*State).exit,
	sys.OpDaemon:    (*State).daemon,
	sys.OpStat:      (*State).stat,
	sys.OpLstat:     (*State).lstat,
	sys.OpUnlink:    (*State).unlink,
	sys.OpRename:    (*State).rename,
	sys.OpLink:      (*State).link,
	sys.OpSymlink:   (*State).symlink,
	sys.OpReadlink:  (*State).readlink,
	sys.OpMkdir:     (*State).mkdir,
	sys.OpRmdir:     (*State).rmdir,
	sys.OpStatfs:    (*State).statfs,
	sys.OpGetpid:    (*State).getpid,
	sys.OpAlive:     (*State).alive,
	sys.OpUtimes:    (*State).utimes,
	sys.OpLocked:    (*State).locked,
	sys.OpLoad:      (*State).load,
	sys.OpStore:     (*State).store,
	sys.OpMutex:     (*State).mutex,
	sys.OpUnmutex:   (*State).unmutex,
	sys.OpSwap:      (*State).swap,
	sys.OpPut:       (*State).put,
	sys.OpGet:       (*State).get,
	sys.OpGettid:    (*State).gettid,
	sys.OpInterrupt: (*State).interrupt,
	sys.OpKill:      (*State).kill,
}

// description returns the open file description that a descriptor leads to.
func (s *State) description(id sys.TID, fd int) (int, sys.Errno) {
	if id == sys.Outside {
		return 0, sys.EBADF
	}
	fds := s.procs[id.Proc].fds
	if fd < firstFD || fd-firstFD >= len(fds) || fds[fd-firstFD].file == closed {
		return 0, sys.EBADF
	}
	return fds[fd-firstFD].file, 0
}

// dropRef takes one descriptor from an open file description. With the last
// one the description goes, and its locks.
func (s *State) dropRef(f int) {
	d := &s.files[f]
	if d.refs--; d.refs > 0 {
		return
	}
	i, host := d.inode, d.host
	s.setFlock(f, 0)
	s.dropRecords(i, owner{ofd: true, id: f})
	s.endWaits(func(w waiter) bool { return w.asks.owner == owner{ofd: true, id: f} })
	*d = file{}
	s.inodes[i].opens--
	s.unhide(i, host)
	s.free(i)
}
