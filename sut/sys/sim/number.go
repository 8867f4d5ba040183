package sim

import "slices"

// number decides which inodes and descriptions are written, and as which
// number.
func (f *Form) number(s *State) {
	f.Inode = resized(f.Inode, len(s.inodes))
	f.file = resized(f.file, len(s.files))
	f.inodes, f.files = f.inodes[:0], f.files[:0]
	f.entries = s.sortedNames(f.entries[:0])
	if f.Numbers {
		f.keepNumbers(s)
	} else {
		f.meetInode(root)
		for _, e := range f.entries {
			f.meetInode(s.names[e].ino)
		}
	}
	for _, p := range f.Order {
		for _, d := range s.procs[p].fds {
			if fd := d.file; fd != closed && f.file[fd] < 0 {
				f.file[fd] = len(f.files)
				f.files = append(f.files, fd)
				f.meetInode(s.files[fd].inode)
			}
		}
	}
}

func resized(numbers []int, n int) []int {
	numbers = numbers[:0]
	for range n {
		numbers = append(numbers, -1)
	}
	return numbers
}

func (f *Form) meetInode(i int) {
	if f.Inode[i] < 0 {
		f.Inode[i] = len(f.inodes)
		f.inodes = append(f.inodes, i)
	}
}

// keepNumbers keeps the inodes in their order: those that exist, those that are
// remembered and, where numbers are used again, the free ones below them.
func (f *Form) keepNumbers(s *State) {
	last := 0
	for i := range s.inodes {
		if f.matters(s, i) {
			last = i
		}
	}
	for i := range last + 1 {
		if s.rules.ReuseInodes || f.matters(s, i) {
			f.meetInode(i)
		}
	}
}

func (f *Form) matters(s *State, i int) bool {
	return s.inodes[i].exists || slices.Contains(f.Remembered, i)
}

// sortedNames returns the directory entries by directory and text. There are
// few, so they are inserted one after the other.
func (s *State) sortedNames(order []int) []int {
	for e := range s.names {
		order = append(order, e)
		for i := e; i > 0 && s.names[e].before(&s.names[order[i-1]]); i-- {
			order[i], order[i-1] = order[i-1], e
		}
	}
	return order
}

func (n *name) before(other *name) bool {
	if n.dir != other.dir {
		return n.dir < other.dir
	}
	return n.text < other.text
}
