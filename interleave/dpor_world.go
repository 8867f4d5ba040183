package interleave

import (
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A world is what the steps of a run have told so far about what leads where.
// It is needed to say what a step touched, for a call's answer does not tell
// everything: unlink does not say which inode lost a name.
//
// What it knows of an object comes from steps that conflict with all that
// change that object, so runs of one trace agree on it.
type world struct {
	reuse   bool // a freed inode's number is given out again
	fds     map[descriptor]sys.Ino
	held    locks              // flocks, in no order
	names   map[string]sys.Ino // all there are, until tangled
	made    map[sys.Ino]bool   // inodes that somebody has met
	records map[int]bool       // processes that have set record locks
	asked   map[sys.TID]bool   // threads that were told to wait for a record lock
	tangled bool               // paths may lead through symbolic links, or to names not kept
	strange bool               // a call was made of which nothing is known
}

// A descriptor is a number in a process.
type descriptor struct{ proc, fd int }

// locks are flocks. The slice is never changed, so that it can be kept.
type locks []flocked

// A flocked is a descriptor whose open file description has a lock.
type flocked struct {
	by   descriptor
	ino  sys.Ino
	mode int // sys.LOCK_SH or sys.LOCK_EX
}

func newWorld(t *trial.Trial, reuse bool) *world {
	w := &world{
		reuse: reuse, fds: map[descriptor]sys.Ino{}, names: map[string]sys.Ino{}, made: map[sys.Ino]bool{},
		records: map[int]bool{}, asked: map[sys.TID]bool{},
	}
	// A machine makes the files of the start in their order and numbers inodes
	// in the order of their creation.
	for i, e := range t.Start {
		ino := sys.Ino{Num: uint16(i + 1)}
		w.names[e.Name], w.made[ino] = ino, true
	}
	return w
}

// reuses reports whether the machine may give out numbers of inodes again. Of
// tmpfs it is known that it does not.
func reuses(m sys.Machine) bool { return m.Profile() != "tmpfs" }

// of returns the lock that the descriptor has, 0 for none.
func (l locks) of(d descriptor) int {
	for _, f := range l {
		if f.by == d {
			return f.mode
		}
	}
	return 0
}

// set returns the locks with d's changed.
func (l locks) set(d descriptor, ino sys.Ino, mode int) locks {
	after := make(locks, 0, len(l)+1)
	for _, f := range l {
		if f.by != d {
			after = append(after, f)
		}
	}
	if mode != 0 {
		after = append(after, flocked{d, ino, mode})
	}
	return after
}

// block reports whether they stand in the way of d's lock in that mode.
func (l locks) block(d descriptor, ino sys.Ino, mode int) bool {
	return slices.ContainsFunc(l, func(f flocked) bool {
		return f.by != d && f.ino == ino && (mode == sys.LOCK_EX || f.mode == sys.LOCK_EX)
	})
}

// last reports whether no other descriptor is known to lead to d's inode.
func (w *world) last(d descriptor) bool {
	for other, ino := range w.fds {
		if other != d && ino == w.fds[d] {
			return false
		}
	}
	return true
}

// known reports whether the path is of the kind whose elements all lead where
// they say: relative, without dots and empty elements.
func (w *world) known(path string) bool {
	if w.tangled {
		return false
	}
	for e := range strings.SplitSeq(path, "/") {
		if e == "" || e == "." || e == ".." {
			return false
		}
	}
	return true
}

// parent returns the path of the directory that the known path's end is in. It
// is false for the trial's own: what shows of that is reached by unknown paths.
func parent(path string) (string, bool) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], i > 0
}
