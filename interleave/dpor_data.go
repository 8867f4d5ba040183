package interleave

import "github.com/ghostlock/ghostlock/sut/sys"

// at returns the inode that the path leads to, if that is known. Where it is not
// the step conflicts with every other.
func (l look) at(path string) (sys.Ino, bool) {
	ino, ok := l.names[path]
	if !ok || !l.known(path) {
		l.everything = true
		return sys.Ino{}, false
	}
	return ino, true
}

// utimes is also an exception to the rule that the mtime of a directory is that
// of its listing.
func (l look) utimes() {
	if !l.finds(l.c.Path) {
		return
	}
	if ino, ok := l.at(l.c.Path); ok {
		l.writes(ofInode(attrKind, ino))
		l.writes(ofPath(listingKind, l.c.Path))
		l.looks(object{kind: clockKind})
	}
}

func (l look) flockHeld() {
	if !l.finds(l.c.Path) {
		return
	}
	if ino, ok := l.at(l.c.Path); ok {
		l.looks(ofInode(flockKind, ino))
	}
}

// load answers nothing but success where no file is.
func (l look) load() {
	l.passes()
	if !l.finds(l.c.Path) {
		return
	}
	if _, there := l.names[l.c.Path]; !there && l.known(l.c.Path) {
		return
	}
	if ino, ok := l.at(l.c.Path); ok {
		l.looks(ofInode(attrKind, ino))
		l.looks(ofInode(permKind, ino))
	}
}

func (l look) store() {
	l.passes()
	switch {
	case l.r.Err != 0:
		l.finds(l.c.Path)
	case l.made[l.r.Ino]:
		l.finds(l.c.Path)
		l.writes(ofInode(attrKind, l.r.Ino))
		l.looks(ofInode(permKind, l.r.Ino))
		l.looks(object{kind: clockKind})
	default:
		l.makes(l.c.Path, l.r.Ino)
	}
}

// passes notes that the step closed a descriptor of the file that it opened:
// with that the process's record locks on it are gone.
func (l look) passes() {
	if l.records[int(l.by.Proc)] {
		l.writes(object{kind: recordsKind})
	}
}
