package sim

import (
	"encoding/binary"
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// appendRecords writes the record locks, by file, and who waits for one: in the
// order in which a state with the new numbers has them.
func (f *Form) appendRecords(b []byte, s *State) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.records)))
	for _, i := range f.inodes {
		for _, r := range s.records {
			if r.inode == i {
				b = f.appendRecord(b, r)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.waiters)))
	for _, w := range s.waiters {
		b = f.appendRecord(f.appendThread(b, w.thread), w.asks)
		b = append(b, byte(w.at))
		switch w.at {
		case atLock:
			b = f.appendRecord(b, w.lock)
		case behind:
			b = f.appendThread(b, w.ahead)
		}
	}
	return b
}

func (f *Form) appendThread(b []byte, id sys.TID) []byte {
	return append(b, byte(slices.Index(f.Order, int(id.Proc))), id.Thread)
}

func (f *Form) appendRecord(b []byte, r record) []byte {
	b = append(b, byte(f.Inode[r.inode]), byte(r.kind))
	return f.appendOwner(appendSpan(b, r), r.owner)
}

// appendSpan writes the length as fcntl(2) tells it, 0 to the end.
func appendSpan(b []byte, r record) []byte {
	b = binary.AppendUvarint(b, uint64(r.start))
	return binary.AppendUvarint(b, uint64(r.text().Len))
}

func (f *Form) appendOwner(b []byte, o owner) []byte {
	if o.ofd {
		return append(b, 1, byte(f.file[o.id]))
	}
	return append(b, 0, byte(slices.Index(f.Order, o.id)))
}

// appendOwn writes the process's own locks and waits, as AppendProc does what
// it has open.
func (s *State) appendOwn(b []byte, p int, f *Form) []byte {
	for _, r := range s.records {
		if r.owner == (owner{id: p}) {
			b = appendSpan(append(b, 1, byte(r.kind), s.colour(r.inode, f)), r)
		}
	}
	for _, w := range s.waiters {
		if int(w.thread.Proc) == p {
			b = append(b, 2, w.thread.Thread, byte(w.asks.kind), s.colour(w.asks.inode, f), byte(w.at))
			b = appendSpan(b, w.asks)
		}
	}
	return b
}

func (s *State) readRecords(r *reader) {
	s.records = grown(s.records, int(r.uvarint()))
	for i := range s.records {
		s.records[i] = r.record()
	}
	s.waiters = grown(s.waiters, int(r.uvarint()))
	for i := range s.waiters {
		w := waiter{thread: r.thread(), asks: r.record()}
		switch w.at = spotKind(r.byte()); w.at {
		case atLock:
			w.lock = r.record()
		case behind:
			w.ahead = r.thread()
		}
		s.waiters[i] = w
	}
}

func (r *reader) thread() sys.TID { return sys.TID{Proc: r.byte(), Thread: r.byte()} }

func (r *reader) record() record {
	found := record{inode: int(r.byte()), kind: int16(r.byte()), end: endless}
	found.start = int64(r.uvarint())
	if n := int64(r.uvarint()); n != 0 {
		found.end = found.start + n - 1
	}
	found.owner = r.owner()
	return found
}

func (r *reader) owner() owner {
	return owner{ofd: r.byte() != 0, id: int(r.byte())}
}
