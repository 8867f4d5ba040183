package sim

import (
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// maxLinks is how many symbolic links a path may lead through, as in Linux.
const maxLinks = 40

// walk follows a path from the trial's directory. It returns the directory
// that holds the last element, that element's text, and the inode it leads to
// or -1 where the directory has no such entry. With follow, a symbolic link at
// the end is followed too, and dir and last are those of its target.
func (s *State) walk(path string, follow bool) (dir int, last string, at int, errno sys.Errno) {
	return s.walkFrom(root, path, follow, 0)
}

func (s *State) walkFrom(dir int, path string, follow bool, links int) (int, string, int, sys.Errno) {
	if path == "" || strings.HasPrefix(path, "/") {
		return 0, "", -1, sys.ENOENT
	}
	words := strings.Split(path, "/")
	for i, w := range words {
		final := i == len(words)-1
		at := s.lookup(dir, w)
		if at >= 0 && s.inodes[at].kind == sys.Symlink && (follow || !final) {
			if links++; links > maxLinks {
				return 0, "", -1, sys.ELOOP
			}
			d, l, t, errno := s.walkFrom(dir, s.inodes[at].data, true, links)
			if errno != 0 || final {
				return d, l, t, errno
			}
			at = t
		}
		switch {
		case final:
			return dir, w, at, 0
		case at < 0:
			return 0, "", -1, sys.ENOENT
		case s.inodes[at].kind != sys.Directory:
			return 0, "", -1, sys.ENOTDIR
		}
		dir = at
	}
	return 0, "", -1, sys.ENOENT
}

// lookup returns the inode that an element of a path leads to, or -1.
func (s *State) lookup(dir int, text string) int {
	switch text {
	case "", ".":
		return dir
	case "..":
		return s.parent(dir)
	}
	if e := s.entry(dir, text); e >= 0 {
		return s.names[e].ino
	}
	return -1
}

// parent returns the directory that holds dir. The trial's directory is its
// own: nothing outside of it exists.
func (s *State) parent(dir int) int {
	for _, n := range s.names {
		if n.ino == dir {
			return n.dir
		}
	}
	return root
}

// find follows a path to something that exists.
func (s *State) find(path string, follow bool) (int, sys.Errno) {
	_, _, at, errno := s.walk(path, follow)
	if errno == 0 && at < 0 {
		errno = sys.ENOENT
	}
	return at, errno
}
