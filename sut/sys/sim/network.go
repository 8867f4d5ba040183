package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The file systems of this file are on a server that several hosts share. Every
// process of a setup is a host of its own; whom it forks, and its threads, are on
// the same.
//
// Their rules are from documents, which are named at each: they were not
// confirmed here. What hosts keep in caches (attributes, names, content) is not
// among them: every look is the server's, and every write is seen at once. Nor
// are answers that are lost on the way, and calls that the client makes twice.
var networks = []Rules{
	// RFC 1094, 2.2.10: CREATE "should pass an exclusive create flag", which the
	// protocol does not have; open(2): where O_EXCL is not supported, "programs
	// that rely on it for performing locking tasks will contain a race
	// condition". That the lookup comes first is fs/nfs/dir.c,
	// nfs_is_exclusive_create. Locks: see nfs3-nolock.
	{Name: "nfs2", Magic: sys.MagicNFS, ReuseInodes: true, Documents: true, Remote: true, LooksFirst: true, OwnLocks: true, Silly: true},

	// nfs(5), nolock: "such locks provide exclusion only against other
	// applications running on the same client".
	{Name: "nfs3-nolock", Magic: sys.MagicNFS, ReuseInodes: true, Documents: true, Remote: true, OwnLocks: true, Silly: true},

	// flock(2): "Since Linux 2.6.12, NFS clients support flock() locks by
	// emulating them as fcntl(2) byte-range locks on the entire file", so that
	// both "do interact with one another over NFS", and "to place an exclusive
	// lock, the file must be opened for writing"; fs/nfs/nfs4proc.c,
	// nfs4_proc_lock: EBADF, and for a shared one where it is not open for
	// reading. RFC 7530, 9.3: a conversion is atomic.
	{Name: "nfs4", Magic: sys.MagicNFS, ReuseInodes: true, Documents: true, Remote: true, Ranges: true, Modes: true, Silly: true},

	// flock(2), CIFS: "Since Linux 5.5, flock() locks are emulated with SMB
	// byte-range locks on the entire file", which "are not advisory anymore: any
	// IO on a locked file will always fail with EACCES when done from a separate
	// file descriptor". fs/smb/client/smb2maperror.c: STATUS_LOCK_NOT_GRANTED is
	// EACCES, STATUS_SHARING_VIOLATION is EBUSY.
	{Name: "smb", Magic: sys.MagicSMB2, Documents: true, Remote: true, Ranges: true, Refused: sys.EACCES, Mandatory: true},

	// libfuse, fuse_operations: of flock and lock, "if this method is not
	// implemented, the kernel will still allow file locking to work locally".
	// sshfs implements neither.
	{Name: "fuse", Magic: sys.MagicFUSE, Documents: true, Remote: true, OwnLocks: true},
}

// FromDocuments reports whether the rules of the file system with that name are
// taken from documents, so that nothing of it can be confirmed here.
func FromDocuments(name string) bool { return RulesOf(name).Documents }

// nowhere is the host of who is outside: none that a process is on.
const nowhere = -1

func (s *State) hostOf(id sys.TID) int {
	if id == sys.Outside {
		return nowhere
	}
	return s.procs[id.Proc].host
}

// hostOfOwner returns the host on which a record lock was made.
func (s *State) hostOfOwner(o owner) int {
	if o.ofd {
		return s.files[o.id].host
	}
	return s.procs[o.id].host
}

// meets reports whether locks of these hosts know of one another.
func (s *State) meets(a, b int) bool { return !s.rules.OwnLocks || a == b }

// clash reports whether one of the record locks hinders the other.
func (s *State) clash(r, other record) bool {
	return r.conflicts(other) && s.meets(s.hostOfOwner(r.owner), s.hostOfOwner(other.owner))
}

// asRecord returns the description's flock as the record lock that stands for it.
func (s *State) asRecord(f int) record {
	r := record{inode: s.files[f].inode, owner: owner{ofd: true, id: f}, kind: sys.F_RDLCK, end: endless}
	if s.files[f].lock == sys.LOCK_EX {
		r.kind = sys.F_WRLCK
	}
	return r
}

// flockInTheWay returns a flock that hinders a record lock, or nil: only where
// both are the same.
func (s *State) flockInTheWay(r record) *record {
	if !s.rules.Ranges {
		return nil
	}
	for f, d := range s.files {
		if d.refs > 0 && d.lock != 0 {
			if held := s.asRecord(f); r.conflicts(held) {
				return &held
			}
		}
	}
	return nil
}

// setFlock gives the description a lock in place of the one that it has; 0 is
// none.
func (s *State) setFlock(f, mode int) {
	if s.rules.Ranges && s.files[f].lock != 0 && s.files[f].lock != mode {
		s.moveWaiters(s.asRecord(f), spot{})
	}
	s.files[f].lock = mode
}

// mayFlock says why a flock of that mode cannot be asked for.
func (s *State) mayFlock(f, mode int) sys.Errno {
	d := &s.files[f]
	switch {
	case !d.reads() && !d.writes():
		return sys.EBADF
	case s.rules.Modes && (mode == sys.LOCK_SH && !d.reads() || mode == sys.LOCK_EX && !d.writes()):
		return sys.EBADF
	case !s.rules.OwnLocks && s.stale(f):
		return sys.ESTALE // fs/nfs/file.c: a lock of the host's own does not ask the server
	}
	return 0
}

