package sim

import (
	"cmp"
	"math"
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// An owner is whom a record lock belongs to, and whom it does not hinder: a
// process, or an open file description.
type owner struct {
	ofd bool
	id  int // index into procs; or into files
}

// A record is a record lock, or one that is asked for.
type record struct {
	inode      int
	owner      owner
	kind       int16 // sys.F_RDLCK or sys.F_WRLCK; sys.F_UNLCK to give up
	start, end int64 // both within it
}

// endless is the end of a lock that reaches to the end of the file.
const endless = math.MaxInt64

// fcntl is fcntl(2) with the commands for record locks, as fs/locks.c has it:
// what is asked is looked at in its order.
func (s *State) fcntl(id sys.TID, c sys.Call) sys.Ret {
	asked, waited := s.leave(id)
	f, errno := s.description(id, c.FD)
	var r record
	if errno == 0 {
		r, errno = s.request(id, f, c)
	}
	if errno == 0 && !s.rules.OwnLocks && s.stale(f) {
		errno = sys.ESTALE
	}
	if errno == 0 && waited && r == asked && s.inTheWay(r) == nil {
		if set, fresh := s.setRecord(r); fresh {
			s.handOn(id, onLock(set))
		}
		s.handOn(id, spot{})
		return sys.OK()
	}
	s.handOn(id, spot{})
	if errno != 0 {
		return sys.Fail(errno)
	}
	return s.ask(id, r, c)
}

// ask answers a request that the thread did not wait with, or that has to wait
// again.
func (s *State) ask(id sys.TID, r record, c sys.Call) sys.Ret {
	if c.Flags == sys.F_GETLK || c.Flags == sys.F_OFD_GETLK {
		return s.lookForRecord(r, c)
	}
	first := s.inTheWay(r)
	switch {
	case first == nil:
		s.setRecord(r)
		return sys.OK()
	case !blocks(c):
		return sys.Fail(cmp.Or(s.rules.Refused, sys.EAGAIN))
	}
	return s.wait(id, r, *first)
}

// blocks reports whether the call may have to wait for a record lock.
func blocks(c sys.Call) bool { return c.Flags == sys.F_SETLKW || c.Flags == sys.F_OFD_SETLKW }

// request returns the lock that the call is about, or why there can be none.
func (s *State) request(id sys.TID, f int, c sys.Call) (record, sys.Errno) {
	by := owner{id: int(id.Proc)}
	gets := false
	switch c.Flags {
	case sys.F_GETLK, sys.F_SETLK, sys.F_SETLKW:
		gets = c.Flags == sys.F_GETLK
	case sys.F_OFD_GETLK, sys.F_OFD_SETLK, sys.F_OFD_SETLKW:
		by = owner{ofd: true, id: f}
		gets = c.Flags == sys.F_OFD_GETLK
	default:
		return record{}, sys.EINVAL
	}
	kind, d := c.Record.Type, &s.files[f]
	unknown := kind != sys.F_RDLCK && kind != sys.F_WRLCK && (kind != sys.F_UNLCK || c.Flags == sys.F_GETLK)
	start, end, errno := span(c.Record)
	switch {
	case unknown && gets && !by.ofd:
		return record{}, sys.EINVAL // before the range is looked at
	case errno != 0:
		return record{}, errno
	case unknown:
		return record{}, sys.EINVAL
	case !gets && (kind == sys.F_RDLCK && !d.reads() || kind == sys.F_WRLCK && !d.writes()):
		return record{}, sys.EBADF
	case by.ofd && c.Record.PID != 0:
		return record{}, sys.EINVAL
	}
	return record{inode: d.inode, owner: by, kind: kind, start: start, end: end}, 0
}

// span returns the first and the last byte that the lock is on.
func span(r sys.Record) (start, end int64, errno sys.Errno) {
	switch {
	case r.Start < 0:
		return 0, 0, sys.EINVAL
	case r.Len == 0:
		return r.Start, endless, 0
	case r.Len > 0 && r.Len-1 > endless-r.Start:
		return 0, 0, sys.EOVERFLOW
	case r.Len > 0:
		return r.Start, r.Start + r.Len - 1, 0
	case r.Start+r.Len < 0:
		return 0, 0, sys.EINVAL
	}
	return r.Start + r.Len, r.Start - 1, 0
}

// text returns the lock as fcntl(2) tells it.
func (r record) text() sys.Record {
	told := sys.Record{Type: r.kind, Start: r.start, PID: sys.OFD}
	if r.end != endless {
		told.Len = r.end - r.start + 1
	}
	if !r.owner.ofd {
		told.PID = sys.PIDOf(r.owner.id)
	}
	return told
}

func (r record) overlaps(other record) bool {
	return r.inode == other.inode && r.start <= other.end && other.start <= r.end
}

func (r record) conflicts(other record) bool {
	return r.owner != other.owner && r.overlaps(other) && (r.kind == sys.F_WRLCK || other.kind == sys.F_WRLCK)
}

// inTheWay returns the first lock that hinders the one that is asked for, or
// nil. Nothing hinders giving up.
func (s *State) inTheWay(r record) *record {
	if r.kind == sys.F_UNLCK {
		return nil
	}
	for i := range s.records {
		if s.clash(r, s.records[i]) {
			return &s.records[i]
		}
	}
	return s.flockInTheWay(r)
}

// lookForRecord answers F_GETLK. Asked with F_UNLCK, F_OFD_GETLK finds the
// description's own lock (Linux 6.6).
func (s *State) lookForRecord(r record, c sys.Call) sys.Ret {
	found := s.inTheWay(r)
	if r.kind == sys.F_UNLCK {
		i := slices.IndexFunc(s.records, func(own record) bool { return own.owner == r.owner && own.overlaps(r) })
		if i >= 0 {
			found = &s.records[i]
		}
	}
	if found != nil {
		return sys.Ret{Record: found.text()}
	}
	// All else stays as it was asked.
	told := c.Record
	told.Type = sys.F_UNLCK
	return sys.Ret{Record: told}
}
