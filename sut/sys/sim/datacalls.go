package sim

import "github.com/ghostlock/ghostlock/sut/sys"

// utimes is utimensat(2) with a new mtime, which follows symbolic links.
func (s *State) utimes(_ sys.TID, c sys.Call) sys.Ret {
	at, errno := s.find(c.Path, true)
	if errno != 0 {
		return sys.Fail(errno)
	}
	s.inodes[at].mtime = c.At.Wall + c.Dur
	return sys.OK()
}

// locked tells what /proc/locks would of the file's flocks: those of the host.
func (s *State) locked(id sys.TID, c sys.Call) sys.Ret {
	at, errno := s.find(c.Path, true)
	if errno != 0 {
		return sys.Fail(errno)
	}
	for _, f := range s.files {
		if f.refs > 0 && f.inode == at && f.lock != 0 && (!s.rules.Remote || f.host == s.hostOf(id)) {
			return sys.Bool(true)
		}
	}
	return sys.Bool(false)
}

// load is open, read of all there is, and close.
func (s *State) load(id sys.TID, c sys.Call) sys.Ret {
	at, errno := s.find(c.Path, true)
	switch {
	case errno == sys.ENOENT:
		return sys.OK()
	case errno != 0:
		return sys.Fail(errno)
	}
	barred := s.barred(id, noFile, record{inode: at, end: endless}, false)
	s.passed(id, at)
	switch {
	case s.inodes[at].kind == sys.Directory:
		return sys.Fail(sys.EISDIR)
	case barred:
		return sys.Fail(sys.EACCES)
	}
	return sys.Ret{Data: s.inodes[at].data}
}

// store is open with O_WRONLY and O_CREAT, pwrite from the beginning, ftruncate
// to the text's length, and close.
func (s *State) store(id sys.TID, c sys.Call) sys.Ret {
	p, errno := s.walkFrom(root, c.Path, &way{follow: true, creates: true})
	if errno == 0 {
		errno = s.mayOpen(p, sys.O_WRONLY|sys.O_CREAT)
	}
	if errno != 0 {
		return sys.Fail(errno)
	}
	at := p.at
	if at < 0 {
		at = s.create(p.dir, p.last, sys.Regular, c.At.Wall)
	}
	barred := s.barred(id, noFile, record{inode: at, end: endless}, true)
	s.passed(id, at)
	if barred {
		return sys.Fail(sys.EACCES)
	}
	in := &s.inodes[at]
	in.data, in.mtime = c.Data, c.At.Wall
	return sys.Ret{Ino: in.ino}
}

// passed says that the process has opened the file and closed it again: with
// that its record locks on it are gone.
func (s *State) passed(id sys.TID, at int) {
	if id != sys.Outside {
		s.dropRecords(at, owner{id: int(id.Proc)})
	}
}
