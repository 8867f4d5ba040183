package sim

import "github.com/ghostlock/ghostlock/sut/sys"

// rename is renameat2(2).
func (s *State) rename(_ sys.TID, c sys.Call) sys.Ret {
	fromDir, fromName, from, errno := s.walk(c.Path, false)
	if errno != 0 {
		return sys.Fail(errno)
	}
	toDir, toName, to, errno := s.walk(c.Path2, false)
	if errno == 0 {
		errno = s.mayRename(from, to, toDir, c.Flags)
	}
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case from == to:
		return sys.OK() // two names of one file: rename(2) does nothing
	}
	source := s.entry(fromDir, fromName)
	if c.Flags&sys.RENAME_EXCHANGE != 0 {
		s.names[source].ino, s.names[s.entry(toDir, toName)].ino = to, from
	} else {
		if to >= 0 {
			s.dropName(s.entry(toDir, toName), c.At.Wall)
			source = s.entry(fromDir, fromName)
		}
		s.names[source].dir, s.names[source].text = toDir, toName
	}
	s.inodes[fromDir].mtime, s.inodes[toDir].mtime = c.At.Wall, c.At.Wall
	return sys.OK()
}

// mayRename says why from cannot take the place of to, which is -1 where
// nothing is there.
func (s *State) mayRename(from, to, toDir, flags int) sys.Errno {
	const known = sys.RENAME_NOREPLACE | sys.RENAME_EXCHANGE
	exchange := flags&sys.RENAME_EXCHANGE != 0
	switch {
	case flags&^known != 0 || flags == known:
		return sys.EINVAL
	case from < 0:
		return sys.ENOENT
	case to >= 0 && flags&sys.RENAME_NOREPLACE != 0:
		return sys.EEXIST
	case to < 0 && exchange:
		return sys.ENOENT
	case s.within(toDir, from):
		return sys.EINVAL
	case to < 0 || to == from || exchange:
		return 0
	}
	return s.mayReplace(from, to)
}

func (s *State) mayReplace(from, to int) sys.Errno {
	fromDir, toDir := s.inodes[from].kind == sys.Directory, s.inodes[to].kind == sys.Directory
	switch {
	case fromDir && !toDir:
		return sys.ENOTDIR
	case !fromDir && toDir:
		return sys.EISDIR
	case toDir && s.filled(to):
		return sys.ENOTEMPTY
	}
	return 0
}

// within reports whether dir is the directory top or lies below it.
func (s *State) within(dir, top int) bool {
	for {
		if dir == top {
			return true
		}
		if dir == root {
			return false
		}
		dir = s.parent(dir)
	}
}
