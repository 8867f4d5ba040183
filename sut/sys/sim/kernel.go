package sim

import (
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Ready implements sys.Kernel. Only a blocking flock ever waits: it is ready
// when it would be granted, or when asking gives up the lock that it converts.
func (s *State) Ready(id sys.TID, c sys.Call) bool {
	mode := c.Flags
	if c.Op != sys.OpFlock || mode != sys.LOCK_SH && mode != sys.LOCK_EX {
		return true
	}
	f, errno := s.description(id, c.FD)
	if errno != 0 || !s.files[f].reads() && !s.files[f].writes() {
		return true
	}
	held := s.files[f].lock
	return held != 0 && held != mode || !s.conflicts(f, mode)
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
	sys.OpKill:      (*State).kill,
}

// description returns the open file description that a descriptor leads to.
func (s *State) description(id sys.TID, fd int) (int, sys.Errno) {
	if id == sys.Outside {
		return 0, sys.EBADF
	}
	fds := s.procs[id.Proc].fds
	if fd < firstFD || fd-firstFD >= len(fds) || fds[fd-firstFD] == closed {
		return 0, sys.EBADF
	}
	return fds[fd-firstFD], 0
}

// kill ends a process as SIGKILL does: its descriptors are closed, and what
// has no other descriptor goes with them.
func (s *State) kill(_ sys.TID, c sys.Call) sys.Ret {
	if c.N < 0 || c.N >= int64(len(s.procs)) || s.procs[c.N].dead {
		return sys.Fail(sys.ESRCH)
	}
	p := &s.procs[c.N]
	for _, f := range p.fds {
		if f != closed {
			s.dropRef(f)
		}
	}
	*p = proc{dead: true}
	return sys.OK()
}

// dropRef takes one descriptor from an open file description. With the last
// one the description goes, and its lock.
func (s *State) dropRef(f int) {
	d := &s.files[f]
	if d.refs--; d.refs > 0 {
		return
	}
	i := d.inode
	*d = file{}
	s.inodes[i].opens--
	s.free(i)
}
