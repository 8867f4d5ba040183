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
// later time: their ages are counted to now.
func (s *State) Entries(now time.Duration) []sys.Entry {
	names := slices.Clone(s.names)
	// What was moved into a directory may have been there before it.
	slices.SortStableFunc(names, func(a, b name) int {
		return strings.Count(s.pathOf(a), "/") - strings.Count(s.pathOf(b), "/")
	})
	var entries []sys.Entry
	first := map[int]string{} // of each file, the name that was met first
	for _, n := range names {
		in := s.inodes[n.ino]
		e := sys.Entry{Name: s.pathOf(n), Content: in.data, Age: now - in.mtime, Kind: in.kind}
		if other, met := first[n.ino]; met {
			e.Link, e.Content = other, ""
		} else {
			first[n.ino] = e.Name
		}
		entries = append(entries, e)
	}
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
// what each process has open and locked, and keeps in memory.
func (s *State) String() string {
	var b strings.Builder
	for _, n := range s.names {
		fmt.Fprintf(&b, "%s -> %s\n", s.pathOf(n), s.statOf(n.ino))
	}
	for _, h := range s.hidden {
		fmt.Fprintf(&b, "(.nfs of p%d) -> %s\n", h.host, s.statOf(h.inode))
	}
	for _, in := range s.inodes[1:] {
		if in.exists && in.nlink == 0 {
			fmt.Fprintf(&b, "(unlinked) -> %s\n", in.ino)
		}
	}
	for i, p := range s.procs {
		if p.unborn {
			continue
		}
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
	for i, p := range s.procs {
		for _, c := range p.cells {
			fmt.Fprintf(&b, "p%d %s\n", i, c)
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
