package interleave

import "github.com/ghostlock/ghostlock/sut/sys"

// file notes that the step was about a descriptor, and did that to it. It
// reports false where the descriptor was not open; of one that is open and was
// not seen to be opened nothing is known.
func (l look) file(how access) (descriptor, sys.Ino, bool) {
	d := descriptor{int(l.by.Proc), l.c.FD}
	ino, ok := l.fds[d]
	if !ok {
		l.looks(ofProcess(descriptorsKind, d.proc))
		l.looks(ofDescriptor(d))
		l.everything = l.r.Err != sys.EBADF
		l.strange = l.strange || l.everything
		return d, ino, false
	}
	l.touch(how, ofDescriptor(d))
	return d, ino, true
}

func (l look) close() {
	d, ino, ok := l.file(write)
	if !ok {
		return
	}
	l.writes(ofProcess(descriptorsKind, d.proc))
	l.drops(d, ino)
	delete(l.fds, d)
}

// drops notes what goes with a descriptor: its lock, its process's record locks
// and, with the last one that leads to a file without a name, the file.
func (l look) drops(d descriptor, ino sys.Ino) {
	l.unlocks(d, ino)
	if l.records[d.proc] {
		l.writes(object{kind: recordsKind})
	}
	if l.reuse {
		l.writes(ofInode(refsKind, ino))
		if l.last(d) {
			l.writes(object{kind: numbersKind})
		}
	}
}

func (l look) unlocks(d descriptor, ino sys.Ino) {
	switch l.held.of(d) {
	case sys.LOCK_SH:
		l.shares(ofInode(flockKind, ino))
	case sys.LOCK_EX:
		l.writes(ofInode(flockKind, ino))
	}
	l.held = l.held.set(d, ino, 0)
}

// flock: what is refused has looked at the locks, what is granted has changed
// them, and either way a conversion gave the old lock up.
func (l look) flock() {
	d, ino, ok := l.file(write)
	mode := l.c.Flags &^ sys.LOCK_NB
	switch {
	case !ok:
	case l.r.Err != 0 && l.r.Err != sys.EWOULDBLOCK:
		l.everything = l.r.Err != sys.EINVAL && l.r.Err != sys.EBADF
	case l.r.Err == 0 && !l.r.Wait && mode == l.held.of(d):
		// It had that lock.
	case l.r.Err == 0 && mode == sys.LOCK_UN:
		l.unlocks(d, ino)
	default:
		l.locks(d, ino, mode)
	}
}

func (l look) locks(d descriptor, ino sys.Ino, mode int) {
	converts := l.held.of(d) != 0
	granted := l.r.Err == 0 && !l.r.Wait
	l.held = l.held.set(d, ino, 0)
	if granted {
		l.held = l.held.set(d, ino, mode)
	}
	switch {
	case converts || granted && mode == sys.LOCK_EX:
		l.writes(ofInode(flockKind, ino))
	case granted:
		l.shares(ofInode(flockKind, ino))
	default:
		l.looks(ofInode(flockKind, ino))
	}
}

// fcntl: record locks and who waits for them are one object, as a circle of
// waiters goes over files.
func (l look) fcntl() {
	if _, _, ok := l.file(write); !ok {
		return
	}
	if l.c.Flags == sys.F_GETLK || l.c.Flags == sys.F_OFD_GETLK {
		l.looks(object{kind: recordsKind})
		return
	}
	l.writes(object{kind: recordsKind})
	l.records[int(l.by.Proc)] = true
}

func (l look) fstat() {
	_, ino, ok := l.file(see)
	if !ok {
		return
	}
	l.looks(ofInode(attrKind, ino))
	if l.r.Stat.Kind == sys.Directory {
		l.writes(object{kind: namesKind}) // its mtime moves with what is in it
	}
}

func (l look) fsync() { l.file(see) }

func (l look) fchmod() {
	if _, ino, ok := l.file(see); ok {
		l.writes(ofInode(permKind, ino))
	}
}

func (l look) read() {
	if _, ino, ok := l.file(write); ok {
		l.looks(ofInode(attrKind, ino))
	}
}

func (l look) write() {
	if _, ino, ok := l.file(write); ok {
		l.writes(ofInode(attrKind, ino))
		l.looks(object{kind: clockKind})
	}
}