// stale reports whether the server has no such file any more: its last name was
// removed, and by a host that did not have it open. A handle does not keep a
// file (RFC 1813, NFS3ERR_STALE; RFC 7530, 4.2.2).
func (s *State) stale(f int) bool {
	return s.rules.Silly && s.inodes[s.files[f].inode].nlink == 0
}

// onServer returns the open file description of a call that asks the server.
func (s *State) onServer(id sys.TID, fd int) (int, sys.Errno) {
	f, errno := s.description(id, fd)
	if errno == 0 && s.stale(f) {
		errno = sys.ESTALE
	}
	return f, errno
}

// A hidden name is what is left of one that was removed by a host that had the
// file open: the host renames the file, to .nfs and a number, and removes it
// when nobody there has it open any more (fs/nfs/unlink.c, "silly rename").
// Nobody asks for it by that name. Linux minds by which name a file was opened,
// which is not told apart here.
type hidden struct{ dir, inode, host int }

// takeName removes a directory entry as the thread's host does.
func (s *State) takeName(id sys.TID, at int, now time.Duration) {
	n, host := s.names[at], s.hostOf(id)
	if !s.rules.Silly || !s.opened(n.ino, func(other int) bool { return other == host }) {
		s.dropName(at, now)
		return
	}
	s.names = slices.Delete(s.names, at, at+1)
	s.inodes[n.dir].mtime = now
	s.hidden = append(s.hidden, hidden{n.dir, n.ino, host})
}

// opened reports whether a host of that kind has the file open.
func (s *State) opened(inode int, which func(host int) bool) bool {
	return slices.ContainsFunc(s.files, func(d file) bool { return d.refs > 0 && d.inode == inode && which(d.host) })
}

// unhide removes the file's hidden names of the host, where it does not have the
// file open any more.
func (s *State) unhide(inode, host int) {
	if len(s.hidden) == 0 || s.opened(inode, func(other int) bool { return other == host }) {
		return
	}
	s.hidden = slices.DeleteFunc(s.hidden, func(h hidden) bool {
		gone := h.inode == inode && h.host == host
		if gone {
			s.inodes[inode].nlink--
		}
		return gone
	})
}

// inUse says why the name cannot be taken from a file that another host has open.
// The environment's cleaner works on the server.
func (s *State) inUse(id sys.TID, inode int, errno sys.Errno) sys.Errno {
	host := s.hostOf(id)
	if !s.rules.Mandatory || host == nowhere || !s.opened(inode, func(other int) bool { return other != host }) {
		return 0
	}
	return errno
}

// mayAccess says why the process cannot read, or write, these bytes.
func (s *State) mayAccess(id sys.TID, f int, writes bool, start, end int64) sys.Errno {
	if s.stale(f) {
		return sys.ESTALE
	}
	if s.barred(id, f, record{inode: s.files[f].inode, start: start, end: end}, writes) {
		return sys.EACCES
	}
	return 0
}

// barred reports whether a mandatory lock is in the way of access to the bytes
// through the description, or through none that has a lock. Who has a shared lock
// must not write either (fs/smb/client/file.c, cifs_find_fid_lock_conflict). Whose
// record lock it is, Linux tells by process and description; here by process.
func (s *State) barred(id sys.TID, f int, bytes record, writes bool) bool {
	if !s.rules.Mandatory {
		return false
	}
	bars := func(lock record, own bool) bool {
		return lock.overlaps(bytes) && (lock.kind == sys.F_RDLCK && writes || lock.kind == sys.F_WRLCK && !own)
	}
	for i, d := range s.files {
		if d.refs > 0 && d.lock != 0 && bars(s.asRecord(i), i == f) {
			return true
		}
	}
	return slices.ContainsFunc(s.records, func(r record) bool {
		return bars(r, r.owner == owner{id: int(id.Proc)} || r.owner == owner{ofd: true, id: f})
	})
}

// noFile is the description of who has none.
const noFile = -1

// hasLooked reports whether the thread's open with O_EXCL has found nothing, and
// ends that.
func (s *State) hasLooked(id sys.TID) bool {
	i := slices.Index(s.looked, id)
	if i >= 0 {
		s.looked = slices.Delete(s.looked, i, i+1)
	}
	return i >= 0
}

// looks notes that it has found nothing. Threads are in order, so that who was
// first does not show.
func (s *State) looks(id sys.TID) {
	at, _ := slices.BinarySearchFunc(s.looked, id, func(a, b sys.TID) int {
		return cmp.Or(int(a.Proc)-int(b.Proc), int(a.Thread)-int(b.Thread))
	})
	s.looked = slices.Insert(s.looked, at, id)
}

// endThreads forgets what the process's threads have asked for.
func (s *State) endThreads(proc uint8) {
	s.endWaits(func(w waiter) bool { return w.thread.Proc == proc })
	s.looked = slices.DeleteFunc(s.looked, func(id sys.TID) bool { return id.Proc == proc })
}
