package explore

import "bytes"

// twin reports whether the process does, and has, the same as the one before
// it: what either does next leads to the same state. Their blocks lie side by
// side where a state was read from the store. Who has record locks is like nobody:
// it shows whose came first.
func (w *walker) twin(s *state, p int) bool {
	if p == 0 || !w.symmetry || w.class[p] != w.class[p-1] || s.kernel.Waiting() || s.kernel.HasRecords(p-1) || s.kernel.HasRecords(p) {
		return false
	}
	a, b := &s.procs[p-1], &s.procs[p]
	if a.paused != b.paused || len(a.threads) != len(b.threads) {
		return false
	}
	for i := range a.threads {
		if a.threads[i] != b.threads[i] {
			return false
		}
	}
	e := &w.enc
	e.form.Numbers = true // so that inodes are told apart by their numbers
	e.one = s.kernel.AppendProc(e.one[:0], p-1, &e.form)
	e.two = s.kernel.AppendProc(e.two[:0], p, &e.form)
	return bytes.Equal(e.one, e.two)
}

// once leaves out the options of twins: a process's stand for those of the
// processes behind it that are the same.
func (w *walker) once(s *state, all []option) []option {
	kept := all[:0]
	for _, o := range all {
		if !o.onProcess() || !w.twin(s, int(o.at.proc)) {
			kept = append(kept, o)
		}
	}
	return kept
}
