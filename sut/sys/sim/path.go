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

// A way is how a path is followed: whether a symbolic link at its end is
// followed too, and the place is that of its target; and whether a file is to
// be made there, for which no path will do that ends in a slash.
type way struct {
	follow, creates bool
	links           int // that have been followed
}

// walk follows a path from the trial's directory.
func (s *State) walk(path string, follow bool) (place, sys.Errno) {
	return s.walkFrom(root, path, &way{follow: follow})
}

// walkFrom follows a path from any directory.
func (s *State) walkFrom(dir int, path string, by *way) (place, sys.Errno) {
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
		}
		final := i == len(words)-1
		p.dir, p.last, p.at = p.at, w, s.lookup(p.at, w)
		switch {
		case final && by.creates && p.slash && !p.dots():
			return place{}, sys.EISDIR
		case len(w) > maxElement:
			return place{}, sys.ENAMETOOL
		case p.at < 0 || s.inodes[p.at].kind != sys.Symlink || final && !by.follow:
			continue
		}
		target, errno := s.followLink(p, by, final)
		if errno != 0 {
			return place{}, errno
		}
		if final {
			return target, 0
		}
		p.at = target.at
	}
	return p, 0
}

// followLink follows the symbolic link that is in the place. Where that is the
// path's last element, its target takes the path's place.
func (s *State) followLink(p place, by *way, final bool) (place, sys.Errno) {
	if by.links++; by.links > maxLinks {
		return place{}, sys.ELOOP
	}
	target := way{follow: true, creates: by.creates && final, links: by.links}
	to, errno := s.walkFrom(p.dir, s.inodes[p.at].data, &target)
	by.links = target.links
	to.slash = to.slash || p.slash
	return to, errno
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
