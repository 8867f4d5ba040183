package sim

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// fork is fork(2) by a thread that is alone in the new process: descriptors
// lead to the same descriptions, and record locks of the process stay behind.
func (s *State) fork(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	if len(s.procs) == int(sys.Outside.Proc) {
		return sys.Fail(sys.EAGAIN)
	}
	fds := slices.Clone(s.procs[id.Proc].fds)
	for _, d := range fds {
		if d.file != closed {
			s.files[d.file].refs++
		}
	}
	s.procs = append(s.procs, proc{fds: fds})
	return sys.Ret{N: int64(len(s.procs) - 1)}
}

// exec is execve(2), as far as it changes what the process has open: locks
// stay, but for those that a closed descriptor takes with it. The process's
// other threads end.
func (s *State) exec(id sys.TID, _ sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	s.endWaits(func(w waiter) bool { return w.thread.Proc == id.Proc })
	for fd, d := range s.procs[id.Proc].fds {
		if d.cloexec {
			s.closeFD(int(id.Proc), fd)
		}
	}
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

// end closes all descriptors of a process, whose threads wait for nothing any
// more.
func (s *State) end(n int) {
	p := &s.procs[n]
	for fd := range p.fds {
		s.closeFD(n, fd)
	}
	*p = proc{dead: true}
	s.endWaits(func(w waiter) bool { return int(w.thread.Proc) == n })
}
