// Package sim is a kernel in memory: names, inodes, open file descriptions,
// descriptors, processes that fork, flock(2) and record locks, as Linux has them.
//
// A [State] is the whole kernel as a value. It keeps no clock: each call
// brings the instant at which it is made. What differs between file systems is
// in its [Rules].
//
// What a State claims about Linux is not believed but compared: see package
// twin, which runs both side by side. Of file systems that hosts share it is
// taken from documents, and not compared with anything: see [FromDocuments].
package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Rules are what differs between file systems.
type Rules struct {
	Name  string // as sys.Machine.Profile tells it
	Magic int64  // as statfs(2) tells it

	// ReuseInodes says that a new file gets the lowest number that is free
	// again, as on ext4, and not one that was never used, as on tmpfs.
	ReuseInodes bool

	// Filled is what rename(2) of a directory answers where the new name is one
	// that has entries. 0 stands for ENOTEMPTY.
	Filled sys.Errno

	// MovesExchanged says that RENAME_EXCHANGE moves the mtime of a directory
	// that goes into another one.
	MovesExchanged bool

	// Of file systems on a server, see networks.
	Documents  bool      // the rules are from documents, and were not confirmed here
	Remote     bool      // every process of a setup is on a host of its own
	OwnLocks   bool      // locks are each host's own
	LooksFirst bool      // O_EXCL is a lookup, and then a create that does not look
	Silly      bool      // a host keeps what it has open by another name; others lose it
	Ranges     bool      // a flock is a record lock on all of the file
	Modes      bool      // and wants a descriptor that is open for what it excludes
	Refused    sys.Errno // what a lock is refused with that is not waited for; 0 stands for EWOULDBLOCK
	Mandatory  bool      // locks keep others from reading and writing, and open files from being removed
}

// fileSystems are the rules that are known, the first for all others. XFS uses
// a number again after a moment, when it has cleared the inode away; overlayfs
// tells the numbers of the file system that it writes to, here of a tmpfs.
var fileSystems = []Rules{
	{Name: "tmpfs", Magic: sys.MagicTmpfs},
	{Name: "ext4", Magic: sys.MagicExt4, ReuseInodes: true},
	{Name: "xfs", Magic: sys.MagicXFS, ReuseInodes: true, Filled: sys.EEXIST, MovesExchanged: true},
	{Name: "btrfs", Magic: sys.MagicBtrfs},
	{Name: "overlayfs", Magic: sys.MagicOverlayfs},
}

// RulesOf returns the rules of the file system with that name; one that is not
// known counts as tmpfs.
func RulesOf(name string) Rules {
	for _, r := range slices.Concat(fileSystems, networks) {
		if r.Name == name {
			return r
		}
	}
	r := fileSystems[0]
	r.Name = name
	return r
}

// root is the trial's directory, the inode that every path starts from.
const root = 0

// A State is a kernel. The zero State is of no use; see [New].
type State struct {
	rules  Rules
	names  []name
	inodes []inode
	files  []file
	procs  []proc

	records []record // record locks that are held
	waiters []waiter // threads that wait for one

	skew   time.Duration // of the server's clock
	hidden []hidden      // names that hosts keep for themselves
	looked []sys.TID     // threads whose open has found nothing and is to create
}

// A name is a directory entry.
type name struct {
	dir  int // the directory's inode
	text string
	ino  int // index of what it leads to
}

// An inode is a file. It lives while it has a name or is open.
type inode struct {
	ino    sys.Ino
	kind   sys.Kind
	nlink  int
	opens  int // open file descriptions on it
	mtime  time.Duration
	data   string // content, or a symlink's target
	exists bool   // false: a slot whose number may be given out again
}

// A file is an open file description: what descriptors made by one open(2)
// share. flock(2) locks belong to it.
type file struct {
	inode int
	flags int
	refs  int // descriptors that lead to it; 0: a free slot
	off   int
	lock  int // 0, sys.LOCK_SH or sys.LOCK_EX
	host  int // of the processes that have it
}

// reads and writes report what the file was opened for. O_WRONLY|O_RDWR, the
// fourth access mode, is for neither.
func (f file) reads() bool {
	mode := f.flags & sys.O_ACCMODE
	return mode == sys.O_RDONLY || mode == sys.O_RDWR
}

