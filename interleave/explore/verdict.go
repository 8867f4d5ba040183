package explore

// violated reports whether two clients hold the lock, and one of them alone.
//
// That decides exclusion as package model does: an acquire makes its claim with
// its response, at the latest, and a release ends it with its invocation, at the
// earliest; the claims of a state are those that exist whatever was chosen
// between. A client's claim is a matter of where its thread stands, so the
// states need no more for it.
func (w *walker) violated(s *state) bool {
	owners, all := 0, 0
	for p := range s.procs {
		for t := range w.clients[p] {
			switch s.procs[p].threads[t].holds() {
			case sharing:
				all++
			case owning:
				all, owners = all+1, owners+1
			}
		}
	}
	return owners > 0 && all > 1
}
