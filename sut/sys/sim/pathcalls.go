package sim

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

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

func (s *State) unlink(id sys.TID, c sys.Call) sys.Ret {
	p, errno := s.walk(c.Path, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case p.at < 0:
		return sys.Fail(sys.ENOENT)
	case s.inodes[p.at].kind == sys.Directory:
		return sys.Fail(sys.EISDIR)
	case p.slash:
		return sys.Fail(sys.ENOTDIR)
	}
	if errno := s.inUse(id, p.at, sys.EBUSY); errno != 0 {
		return sys.Fail(errno)
	}
	s.takeName(id, s.entry(p.dir, p.last), c.At.Wall)
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
	p, errno := s.walk(c.Path, false)
	if errno == 0 {
		errno = p.mayMake(kind)
	}
	if errno != 0 {
		return sys.Fail(errno)
	}
	at := s.create(p.dir, p.last, kind, c.At.Wall)
	s.inodes[at].data = data
	return sys.Ret{Ino: s.inodes[at].ino}
}

// mayMake says why nothing of that kind can be made in the place.
func (p place) mayMake(kind sys.Kind) sys.Errno {
	switch {
	case p.at >= 0:
		return sys.EEXIST
	case p.slash && kind != sys.Directory:
		return sys.ENOENT
	}
	return 0
}

func (s *State) rmdir(_ sys.TID, c sys.Call) sys.Ret {
	p, errno := s.walk(c.Path, false)
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case p.last == "..":
		return sys.Fail(sys.ENOTEMPTY)
	case p.last == ".":
		return sys.Fail(sys.EINVAL)
	case p.at < 0:
		return sys.Fail(sys.ENOENT)
	case s.inodes[p.at].kind != sys.Directory:
		return sys.Fail(sys.ENOTDIR)
	case s.filled(p.at):
		return sys.Fail(sys.ENOTEMPTY)
	}
	s.dropName(s.entry(p.dir, p.last), c.At.Wall)
	return sys.OK()
}

// filled reports whether a directory has entries.
func (s *State) filled(dir int) bool {
	for _, n := range s.names {
		if n.dir == dir {
			return true
		}
	}
	return slices.ContainsFunc(s.hidden, func(h hidden) bool { return h.dir == dir })
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
	p, errno := s.walk(c.Path2, false)
	if errno == 0 {
		errno = p.mayMake(sys.Regular)
	}
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case s.inodes[from].kind == sys.Directory:
		return sys.Fail(sys.EPERM)
	}
	s.addName(p.dir, p.last, from, c.At.Wall)
	return sys.OK()
}
