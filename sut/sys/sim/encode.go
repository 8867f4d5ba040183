package sim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Form says how a state is written for storing, so that states which differ
// only in what cannot matter to the lock code at hand are written alike:
//
//   - Times are written as ages, and what is older than Oldest as that old.
//   - Files and descriptions are numbered as they are met from the names and
//     from the processes, these in Order; what nothing leads to is left out.
//   - Inode numbers go with that, unless lock code compares them (Numbers): the
//     lowest free one is given out next, so then they are kept. On a file system
//     that uses none again their order is kept and the gaps are closed.
//   - The mtime of directories is left out unless lock code has looked at one.
//
// The zero Form with an Order is that of lock code that looks at nothing.
type Form struct {
	Order       []int           // of the processes
	Now         time.Duration   // on the wall clock
	Oldest      time.Duration   // the largest age that lock code asks about
	Ranks       []time.Duration // where it asks whether times are equal: the ages from Oldest on, in order
	Numbers     bool
	Directories bool

	// Remembered are the inodes whose numbers lock code still has; with Numbers
	// they keep their place although nothing leads to them.
	Remembered []int

	// Append sets Inode to the number that each inode was written as.
	Inode []int

	entries []int // names in order
	inodes  []int // inodes in the order in which they are written
	files   []int // descriptions in the order in which they are written
	file    []int // the number that each description was written as
	hidden  [][3]byte
}

// Append writes the state to b. Two states of one exploration that are written
// alike behave alike, whatever is called from then on, but for the names of
// inodes and processes.
func (s *State) Append(b []byte, f *Form) []byte {
	f.number(s)
	b = append(b, byte(len(f.entries)))
	for _, e := range f.entries {
		n := &s.names[e]
		b = append(b, byte(f.Inode[n.dir]), byte(f.Inode[n.ino]))
		b = appendText(b, n.text)
	}
	b = append(b, byte(len(f.inodes)))
	for _, i := range f.inodes {
		b = f.appendInode(b, &s.inodes[i])
	}
	b = append(b, byte(len(f.files)))
	for _, i := range f.files {
		d := &s.files[i]
		b = append(b, byte(f.Inode[d.inode]), d.mode(), byte(d.lock))
		b = binary.AppendUvarint(b, uint64(d.off))
	}
	for _, p := range f.Order {
		b = f.appendHost(b, s, p)
		b = f.appendProc(b, &s.procs[p])
	}
	return f.appendNetwork(f.appendRecords(b, s), s)
}

// Renumbers reports whether Append writes inodes by other numbers than their
// own although lock code compares numbers.
func (f *Form) Renumbers(s *State) bool { return f.Numbers && !s.rules.ReuseInodes }

// What a state may have to be written: of everything so many that a byte can
// number them, and so much text, which is kept in every state anew.
const (
	mostOfEach = 250
	mostText   = 16 << 10
)

// Fits reports whether the state has few enough of everything to be written, and
// little enough text.
func (s *State) Fits() bool {
	if len(s.names) > mostOfEach || len(s.inodes) > mostOfEach || len(s.files) > mostOfEach || len(s.records) > mostOfEach {
		return false
	}
	for i := range s.procs {
		if len(s.procs[i].fds) > mostOfEach || len(s.procs[i].cells) > mostOfEach {
			return false
		}
	}
	return s.text() <= mostText
}

// text returns how long all names, contents, targets of symlinks and cells are.
func (s *State) text() (n int) {
	for i := range s.names {
		n += len(s.names[i].text)
	}
	for i := range s.inodes {
		if s.inodes[i].exists {
			n += len(s.inodes[i].data)
		}
	}
	for i := range s.procs {
		for _, c := range s.procs[i].cells {
			n += len(c.name) + len(c.text)
		}
	}
	return n
}

// mode is what is left of a description's flags after open(2).
func (f *file) mode() byte {
	m := byte(f.flags & sys.O_ACCMODE)
	if f.flags&sys.O_APPEND != 0 {
		m |= 1 << 2
	}
	return m
}

func flagsOf(mode byte) int {
	flags := int(mode & 3)
	if mode&(1<<2) != 0 {
		flags |= sys.O_APPEND
	}
	return flags
}

