package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Machine makes kernels that follow its rules. It holds nothing.
type Machine struct{ Rules Rules }

// Boot implements sys.Machine.
func (m Machine) Boot(setup sys.Setup) (sys.Kernel, error) { return New(m.Rules, setup) }

// Profile implements sys.Machine.
func (m Machine) Profile() string { return m.Rules.Name }

// Close implements sys.Machine.
func (m Machine) Close() error { return nil }

// Entries returns the files that have a name, as a Setup would make them at a
// later time: their ages are counted to now and symbolic links are left out.
func (s *State) Entries(now time.Duration) []sys.Entry {
	var entries []sys.Entry
	for _, n := range s.names {
		in := s.inodes[n.ino]
		if in.kind == sys.Symlink {
			continue
		}
		entries = append(entries, sys.Entry{Name: s.pathOf(n), Content: in.data, Age: now - in.mtime, Kind: in.kind})
	}
	// What was moved into a directory may have been there before it.
	slices.SortStableFunc(entries, func(a, b sys.Entry) int {
		return strings.Count(a.Name, "/") - strings.Count(b.Name, "/")
	})
	return entries
}

func (s *State) pathOf(n name) string {
	if n.dir == root {
		return n.text
	}
	for _, up := range s.names {
		if up.ino == n.dir {
			return s.pathOf(up) + "/" + n.text
		}
	}
	return n.text
}

// Name returns the inode that a process's descriptor leads to.
func (s *State) Name(id sys.TID, fd int) (sys.Ino, bool) {
	f, errno := s.description(id, fd)
	if errno != 0 {
		return sys.Ino{}, false
	}
	return s.inodes[s.files[f].inode].ino, true
}

// String dumps the state: the names, the files that are open without one, and
// what each process has open and locked.
func (s *State) String() string {
	var b strings.Builder
	for _, n := range s.names {
		fmt.Fprintf(&b, "%s -> %s\n", s.pathOf(n), s.statOf(n.ino))
	}
	for _, in := range s.inodes[1:] {
		if in.exists && in.nlink == 0 {
			fmt.Fprintf(&b, "(unlinked) -> %s\n", in.ino)
		}
	}
	for i, p := range s.procs {
		if p.dead {
			fmt.Fprintf(&b, "p%d dead\n", i)
			continue
		}
		for fd, d := range p.fds {
			if f := d.file; f != closed {
				fmt.Fprintf(&b, "p%d %d<%s>%s\n", i, fd+firstFD, s.inodes[s.files[f].inode].ino, lockText(s.files[f].lock))
			}
		}
	}
	for _, r := range s.records {
		fmt.Fprintf(&b, "%s %s\n", s.inodes[r.inode].ino, r.text())
	}
	for _, w := range s.waiters {
		fmt.Fprintf(&b, "p%d waits for %s %s\n", w.thread.Proc, s.inodes[w.asks.inode].ino, w.asks.text())
	}
	return b.String()
}

func lockText(mode int) string {
	return map[int]string{0: "", sys.LOCK_SH: " LOCK_SH", sys.LOCK_EX: " LOCK_EX"}[mode]
}

// A Recorder is a machine that keeps the kernel it booted last, so that its
// state can be looked at when the trial is over.
type Recorder struct {
	Machine
	State *State
}

// Boot implements sys.Machine.
func (r *Recorder) Boot(setup sys.Setup) (sys.Kernel, error) {
	s, err := New(r.Rules, setup)
	r.State = s
	return s, err
}
