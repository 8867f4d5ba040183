package sim

import (
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// maxLinks is how many symbolic links a path may lead through, as in Linux.
const maxLinks = 40

// The longest element of a path, and the longest path, in bytes.
const (
	maxElement = 255
	maxPath    = 4095
)

// A place is where a path leads: the directory that holds the last element,
// that element's text, and the inode there, or -1 where there is none.
type place struct {
	dir   int
	last  string
	at    int
	slash bool // the path ends in a slash, so only a directory will do
}

// dots reports whether the place is a directory by another name than its own.
func (p place) dots() bool { return p.last == "." || p.last == ".." }

// walk follows a path from the trial's directory. With follow, a symbolic link
// at the end is followed too, and the place is that of its target.
func (s *State) walk(path string, follow bool) (place, sys.Errno) {
	links := 0
	return s.walkFrom(root, path, follow, &links)
}

// walkFrom is walk from any directory; links counts the symbolic links on the
// whole way.
func (s *State) walkFrom(dir int, path string, follow bool, links *int) (place, sys.Errno) {
	switch {
	case path == "" || path[0] == '/':
		return place{}, sys.ENOENT
	case len(path) > maxPath:
		return place{}, sys.ENAMETOOL
	}
	trimmed := strings.TrimRight(path, "/")
	p := place{dir: dir, at: dir, slash: trimmed != path}
	words := strings.Split(trimmed, "/")
	for i, w := range words {
		switch {
		case w == "":
			continue
		case p.at < 0:
			return place{}, sys.ENOENT
		case s.inodes[p.at].kind != sys.Directory:
			return place{}, sys.ENOTDIR
		case len(w) > maxElement:
			return place{}, sys.ENAMETOOL
		}
		p.dir, p.last, p.at = p.at, w, s.lookup(p.at, w)
		final := i == len(words)-1
		if p.at < 0 || s.inodes[p.at].kind != sys.Symlink || final && !follow {
			continue
		}
		if *links++; *links > maxLinks {
			return place{}, sys.ELOOP
		}
		target, errno := s.walkFrom(p.dir, s.inodes[p.at].data, true, links)
		if errno != 0 {
			return place{}, errno
		}
		if final {
			target.slash = target.slash || p.slash
			return target, 0
		}
		p.at = target.at
	}
	return p, 0
}

// lookup returns the inode that an element of a path leads to, or -1.
func (s *State) lookup(dir int, text string) int {
	switch text {
	case ".":
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
	p, errno := s.walk(path, follow || strings.HasSuffix(path, "/"))
	switch {
	case errno != 0:
		return -1, errno
	case p.at < 0:
		return -1, sys.ENOENT
	case p.slash && s.inodes[p.at].kind != sys.Directory:
		return -1, sys.ENOTDIR
	}
	return p.at, 0
}
