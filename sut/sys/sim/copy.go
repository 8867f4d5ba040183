package sim

// CopyFrom makes s equal to the other state. What memory s has is used again,
// so that a search copies states without allocating.
func (s *State) CopyFrom(other *State) {
	s.rules, s.skew = other.rules, other.skew
	s.names = append(s.names[:0], other.names...)
	s.inodes = append(s.inodes[:0], other.inodes...)
	s.files = append(s.files[:0], other.files...)
	s.records = append(s.records[:0], other.records...)
	s.waiters = append(s.waiters[:0], other.waiters...)
	s.hidden = append(s.hidden[:0], other.hidden...)
	s.looked = append(s.looked[:0], other.looked...)
	s.setProcs(len(other.procs))
	for i := range other.procs {
		fds := append(s.procs[i].fds[:0], other.procs[i].fds...)
		cells := append(s.procs[i].cells[:0], other.procs[i].cells...)
		s.procs[i] = other.procs[i]
		s.procs[i].fds, s.procs[i].cells = fds, cells
	}
}

// setProcs makes room for n processes and keeps the memory of those that are
// there.
func (s *State) setProcs(n int) {
	for len(s.procs) < n {
		if len(s.procs) < cap(s.procs) {
			s.procs = s.procs[:len(s.procs)+1]
		} else {
			s.procs = append(s.procs, proc{})
		}
	}
	s.procs = s.procs[:n]
}
