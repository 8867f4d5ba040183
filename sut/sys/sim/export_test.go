package sim

// Looked returns how many threads are to create what they did not find.
func Looked(s *State) int { return len(s.looked) }
