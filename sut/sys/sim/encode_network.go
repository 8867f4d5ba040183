package sim

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// appendHost writes which host the process is on, where that is another's. Whose
// descriptor leads to a description tells on which host that is.
func (f *Form) appendHost(b []byte, s *State, p int) []byte {
	if one := &s.procs[p]; !one.dead && one.host != s.ownHost(p) {
		b = append(b, visits, byte(slices.Index(f.Order, one.host)))
	}
	return b
}

// appendNetwork writes what only file systems on a server have: names that hosts
// keep for themselves, in the order in which files and processes are written, and
// who is to create what it did not find.
func (f *Form) appendNetwork(b []byte, s *State) []byte {
	if s.rules.Silly {
		b = binary.AppendUvarint(b, uint64(len(s.hidden)))
		f.hidden = f.hidden[:0]
		for _, h := range s.hidden {
			f.hidden = append(f.hidden, [3]byte{byte(f.Inode[h.dir]), byte(f.Inode[h.inode]), byte(slices.Index(f.Order, h.host))})
		}
		slices.SortFunc(f.hidden, func(a, b [3]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, h := range f.hidden {
			b = append(b, h[:]...)
		}
	}
	if s.rules.LooksFirst {
		b = append(b, byte(len(s.looked)))
		for _, p := range f.Order {
			for _, id := range s.looked {
				if int(id.Proc) == p {
					b = f.appendThread(b, id)
				}
			}
		}
	}
	return b
}

// What stands before a process's hidden names and threads that have looked, in
// what puts processes in an order. No descriptor begins like that.
const (
	hides     = 251
	lookedFor = 252
)

// appendOwnNetwork writes of these what is the process's own, as AppendProc does
// what it has open.
func (s *State) appendOwnNetwork(b []byte, p int, f *Form) []byte {
	if host := s.procs[p].host; host != s.ownHost(p) {
		b = append(b, visits, byte(host))
	}
	var own [][2]byte
	for _, h := range s.hidden {
		if h.host == p {
			own = append(own, [2]byte{s.colour(h.dir, f), s.colour(h.inode, f)})
		}
	}
	slices.SortFunc(own, func(a, b [2]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, h := range own {
		b = append(b, hides, h[0], h[1])
	}
	for _, id := range s.looked {
		if int(id.Proc) == p {
			b = append(b, lookedFor, id.Thread)
		}
	}
	return b
}

func (s *State) readNetwork(r *reader) {
	s.hidden, s.looked = s.hidden[:0], s.looked[:0]
	if s.rules.Silly {
		for range r.uvarint() {
			h := hidden{int(r.byte()), int(r.byte()), int(r.byte())}
			s.hidden = append(s.hidden, h)
			s.inodes[h.inode].nlink++
		}
	}
	if s.rules.LooksFirst {
		for range r.byte() {
			s.looked = append(s.looked, r.thread())
		}
	}
}
