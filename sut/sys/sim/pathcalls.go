package sim

import "github.com/ghostlock/ghostlock/sut/sys"

// statOf leaves out the size and the links of a directory: each file system
// counts them in its own way.
func (s *State) statOf(i int) sys.Stat {
	in := s.inodes[i]
	st := sys.Stat{Ino: in.ino, Kind: in.kind, Mtime: sys.Time{Of: in.ino, At: in.mtime}}
	if in.kind != sys.Directory {
		st.Nlink, st.Size = in.nlink, int64(len(in.data))
	}
	return st
}

func (s *State) stat(_ sys.TID, c sys.Call) sys.Ret { return s.statPath(c.Path, true) }

func (s *State) lstat(_ sys.TID, c sys.Call) sys.Ret { return s.statPath(c.Path, false) }

func (s *State) statPath(path string, follow bool) sys.Ret {
	at, errno := s.find(path, follow)
	if errno != 0 {
		return sys.Fail(errno)
	}
	return sys.Ret{Stat: s.statOf(at)}
}

func (s *State) statfs(_ sys.TID, c sys.Call) sys.Ret {
	if _, errno := s.find(c.Path, true); errno != 0 {
		return sys.Fail(errno)
	}
	return sys.Ret{N: s.rules.Magic}
}

func (s *State) unlink(_ sys.TID, c sys.Call) sys.Ret {
	dir, last, at, errno := s.walk(c.Path, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case at < 0:
		return sys.Fail(sys.ENOENT)
	case s.inodes[at].kind == sys.Directory:
		return sys.Fail(sys.EISDIR)
	}
	s.dropName(s.entry(dir, last), c.At.Wall)
	return sys.OK()
}

func (s *State) mkdir(_ sys.TID, c sys.Call) sys.Ret {
	return s.make(c, sys.Directory, "")
}

// symlink makes c.Path lead to c.Path2.
func (s *State) symlink(_ sys.TID, c sys.Call) sys.Ret {
	if c.Path2 == "" {
		return sys.Fail(sys.ENOENT)
	}
	return s.make(c, sys.Symlink, c.Path2)
}

func (s *State) make(c sys.Call, kind sys.Kind, data string) sys.Ret {
	dir, last, at, errno := s.walk(c.Path, false)
	if errno == 0 && at >= 0 {
		errno = sys.EEXIST
	}
	if errno != 0 {
		return sys.Fail(errno)
	}
	at = s.create(dir, last, kind, c.At.Wall)
	s.inodes[at].data = data
	return sys.Ret{Ino: s.inodes[at].ino}
}

func (s *State) rmdir(_ sys.TID, c sys.Call) sys.Ret {
	dir, last, at, errno := s.walk(c.Path, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case at < 0:
		return sys.Fail(sys.ENOENT)
	case s.inodes[at].kind != sys.Directory:
		return sys.Fail(sys.ENOTDIR)
	case at == root || last == ".":
		return sys.Fail(sys.EINVAL)
	case s.filled(at):
		return sys.Fail(sys.ENOTEMPTY)
	}
	s.dropName(s.entry(dir, last), c.At.Wall)
	return sys.OK()
}

// filled reports whether a directory has entries.
func (s *State) filled(dir int) bool {
	for _, n := range s.names {
		if n.dir == dir {
			return true
		}
	}
	return false
}

func (s *State) readlink(_ sys.TID, c sys.Call) sys.Ret {
	at, errno := s.find(c.Path, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case s.inodes[at].kind != sys.Symlink:
		return sys.Fail(sys.EINVAL)
	}
	return sys.Ret{Data: s.inodes[at].data}
}

// link gives c.Path the second name c.Path2. A symbolic link is linked itself.
func (s *State) link(_ sys.TID, c sys.Call) sys.Ret {
	from, errno := s.find(c.Path, false)
	if errno != 0 {
		return sys.Fail(errno)
	}
	dir, last, at, errno := s.walk(c.Path2, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case at >= 0:
		return sys.Fail(sys.EEXIST)
	case s.inodes[from].kind == sys.Directory:
		return sys.Fail(sys.EPERM)
	}
	s.addName(dir, last, from, c.At.Wall)
	return sys.OK()
}
