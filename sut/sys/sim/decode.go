package sim

import (
	"encoding/binary"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Read makes s the state that Append wrote, at the instant 0 of both clocks,
// and returns what follows it in b. The rules and the number of processes must
// be those that s has already. What memory s has is used again.
func (s *State) Read(b []byte, f *Form) []byte {
	r := reader{b}
	s.readNames(&r)
	s.readInodes(&r, f)
	s.readFiles(&r)
	for p := range s.procs {
		s.readProc(&r, p)
	}
	s.readRecords(&r)
	s.readNetwork(&r)
	for i := range s.names {
		s.inodes[s.names[i].ino].nlink++
	}
	return r.rest
}

func (s *State) readNames(r *reader) {
	n := int(r.byte())
	s.names = grown(s.names, n)
	for i := range s.names {
		e := &s.names[i]
		e.dir, e.ino = int(r.byte()), int(r.byte())
		r.text(&e.text)
	}
}

func (s *State) readInodes(r *reader, f *Form) {
	n := int(r.byte())
	s.inodes = grown(s.inodes, n)
	for i := range s.inodes {
		in := &s.inodes[i]
		data := in.data
		*in = inode{ino: sys.Ino{Num: uint16(i)}}
		kind := r.byte()
		if kind == 0 {
			continue
		}
		in.exists, in.kind = true, sys.Kind(kind-1)
		if in.kind != sys.Directory || f.Directories {
			var age time.Duration
			age, r.rest = ReadAge(r.rest, f.Oldest)
			in.mtime = -age
		}
		r.text(&data)
		in.data = data
	}
	s.inodes[root].nlink++ // its own name is outside of the trial
}

func (s *State) readFiles(r *reader) {
	n := int(r.byte())
	s.files = grown(s.files, n)
	for i := range s.files {
		d := &s.files[i]
		*d = file{inode: int(r.byte()), flags: flagsOf(r.byte()), lock: int(r.byte())}
		d.off = int(r.uvarint())
		s.inodes[d.inode].opens++
	}
}

func (s *State) readProc(r *reader, number int) {
	p, host := &s.procs[number], s.ownHost(number)
	cells := p.cells[:0]
	n := int(r.byte())
	if n == visits {
		host = int(r.byte())
		n = int(r.byte())
	}
	if n == remembers {
		cells = r.cells(p.cells)
		n = int(r.byte())
	}
	if n == unborn {
		*p = proc{dead: true, unborn: true, fds: p.fds[:0], cells: cells}
		return
	}
	n--
	*p = proc{dead: n < 0, host: host, fds: grown(p.fds, max(0, n)), cells: cells}
	for i := range p.fds {
		d := descriptor{file: int(r.byte()) - 1}
		if d.file != closed {
			s.files[d.file].refs++
			s.files[d.file].host = host
			d.cloexec = r.byte() != 0
		}
		p.fds[i] = d
	}
}

func (r *reader) cells(old []cell) []cell {
	cells := grown(old, int(r.byte()))
	for i := range cells {
		c := &cells[i]
		c.kind, c.fd = cellKind(r.byte()), 0
		r.text(&c.name)
		switch c.kind {
		case aText:
			r.text(&c.text)
			continue
		case aDescriptor:
			c.fd = int(r.varint())
		}
		c.text = ""
	}
	return cells
}

// grown returns a slice of n elements in the memory of old, where it is large
// enough.
func grown[T any](old []T, n int) []T {
	if n <= cap(old) {
		return old[:n]
	}
	return append(old[:cap(old)], make([]T, n-cap(old))...)
}

// A reader takes apart what Append wrote.
type reader struct{ rest []byte }

func (r *reader) byte() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	r.rest = r.rest[size:]
	return n
}

// text reads into a string that most likely has that text already.
func (r *reader) text(into *string) {
	n := r.uvarint()
	if text := r.rest[:n]; string(text) != *into {
		*into = string(text)
	}
	r.rest = r.rest[n:]
}

// ReadAge reads what AppendAge wrote, and returns what follows it.
func ReadAge(b []byte, oldest time.Duration) (time.Duration, []byte) {
	n, size := binary.Uvarint(b)
	if n == 0 {
		return oldest, b[size:]
	}
	return time.Duration(unzigzag(n - 1)), b[size:]
}
