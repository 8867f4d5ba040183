package explore

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// An encoder writes states in canonical form: of the states that differ only in
// what no lock code can notice, in the names of processes that do the same, or
// in how long ago something was, all are written alike.
type encoder struct {
	form   sim.Form
	blocks [][]byte // of each process: what its kernel has, and its threads
	cut    []int    // where in each block the threads begin
	order  []int    // the processes in the order in which they are written
	buffer []byte

	one, two []byte // see twin
}

// encode returns the state's canonical form, which is valid until the next. The
// order of the processes in it is left in w.enc.order.
func (w *walker) encode(s *state) []byte {
	e := &w.enc
	e.form.Now, e.form.Directories = s.now.Wall, w.auto.directories
	e.form.Oldest, e.form.Numbers = 0, false
	for p := range s.procs {
		for t := range s.procs[p].threads {
			if s.procs[p].threads[t].status == waiting {
				w.looksAhead(s, p, t)
			}
		}
	}
	w.remembered(s)
	w.rank(s)
	w.writeBlocks(s)
	w.sort()
	e.form.Order = e.order
	b := w.appendLeft(e.buffer[:0], s)
	b = s.kernel.Append(b, &e.form)
	for _, p := range e.order {
		if e.form.Renumbers(&s.kernel) {
			b = w.appendProcess(b, s, p, e.form.Inode)
		} else {
			b = append(b, e.blocks[p][e.cut[p]:]...)
		}
	}
	if w.lastCounts {
		b = w.appendLast(b, s)
	}
	e.buffer = b
	return b
}

// looksAhead tells the kernel's form what some way of the thread's will look at,
// in this segment of its workload or in a later one.
func (w *walker) looksAhead(s *state, p, t int) {
	th := &s.procs[p].threads[t]
	w.looksAt(th.at)
	if t < w.clients[p] {
		for _, later := range w.plans[p][t][th.segment+1:] {
			w.looksAt(later)
		}
	}
}

func (w *walker) looksAt(at *spot) {
	f := &w.enc.form
	f.Numbers = f.Numbers || at.numbers
	if at.ages {
		f.Oldest = w.auto.oldest
	}
}

// remembered tells the kernel's form which inode numbers threads still have.
func (w *walker) remembered(s *state) {
	f := &w.enc.form
	f.Remembered = f.Remembered[:0]
	if !f.Numbers {
		return
	}
	for p := range s.procs {
		for i := range s.procs[p].threads {
			t := &s.procs[p].threads[i]
			for k, kind := range t.kept() {
				if kind == inode {
					f.Remembered = append(f.Remembered, int(t.values[k]))
				}
			}
		}
	}
}

// rank puts the ages in order that are beyond what the lock code asks about,
// where it asks whether times are equal.
func (w *walker) rank(s *state) {
	f := &w.enc.form
	f.Ranks = f.Ranks[:0]
	if !w.auto.sames {
		return
	}
	if f.Oldest > 0 {
		f.Ranks = s.kernel.AppendAges(f.Ranks, f)
	}
	for p := range s.procs {
		for i := range s.procs[p].threads {
			t := &s.procs[p].threads[i]
			for k, kind := range t.kept() {
				if kind == instant {
					f.Ranks = append(f.Ranks, s.now.Wall-time.Duration(t.values[k]))
				}
			}
		}
	}
	f.Ranks = slices.DeleteFunc(f.Ranks, func(age time.Duration) bool { return age < w.auto.oldest })
	slices.Sort(f.Ranks)
	f.Ranks = slices.Compact(f.Ranks)
}

// kept returns the kinds of the values that the thread has.
func (t *thread) kept() []kind {
	if t.status != waiting {
		return nil
	}
	return t.at.kinds
}

// writeBlocks writes what belongs to each process, as it is before anything is
// renamed.
func (w *walker) writeBlocks(s *state) {
	e := &w.enc
	for len(e.blocks) < len(s.procs) {
		e.blocks, e.cut = append(e.blocks, nil), append(e.cut, 0)
	}
	for p := range s.procs {
		b := s.kernel.AppendProc(e.blocks[p][:0], p, &e.form)
		e.cut[p] = len(b)
		e.blocks[p] = w.appendProcess(b, s, p, nil)
	}
}

// sort puts the processes that do the same in the order of their blocks: any of
// their permutations is the same state.
func (w *walker) sort() {
	e := &w.enc
	e.order = e.order[:0]
	for p := range w.clients {
		e.order = append(e.order, p)
	}
	if !w.symmetry {
		return
	}
	for i := 1; i < len(e.order); i++ {
		for j := i; j > 0 && w.class[j] == w.class[j-1] && bytes.Compare(e.blocks[e.order[j]], e.blocks[e.order[j-1]]) < 0; j-- {
			e.order[j], e.order[j-1] = e.order[j-1], e.order[j]
		}
	}
}

// appendLeft writes what is left of the budget: the kinds that there are.
func (w *walker) appendLeft(b []byte, s *state) []byte {
	for _, n := range w.budgeted {
		b = append(b, byte(*n(&s.left)))
	}
	if w.monitor != nil {
		b = append(b, flag(s.broken))
		b = binary.AppendUvarint(b, uint64(s.tally))
	}
	return b
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// appendProcess writes a process's threads; inodes have these numbers, or their
// own where there are none.
func (w *walker) appendProcess(b []byte, s *state, p int, inodes []int) []byte {
	proc := &s.procs[p]
	head := byte(len(proc.threads)) << 1
	if proc.paused {
		head |= 1
	}
	b = append(b, head)
	for i := range proc.threads {
		b = w.appendThread(b, s, &proc.threads[i], inodes)
		if i < w.clients[p] && len(w.plans[p][i]) > 1 {
			b = append(b, byte(proc.threads[i].segment))
		}
		if w.clients[p] > 1 {
			b = append(b, byte(proc.threads[i].client))
		}
	}
	return b
}

func (w *walker) appendThread(b []byte, s *state, t *thread, inodes []int) []byte {
	head := byte(t.status)
	if t.cancelled {
		head |= 1 << 2
	}
	if t.asked {
		head |= 1 << 3
	}
	if t.invoked {
		head |= 1 << 4
	}
	b = append(b, head)
	if t.status == free {
		return b
	}
	b = binary.AppendUvarint(b, uint64(t.at.id))
	if w.monitor != nil {
		b = binary.AppendUvarint(b, uint64(t.note))
	}
	if w.timed() && t.pending() {
		b = binary.AppendUvarint(b, uint64(min(s.now.Mono-t.since, w.monitor.(*patience).most)))
	}
	if ahead, ok := s.deadline(t); ok {
		b = binary.AppendUvarint(b, uint64(max(0, ahead)))
	}
	for k, kind := range t.kept() {
		b = w.appendValue(b, s, kind, t.values[k], inodes)
	}
	return b
}

func (w *walker) appendValue(b []byte, s *state, k kind, value int64, inodes []int) []byte {
	switch k {
	case instant:
		return w.enc.form.AppendAge(b, s.now.Wall-time.Duration(value), w.auto.oldest)
	case deadline:
		return binary.AppendUvarint(b, uint64(max(0, value-int64(s.now.Mono))))
	case inode:
		if inodes != nil {
			value = int64(inodes[value])
		}
	}
	return binary.AppendUvarint(b, uint64(value))
}

// appendLast writes who took the last step, by the place that it has now.
func (w *walker) appendLast(b []byte, s *state) []byte {
	if s.last == nobody {
		return append(b, 0)
	}
	at := slices.Index(w.enc.order, int(s.last.proc))
	return append(b, byte(1+at*maxThreads+int(s.last.thread)))
}
