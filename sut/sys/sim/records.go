package sim

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// setRecord gives the owner the lock in place of whatever it has in that
// range, or takes it away. What it has beside it stays, and locks of one kind
// that touch become one.
//
// Order shows: F_GETLK tells of the first lock in the way, and who waits waits
// for that one. As in Linux an owner's locks on a file stand together, by their
// start, and the owners in the order in which they got their first.
//
// It returns the lock as it then is, and whether it is a new one: where the
// owner has one of that kind that touches it, Linux makes that one longer.
func (s *State) setRecord(r record) (set record, fresh bool) {
	at := s.groupOf(r)
	n := at
	for n < len(s.records) && s.records[n].inode == r.inode && s.records[n].owner == r.owner {
		n++
	}
	before := slices.Clone(s.records[at:n])
	after := merged(before, r)
	s.records = slices.Replace(s.records, at, n, after...)
	set = after.around(r)
	longer := slices.IndexFunc(before, func(old record) bool { return old.kind == r.kind && old.touches(r) })
	if longer >= 0 {
		s.moveWaiters(before[longer], onLock(set))
	}
	for _, old := range before {
		if !slices.Contains(after, old) {
			s.moveWaiters(old, spot{})
		}
	}
	return set, longer < 0 && r.kind != sys.F_UNLCK
}

// groupOf returns where the owner's locks on the file begin, or are to. Files
// are in the order of their inodes, so that the order in which two of them were
// locked does not show.
func (s *State) groupOf(r record) int {
	for i, other := range s.records {
		if other.inode > r.inode || other.inode == r.inode && other.owner == r.owner {
			return i
		}
	}
	return len(s.records)
}

// A group is the locks of one owner on one file.
type group []record

// around returns the lock that the other is part of, or none.
func (g group) around(r record) record {
	for _, set := range g {
		if set.kind == r.kind && set.start <= r.start && r.end <= set.end {
			return set
		}
	}
	return record{}
}

// touches reports whether the two overlap or lie side by side.
func (r record) touches(other record) bool {
	return r.start-1 <= other.end && other.start-1 <= r.end
}

// merged returns the group with the lock set.
func merged(g group, r record) group {
	var before, after group
	for _, old := range g {
		left, right := old, old
		left.end, right.start = min(old.end, r.start-1), max(old.start, r.end+1)
		if left.start <= left.end {
			before = append(before, left)
		}
		if r.end != endless && right.start <= right.end {
			after = append(after, right)
		}
	}
	if r.kind == sys.F_UNLCK {
		return append(before, after...)
	}
	if n := len(before); n > 0 && before[n-1].kind == r.kind && before[n-1].end == r.start-1 {
		r.start, before = before[n-1].start, before[:n-1]
	}
	if len(after) > 0 && after[0].kind == r.kind && after[0].start-1 == r.end {
		r.end, after = after[0].end, after[1:]
	}
	return append(append(before, r), after...)
}

// dropRecords takes away the owner's locks on the file.
func (s *State) dropRecords(inode int, by owner) {
	s.records = slices.DeleteFunc(s.records, func(r record) bool {
		gone := r.inode == inode && r.owner == by
		if gone {
			s.moveWaiters(r, spot{})
		}
		return gone
	})
}