func (f *Form) appendInode(b []byte, in *inode) []byte {
	if !in.exists {
		return append(b, 0)
	}
	b = append(b, byte(in.kind)+1)
	if in.kind != sys.Directory || f.Directories {
		b = f.AppendAge(b, f.Now-in.mtime, f.Oldest)
	}
	return appendText(b, in.data)
}

func (f *Form) appendProc(b []byte, p *proc) []byte {
	switch {
	case p.unborn:
		return append(b, unborn)
	case p.dead:
		return append(b, 0)
	}
	if len(p.cells) > 0 {
		b = appendCells(append(b, remembers), p)
	}
	fds := p.open()
	b = append(b, byte(len(fds))+1)
	for _, d := range fds {
		if d.file == closed {
			b = append(b, 0)
		} else {
			b = append(b, byte(f.file[d.file])+1, truth(d.cloexec))
		}
	}
	return b
}

// remembers stands before what is written of a process with cells, visits before
// one that is on another's host, and unborn for one that is to be forked. No
// process has so many descriptors.
const (
	visits    = 253
	unborn    = 254
	remembers = 255
)

func appendCells(b []byte, p *proc) []byte {
	b = append(b, byte(len(p.cells)))
	for _, c := range p.cells {
		b = appendText(append(b, byte(c.kind)), c.name)
		switch c.kind {
		case aText:
			b = appendText(b, c.text)
		case aDescriptor:
			b = binary.AppendVarint(b, int64(c.fd))
		}
	}
	return b
}

// open returns the descriptors up to the last one that is open.
func (p *proc) open() []descriptor {
	n := len(p.fds)
	for n > 0 && p.fds[n-1].file == closed {
		n--
	}
	return p.fds[:n]
}

func truth(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

// AppendAge writes an age. Of those from oldest on only the order is told, if
// they are ranked, and else nothing: a time that is set later is younger than all
// of them, so that how old they are does not matter any more.
func (f *Form) AppendAge(b []byte, age, oldest time.Duration) []byte {
	if oldest > 0 {
		if rank, ranked := slices.BinarySearch(f.Ranks, age); ranked {
			return binary.AppendUvarint(b, 1+zigzag(int64(oldest)+int64(rank)))
		}
	}
	return AppendAge(b, age, oldest)
}

// AppendAges appends the ages that Append would write.
func (s *State) AppendAges(ages []time.Duration, f *Form) []time.Duration {
	for i := range s.inodes {
		if in := &s.inodes[i]; in.exists && (in.kind != sys.Directory || f.Directories) {
			ages = append(ages, f.Now-in.mtime)
		}
	}
	return ages
}

// AppendAge writes an age, or one beyond which all are the same.
func AppendAge(b []byte, age, oldest time.Duration) []byte {
	if age >= oldest {
		return append(b, 0)
	}
	return binary.AppendUvarint(b, 1+zigzag(int64(age)))
}

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

func appendText(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// AppendProc writes what a process has open and in memory in a way that depends on no other
// process and not on the numbering of descriptions, for putting processes in an
// order.
func (s *State) AppendProc(b []byte, p int, f *Form) []byte {
	if s.procs[p].dead {
		return append(b, 0)
	}
	b = s.appendOwnNetwork(append(b, 1), p, f)
	for _, fd := range s.procs[p].open() {
		if fd.file == closed {
			b = append(b, 0)
			continue
		}
		d := &s.files[fd.file]
		b = append(b, 1+d.mode(), truth(fd.cloexec), byte(d.lock), byte(min(d.refs, 255)))
		b = append(binary.AppendUvarint(b, uint64(d.off)), s.colour(d.inode, f))
	}
	if len(s.procs[p].cells) > 0 {
		b = appendCells(append(b, remembers), &s.procs[p])
	}
	return s.appendOwn(b, p, f)
}

// colour tells inodes apart as far as that is possible without a numbering that
// other processes have a say in.
func (s *State) colour(i int, f *Form) byte {
	if f.Numbers {
		return byte(i)
	}
	for at, n := range s.names {
		if n.ino == i {
			return byte(at) + 1
		}
	}
	return 0
}
