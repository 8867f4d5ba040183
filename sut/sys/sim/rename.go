package sim

import (
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// rename is renameat2(2).
func (s *State) rename(id sys.TID, c sys.Call) sys.Ret {
	const known = sys.RENAME_NOREPLACE | sys.RENAME_EXCHANGE
	if c.Flags&^known != 0 || c.Flags == known {
		return sys.Fail(sys.EINVAL)
	}
	from, errno := s.walk(c.Path, false)
	if errno != 0 {
		return sys.Fail(errno)
	}
	to, errno := s.walk(c.Path2, false)
	if errno == 0 {
		errno = s.mayRename(from, to, c.Flags)
	}
	switch {
	case errno != 0:
		return sys.Fail(errno)
	case from.at == to.at:
		return sys.OK() // two names of one file: rename(2) does nothing
	}
	if c.Flags&sys.RENAME_EXCHANGE != 0 {
		s.exchange(from, to, c.At.Wall)
	} else {
		if to.at >= 0 {
			// [MS-FSA], FileRenameInformation: STATUS_ACCESS_DENIED where the target is open.
			if errno := s.inUse(id, to.at, sys.EACCES); errno != 0 {
				return sys.Fail(errno)
			}
			s.takeName(id, s.entry(to.dir, to.last), c.At.Wall)
		}
		source := &s.names[s.entry(from.dir, from.last)]
		source.dir, source.text = to.dir, to.last
	}
	s.inodes[from.dir].mtime, s.inodes[to.dir].mtime = c.At.Wall, c.At.Wall
	return sys.OK()
}

func (s *State) exchange(from, to place, now time.Duration) {
	s.names[s.entry(from.dir, from.last)].ino = to.at
	s.names[s.entry(to.dir, to.last)].ino = from.at
	for _, i := range []int{from.at, to.at} {
		if s.rules.MovesExchanged && from.dir != to.dir && s.inodes[i].kind == sys.Directory {
			s.inodes[i].mtime = now
		}
	}
}

// mayRename says why from cannot go to the place to, in the order in which
// fs/namei.c asks.
func (s *State) mayRename(from, to place, flags int) sys.Errno {
	noreplace, exchange := flags&sys.RENAME_NOREPLACE != 0, flags&sys.RENAME_EXCHANGE != 0
	switch {
	case from.dots():
		return sys.EBUSY
	case to.dots() && noreplace:
		return sys.EEXIST
	case to.dots():
		return sys.EBUSY
	case from.at < 0:
		return sys.ENOENT
	case to.at >= 0 && noreplace:
		return sys.EEXIST
	case to.at < 0 && exchange:
		return sys.ENOENT
	case exchange && to.slash && s.inodes[to.at].kind != sys.Directory:
		return sys.ENOTDIR
	case s.inodes[from.at].kind != sys.Directory && (from.slash || to.slash && !exchange):
		return sys.ENOTDIR
	case s.within(to.dir, from.at):
		return sys.EINVAL
	case s.within(from.dir, to.at) && exchange:
		return sys.EINVAL
	case s.within(from.dir, to.at):
		return sys.ENOTEMPTY
	case to.at < 0 || to.at == from.at || exchange:
		return 0
	}
	return s.mayReplace(from.at, to.at)
}

func (s *State) mayReplace(from, to int) sys.Errno {
	fromDir, toDir := s.inodes[from].kind == sys.Directory, s.inodes[to].kind == sys.Directory
	switch {
	case fromDir && !toDir:
		return sys.ENOTDIR
	case !fromDir && toDir:
		return sys.EISDIR
	case toDir && s.filled(to) && s.rules.Filled != 0:
		return s.rules.Filled
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
