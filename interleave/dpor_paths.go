package interleave

import (
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A look is one step being looked at: its footprint grows, and the world learns
// what it told.
type look struct {
	*world
	*footprint
	by sys.TID
	c  sys.Call
	r  sys.Ret
}

// settled are the errors that depend on where a path leads and on nothing else.
var settled = []sys.Errno{sys.ENOENT, sys.EEXIST, sys.ENOTDIR, sys.EISDIR, sys.ELOOP, sys.EINVAL, sys.ENAMETOOL, sys.ENOTEMPTY, sys.EBUSY, sys.EPERM}

// walk notes the way along a path, up to its last element. It reports false
// for a path that could lead anywhere: that conflicts with all other paths.
func (l look) walk(path string) bool {
	if !l.known(path) {
		l.writes(object{kind: namesKind})
		return false
	}
	l.looks(object{kind: namesKind})
	for up, ok := parent(path); ok; up, ok = parent(up) {
		l.looks(ofPath(entryKind, up))
	}
	return true
}

// finds notes that the step saw where a path leads. It reports false if that
// is all the step did, because it failed.
func (l look) finds(path string) bool {
	if l.walk(path) {
		l.looks(ofPath(entryKind, path))
	}
	if l.r.Err != 0 && !slices.Contains(settled, l.r.Err) {
		l.everything = true
	}
	return l.r.Err == 0
}

// changes notes that where a path leads was changed. It reports false for one
// that could lead anywhere; from then on none is known to lead where it says.
func (l look) changes(path string) bool {
	l.looks(object{kind: clockKind}) // directories have an mtime
	if !l.walk(path) {
		l.everything, l.tangled = true, true
		return false
	}
	l.writes(ofPath(entryKind, path))
	if up, ok := parent(path); ok {
		l.writes(ofPath(listingKind, up))
	}
	return true
}

// makes notes that the step made the file that the path leads to now.
func (l look) makes(path string, ino sys.Ino) {
	l.made[ino] = true
	if l.reuse {
		l.writes(object{kind: numbersKind})
	}
	if l.changes(path) {
		l.names[path] = ino
	}
}

// loses notes that the inode the path leads to lost a name, or got another.
func (l look) loses(path string) {
	ino, ok := l.names[path]
	if !ok {
		l.everything = true
		return
	}
	l.writes(ofInode(attrKind, ino))
	if l.reuse {
		l.looks(ofInode(refsKind, ino))
		l.writes(object{kind: numbersKind})
	}
}

func (l look) open() {
	if l.r.Err != 0 {
		l.finds(l.c.Path)
		return
	}
	d := descriptor{int(l.by.Proc), int(l.r.N)}
	if l.made[l.r.Ino] {
		l.finds(l.c.Path)
		l.looks(ofInode(permKind, l.r.Ino))
		if l.c.Flags&sys.O_TRUNC != 0 {
			l.writes(ofInode(attrKind, l.r.Ino))
			l.looks(object{kind: clockKind})
		}
	} else {
		l.makes(l.c.Path, l.r.Ino)
	}
	l.writes(ofProcess(descriptorsKind, d.proc))
	l.writes(ofDescriptor(d))
	if l.reuse {
		l.writes(ofInode(refsKind, l.r.Ino))
	}
	l.fds[d] = l.r.Ino
}

func (l look) stat() {
	if !l.finds(l.c.Path) {
		return
	}
	if l.c.Op == sys.OpStat || l.c.Op == sys.OpLstat {
		l.looks(ofInode(attrKind, l.r.Stat.Ino))
	}
	if l.r.Stat.Kind == sys.Directory {
		l.looks(ofPath(listingKind, l.c.Path))
	}
}

func (l look) unlink() {
	if l.r.Err != 0 {
		l.finds(l.c.Path)
		return
	}
	if l.changes(l.c.Path) {
		l.loses(l.c.Path)
		delete(l.names, l.c.Path)
	}
}

func (l look) rmdir() {
	l.looks(ofPath(listingKind, l.c.Path)) // only an empty one goes
	l.unlink()
}

// mkdir is symlink too. Whatever is at the end of a path may be a symbolic link
// from the first of them on, and an open by it leads elsewhere.
func (l look) mkdir() {
	if l.r.Err != 0 {
		l.finds(l.c.Path)
		return
	}
	l.makes(l.c.Path, l.r.Ino)
	if l.c.Op == sys.OpSymlink {
		l.writes(object{kind: namesKind})
		l.tangled = true
	}
}

func (l look) link() {
	if l.finds(l.c.Path) && l.changes(l.c.Path2) {
		l.loses(l.c.Path)
		l.names[l.c.Path2] = l.names[l.c.Path]
		return
	}
	l.finds(l.c.Path2)
}

func (l look) rename() {
	from, to := l.c.Path, l.c.Path2
	if l.r.Err != 0 {
		l.finds(from)
		l.finds(to)
		l.looks(ofPath(listingKind, to))
		return
	}
	if first, second := l.changes(from), l.changes(to); !first || !second {
		return
	}
	l.looks(ofPath(listingKind, to)) // a directory is replaced if it is empty
	moved := l.names[from]
	replaced, there := l.names[to]
	if there && moved == replaced && moved != (sys.Ino{}) {
		return // two names of one file: rename(2) does nothing
	}
	if there {
		l.loses(to)
	}
	l.forget(from)
	l.forget(to)
	l.names[to] = moved
	if there && l.c.Flags&sys.RENAME_EXCHANGE != 0 {
		l.names[from] = replaced
	}
}

// forget drops a name. What was below it, if it was a directory's, is now
// reached by paths that are not known.
func (l look) forget(path string) {
	for name := range l.names {
		if strings.HasPrefix(name, path+"/") {
			l.writes(object{kind: namesKind})
			l.tangled = true
		}
	}
	delete(l.names, path)
}
