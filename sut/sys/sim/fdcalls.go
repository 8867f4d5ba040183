package sim

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// open is open(2).
func (s *State) open(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	const creat, excl = sys.O_CREAT, sys.O_CREAT | sys.O_EXCL
	if c.Flags&creat != 0 && c.Flags&sys.O_DIRECTORY != 0 {
		return sys.Fail(sys.EINVAL) // as of Linux 6.4
	}
	by := way{follow: c.Flags&excl != excl && c.Flags&sys.O_NOFOLLOW == 0, creates: c.Flags&creat != 0}
	by.follow = by.follow || strings.HasSuffix(c.Path, "/")
	flags := c.Flags
	if s.hasLooked(id) {
		flags &^= sys.O_EXCL
	}
	p, errno := s.walkFrom(root, c.Path, &by)
	if errno == 0 {
		errno = s.mayOpen(p, flags)
	}
	if errno != 0 {
		return sys.Fail(errno)
	}
	at := p.at
	if at < 0 && s.rules.LooksFirst && flags&excl == excl {
		s.looks(id)
		return sys.Ret{Wait: true}
	}
	if at < 0 {
		at = s.create(p.dir, p.last, sys.Regular, c.At.Wall)
	} else if c.Flags&sys.O_TRUNC != 0 {
		s.inodes[at].data, s.inodes[at].mtime = "", c.At.Wall
	}
	s.inodes[at].opens++
	fd := s.newFD(id, descriptor{s.newFile(file{inode: at, flags: c.Flags, host: s.procs[id.Proc].host}), c.Flags&sys.O_CLOEXEC != 0})
	return sys.Ret{N: int64(fd), Ino: s.inodes[at].ino}
}

// mayOpen says why what is in the place, or is not, cannot be opened in this
// way.
func (s *State) mayOpen(p place, flags int) sys.Errno {
	creates := flags&sys.O_CREAT != 0
	switch {
	case p.at < 0 && !creates:
		return sys.ENOENT
	case p.at < 0:
		return 0
	case creates && flags&sys.O_EXCL != 0:
		return sys.EEXIST
	}
	changes := creates || flags&sys.O_ACCMODE != sys.O_RDONLY || flags&sys.O_TRUNC != 0
	kind := s.inodes[p.at].kind
	switch {
	case kind != sys.Directory && (p.slash || flags&sys.O_DIRECTORY != 0):
		return sys.ENOTDIR
	case kind == sys.Symlink:
		return sys.ELOOP
	case kind == sys.Directory && changes:
		return sys.EISDIR
	}
	return 0
}

func (s *State) newFile(f file) int {
	for i := range s.files {
		if s.files[i].refs == 0 {
			s.files[i] = f
			return i
		}
	}
	s.files = append(s.files, f)
	return len(s.files) - 1
}

// newFD makes the process's lowest free descriptor lead to a description.
func (s *State) newFD(id sys.TID, d descriptor) int {
	s.files[d.file].refs++
	p := &s.procs[id.Proc]
	for i := range p.fds {
		if p.fds[i].file == closed {
			p.fds[i] = d
			return i + firstFD
		}
	}
	p.fds = append(p.fds, d)
	return len(p.fds) - 1 + firstFD
}

func (s *State) close(id sys.TID, c sys.Call) sys.Ret {
	if _, errno := s.description(id, c.FD); errno != 0 {
		return sys.Fail(errno)
	}
	s.closeFD(int(id.Proc), c.FD-firstFD)
	return sys.OK()
}

// closeFD closes the descriptor if it is open. The process's record locks on the
// file go as well, whichever descriptor they were made with.
func (s *State) closeFD(proc, fd int) {
	d := &s.procs[proc].fds[fd]
	if d.file == closed {
		return
	}
	s.dropRecords(s.files[d.file].inode, owner{id: proc})
	s.dropRef(d.file)
	*d = descriptor{file: closed}
}

// dup is dup(2): the new descriptor leads to the same description, and exec
// leaves it open.
func (s *State) dup(id sys.TID, c sys.Call) sys.Ret {
	f, errno := s.description(id, c.FD)
	if errno != 0 {
		return sys.Fail(errno)
	}
	fd := s.newFD(id, descriptor{file: f})
	return sys.Ret{N: int64(fd), Ino: s.inodes[s.files[f].inode].ino}
}