func (f file) writes() bool {
	mode := f.flags & sys.O_ACCMODE
	return mode == sys.O_WRONLY || mode == sys.O_RDWR
}

// A proc is a process: its descriptors, lowest free number first, and what its
// threads share in memory.
type proc struct {
	dead   bool
	unborn bool         // and dead: fork has not made it yet
	host   int          // that it is on: a process's number
	fds    []descriptor // descriptor 3 is the first
	cells  []cell       // in order
}

// A descriptor leads to an open file description.
type descriptor struct {
	file    int  // index into files, or closed
	cloexec bool // exec closes it
}

const (
	firstFD = 3 // 0, 1 and 2 are taken in every process
	closed  = -1
)

// New returns a kernel with the setup's files, which are made in their order,
// and processes without open descriptors.
func New(rules Rules, setup sys.Setup) (*State, error) {
	s := &State{rules: rules, procs: make([]proc, setup.Procs), skew: setup.Skew}
	for i := range s.procs {
		s.procs[i].host = s.ownHost(i)
	}
	s.inodes = append(s.inodes, inode{kind: sys.Directory, nlink: 1, exists: true})
	for _, e := range setup.Files {
		if errno := s.furnish(e); errno != 0 {
			return nil, fmt.Errorf("make start file %s: %w", e.Name, errno)
		}
	}
	// Afterwards, because a file moves the mtime of its directory.
	for _, e := range setup.Files {
		s.inodes[s.Named(e.Name)].mtime = setup.Skew - e.Age
	}
	return s, nil
}

// ownHost returns the host of a process that was not forked.
func (s *State) ownHost(proc int) int {
	if s.rules.Remote {
		return proc
	}
	return 0
}

// furnish makes a file of a setup.
func (s *State) furnish(e sys.Entry) sys.Errno {
	p, errno := s.walk(e.Name, false)
	if errno == 0 {
		errno = p.mayMake(e.Kind)
	}
	if errno != 0 {
		return errno
	}
	if e.Link == "" {
		s.inodes[s.create(p.dir, p.last, e.Kind, 0)].data = e.Content
		return 0
	}
	to := s.Named(e.Link)
	if to == NoFile || s.inodes[to].kind == sys.Directory {
		return sys.ENOENT
	}
	s.addName(p.dir, p.last, to, 0)
	return 0
}

// create makes a file and the name that leads to it.
func (s *State) create(dir int, text string, kind sys.Kind, now time.Duration) int {
	i := s.slot()
	s.inodes[i] = inode{ino: s.number(i), kind: kind, mtime: now, exists: true}
	s.addName(dir, text, i, now)
	return i
}

// slot returns the index of a new inode. With ReuseInodes index and number go
// together, so the lowest free index is the lowest free number.
func (s *State) slot() int {
	if s.rules.ReuseInodes {
		for i := range s.inodes {
			if !s.inodes[i].exists {
				return i
			}
		}
	}
	s.inodes = append(s.inodes, inode{})
	return len(s.inodes) - 1
}

func (s *State) number(i int) sys.Ino {
	if before := s.inodes[i].ino; before.Num != 0 {
		return sys.Ino{Num: before.Num, Gen: before.Gen + 1}
	}
	return sys.Ino{Num: uint16(i)}
}

func (s *State) addName(dir int, text string, i int, now time.Duration) {
	s.names = append(s.names, name{dir: dir, text: text, ino: i})
	s.inodes[i].nlink++
	s.inodes[dir].mtime = now
}

// dropName removes a directory entry, and the file with its last one.
func (s *State) dropName(at int, now time.Duration) {
	n := s.names[at]
	s.names = slices.Delete(s.names, at, at+1)
	s.inodes[n.dir].mtime = now
	s.inodes[n.ino].nlink--
	s.free(n.ino)
}

func (s *State) free(i int) {
	in := &s.inodes[i]
	in.exists = in.nlink > 0 || in.opens > 0
}

// entry returns the index of a name in a directory, or -1.
func (s *State) entry(dir int, text string) int {
	for i, n := range s.names {
		if n.dir == dir && n.text == text {
			return i
		}
	}
	return -1
}
