package sim

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// fork is fork(2) by a thread that is alone in the new process: descriptors
// lead to the same descriptions, record locks of the process stay behind, and
// memory is copied.
func (s *State) fork(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	n := s.NextProcess()
	if n == int(sys.Outside.Proc) {
		return sys.Fail(sys.EAGAIN)
	}
	if n == len(s.procs) {
		s.setProcs(n + 1)
	}
	child, parent := &s.procs[n], &s.procs[id.Proc]
	*child = proc{host: parent.host, fds: append(child.fds[:0], parent.fds...), cells: append(child.cells[:0], parent.cells...)}
	for _, d := range child.fds {
		if d.file != closed {
			s.files[d.file].refs++
		}
	}
	return sys.Ret{N: int64(n)}
}

// NextProcess returns the number of the process that fork makes next.
func (s *State) NextProcess() int {
	if n := slices.IndexFunc(s.procs, func(p proc) bool { return p.unborn }); n >= 0 {
		return n
	}
	return len(s.procs)
}

// Reserve makes room for so many processes more, which fork is to make: a state
// that has them all from the beginning can be read again.
func (s *State) Reserve(more int) {
	for range more {
		s.procs = append(s.procs, proc{dead: true, unborn: true})
	}
}

// exec is execve(2), as far as it changes what the process has open: locks
// stay, but for those that a closed descriptor takes with it. The process's
// other threads end, and its memory is another program's.
func (s *State) exec(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	s.endThreads(id.Proc)
	for fd, d := range s.procs[id.Proc].fds {
		if d.cloexec {
			s.closeFD(int(id.Proc), fd)
		}
	}
	s.procs[id.Proc].cells = nil
	return sys.OK()
}

// exit ends the process that makes the call.
func (s *State) exit(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	s.end(int(id.Proc))
	return sys.OK()
}

// daemon is fork(2), after which the parent ends and the child has its number:
// all that shows of it is that the process's record locks and other threads are
// gone.
func (s *State) daemon(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	s.endThreads(id.Proc)
	for i := range s.inodes {
		s.dropRecords(i, owner{id: int(id.Proc)})
	}
	return sys.OK()
}

// interrupt has nothing left to do: see Do.
func (s *State) interrupt(sys.TID, sys.Call) sys.Ret { return sys.OK() }

// kill ends a process as SIGKILL does: its descriptors are closed, and what
// has no other descriptor goes with them.
func (s *State) kill(_ sys.TID, c sys.Call) sys.Ret {
	if c.N < 0 || c.N >= int64(len(s.procs)) || s.procs[c.N].dead {
		return sys.Fail(sys.ESRCH)
	}
	s.end(int(c.N))
	return sys.OK()
}

// getpid answers with the process's number in the trial.
func (s *State) getpid(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	return sys.Ret{N: int64(id.Proc)}
}

// alive is kill(2) with signal 0. It knows of processes on its own host alone.
func (s *State) alive(id sys.TID, c sys.Call) sys.Ret {
	if c.N < 0 || c.N >= int64(len(s.procs)) || s.procs[c.N].dead {
		return sys.Bool(false)
	}
	return sys.Bool(!s.rules.Remote || s.procs[c.N].host == s.hostOf(id))
}

// end closes all descriptors of a process, whose threads wait for nothing any
// more.
func (s *State) end(n int) {
	p := &s.procs[n]
	for fd := range p.fds {
		s.closeFD(n, fd)
	}
	*p = proc{dead: true}
	s.endThreads(uint8(n))
}
