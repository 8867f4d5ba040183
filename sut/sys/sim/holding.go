package sim

import "slices"

// NoFile is what no name leads to.
const NoFile = -1

// Named returns the file that the path leads to, no link at its end being
// followed, as a number that tells it from every other file of the state; or
// NoFile. Numbers are used again.
func (s *State) Named(path string) int {
	p, errno := s.walk(path, false)
	if errno != 0 || p.at < 0 {
		return NoFile
	}
	return p.at
}

// Locks reports whether the process has a lock of the kernel's on the file, or
// on any where that is NoFile: a flock or a record lock of one of its
// descriptors, or a record lock of its own.
func (s *State) Locks(proc, file int) bool {
	for _, fd := range s.procs[proc].fds {
		if fd.file == closed {
			continue
		}
		d := &s.files[fd.file]
		if (file == NoFile || d.inode == file) && (d.lock != 0 || s.recordsOf(owner{ofd: true, id: fd.file}, d.inode)) {
			return true
		}
	}
	return s.recordsOf(owner{id: proc}, file)
}

// RecordLocks reports whether the process has a record lock of its own.
func (s *State) RecordLocks(proc int) bool { return s.recordsOf(owner{id: proc}, NoFile) }

// HasRecords reports whether the process has a record lock, or a descriptor of its
// has one.
func (s *State) HasRecords(proc int) bool {
	return len(s.records) > 0 && (s.RecordLocks(proc) || slices.ContainsFunc(s.procs[proc].fds, func(d descriptor) bool {
		return d.file != closed && s.recordsOf(owner{ofd: true, id: d.file}, NoFile)
	}))
}

func (s *State) recordsOf(o owner, file int) bool {
	for _, r := range s.records {
		if r.owner == o && (file == NoFile || r.inode == file) {
			return true
		}
	}
	return false
}

// Dead reports whether the process has ended.
func (s *State) Dead(proc int) bool { return s.procs[proc].dead }