// flock is flock(2) as Linux has it (fs/locks.c, flock_lock_inode): a lock of
// another mode on the same description is given up before the new one is
// looked for, so a conversion that must wait, or is refused, has lost it. Where
// a record lock stands for it, it is converted in one.
func (s *State) flock(id sys.TID, c sys.Call) sys.Ret {
	mode := c.Flags &^ sys.LOCK_NB
	if mode != sys.LOCK_SH && mode != sys.LOCK_EX && mode != sys.LOCK_UN {
		return sys.Fail(sys.EINVAL)
	}
	f, errno := s.description(id, c.FD)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case mode == sys.LOCK_UN:
		s.setFlock(f, 0)
		return sys.OK()
	}
	if errno := s.mayFlock(f, mode); errno != 0 {
		return sys.Fail(errno)
	}
	switch {
	case s.files[f].lock == mode:
		return sys.OK()
	case !s.rules.Ranges:
		s.setFlock(f, 0)
	}
	switch {
	case !s.conflicts(f, mode):
		s.setFlock(f, mode)
		return sys.OK()
	case c.Flags&sys.LOCK_NB != 0:
		return sys.Fail(cmp.Or(s.rules.Refused, sys.EWOULDBLOCK))
	}
	return sys.Ret{Wait: true}
}

// conflicts reports whether another description's lock on the same inode
// stands in the way of a lock of that mode.
func (s *State) conflicts(f, mode int) bool {
	d := &s.files[f]
	for i, other := range s.files {
		if i != f && other.refs > 0 && other.inode == d.inode && other.lock != 0 &&
			(mode == sys.LOCK_EX || other.lock == sys.LOCK_EX) && s.meets(other.host, d.host) {
			return true
		}
	}
	return s.rules.Ranges && slices.ContainsFunc(s.records, func(r record) bool {
		return r.inode == d.inode && r.owner != owner{ofd: true, id: f} && (mode == sys.LOCK_EX || r.kind == sys.F_WRLCK)
	})
}

func (s *State) read(id sys.TID, c sys.Call) sys.Ret {
	f, errno := s.description(id, c.FD)
	if errno != 0 || !s.files[f].reads() {
		return sys.Fail(sys.EBADF)
	}
	d := &s.files[f]
	in := s.inodes[d.inode]
	if in.kind == sys.Directory {
		return sys.Fail(sys.EISDIR)
	}
	if errno := s.mayAccess(id, f, false, int64(d.off), endless); errno != 0 {
		return sys.Fail(errno)
	}
	rest := in.data[min(d.off, len(in.data)):]
	d.off += len(rest)
	return sys.Ret{Data: rest}
}

func (s *State) write(id sys.TID, c sys.Call) sys.Ret {
	f, errno := s.description(id, c.FD)
	if errno != 0 || !s.files[f].writes() {
		return sys.Fail(sys.EBADF)
	}
	if c.Data == "" {
		return sys.OK()
	}
	d := &s.files[f]
	in := &s.inodes[d.inode]
	if d.flags&sys.O_APPEND != 0 {
		d.off = len(in.data)
	}
	if errno := s.mayAccess(id, f, true, int64(d.off), int64(d.off+len(c.Data)-1)); errno != 0 {
		return sys.Fail(errno)
	}
	before := resize(in.data, max(len(in.data), d.off+len(c.Data)))
	in.data = before[:d.off] + c.Data + before[d.off+len(c.Data):]
	in.mtime = c.At.Wall
	d.off += len(c.Data)
	return sys.Ret{N: int64(len(c.Data))}
}

func (s *State) ftruncate(id sys.TID, c sys.Call) sys.Ret {
	f, errno := s.description(id, c.FD)
	switch {
	case c.N < 0:
		return sys.Fail(sys.EINVAL)
	case errno != 0:
		return sys.Fail(errno)
	case !s.files[f].writes():
		return sys.Fail(sys.EINVAL)
	case s.stale(f):
		return sys.Fail(sys.ESTALE)
	}
	in := &s.inodes[s.files[f].inode]
	in.data = resize(in.data, int(c.N))
	in.mtime = c.At.Wall
	return sys.OK()
}

// resize cuts the content or fills it up with NULs.
func resize(data string, size int) string {
	if size <= len(data) {
		return data[:size]
	}
	return data + strings.Repeat("\x00", size-len(data))
}

// onDescriptor answers calls that succeed on every open descriptor and change
// nothing that a lock can see.
func (s *State) onDescriptor(id sys.TID, c sys.Call) sys.Ret {
	_, errno := s.onServer(id, c.FD)
	return sys.Fail(errno)
}

func (s *State) fstat(id sys.TID, c sys.Call) sys.Ret {
	f, errno := s.onServer(id, c.FD)
	if errno != 0 {
		return sys.Fail(errno)
	}
	return sys.Ret{Stat: s.statOf(s.files[f].inode)}
}
