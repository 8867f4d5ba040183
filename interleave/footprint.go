package interleave

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A footprint is what a step touched: the objects that its outcome depended on,
// and those that it changed. It is taken from what the step did and not from
// what it asked for: an open that found its file has looked at a name, one that
// made it has written the name.
//
// Two steps of different threads commute if their footprints do not conflict:
// in either order both can be taken, answer the same, and leave the same behind
// (but for the numbers of inodes that both made). This must never be claimed
// wrongly; that steps conflict may be.
type footprint struct {
	everything bool // it conflicts with every step
	touches    []touch
}

// A touch is one object and what was done to it.
type touch struct {
	object object
	how    access
}

// An access is a way to touch an object. Touches of one way commute, but for
// those that write; of different ways they conflict.
type access uint8

const (
	see   access = iota // sees what it is
	share               // adds to it or takes from it, which no other that shares can tell
	write
)

// An object is something that steps have in common. The numbers and the name
// say which of its kind it is.
type object struct {
	kind objectKind
	x, y uint32
	name string
}

type objectKind uint8

const (
	// Of the file system.
	entryKind   objectKind = iota // what a path leads to
	listingKind                   // which entries a directory has, and so its mtime
	namesKind                     // all paths: looked at by steps that know theirs
	attrKind                      // an inode's content, size, mtime, links
	permKind                      // an inode's permissions
	flockKind                     // who has flocked an inode
	recordsKind                   // all record locks, and who waits for which
	refsKind                      // how many descriptors lead to an inode
	numbersKind                   // which inode numbers are free

	// Of a process.
	processKind     // whether it runs
	descriptorsKind // which of its descriptor numbers are free
	descriptorKind  // one descriptor: its offset, its lock
	threadsKind     // how many threads it has started
	endedKind       // whether a thread has ended
	cancelledKind   // whether a thread was told to stop
	cellKind        // a cell or a mutex in its memory

	// Of the whole run.
	clockKind
	claimsKind // see footprint.claim
	endingKind // whether all clients are done
)

func ofInode(k objectKind, i sys.Ino) object {
	return object{kind: k, x: uint32(i.Num), y: uint32(i.Gen)}
}

func ofPath(k objectKind, path string) object { return object{kind: k, name: path} }

func ofProcess(k objectKind, proc int) object { return object{kind: k, x: uint32(proc)} }

func ofThread(k objectKind, t sys.TID) object {
	return object{kind: k, x: uint32(t.Proc), y: uint32(t.Thread)}
}

func ofDescriptor(d descriptor) object {
	return object{kind: descriptorKind, x: uint32(d.proc), y: uint32(d.fd)}
}

func (f *footprint) touch(how access, o object) {
	if t := (touch{o, how}); !slices.Contains(f.touches, t) {
		f.touches = append(f.touches, t)
	}
}

func (f *footprint) looks(o object)  { f.touch(see, o) }
func (f *footprint) shares(o object) { f.touch(share, o) }
func (f *footprint) writes(o object) { f.touch(write, o) }

// conflicts reports whether the order of the two could matter.
func (f *footprint) conflicts(g *footprint) bool {
	if f.everything || g.everything {
		return true
	}
	for _, a := range f.touches {
		for _, b := range g.touches {
			if a.object == b.object && (a.how != b.how || a.how == write) {
				return true
			}
		}
	}
	return false
}

func (f *footprint) has(t touch) bool { return slices.Contains(f.touches, t) }

// covers reports whether whatever conflicts with g conflicts with f.
func (f *footprint) covers(g *footprint) bool {
	if f.everything || g.everything {
		return f.everything
	}
	return !slices.ContainsFunc(g.touches, func(t touch) bool {
		return !f.has(t) && !f.has(touch{t.object, write})
	})
}
