package explore

import "fmt"

// spawn starts the thread that the edge's OpGo asked for.
func (w *walker) spawn(s *state, at place, e *path, fresh [3]int64) error {
	p, n := &s.procs[at.proc], int(fresh[0])
	if n >= maxThreads {
		return &Limit{fmt.Sprintf("a process has more than %d threads", maxThreads)}
	}
	if n == len(p.threads) {
		p.threads = append(p.threads, thread{})
	}
	t := &p.threads[n]
	*t = thread{client: s.thread(at).client}
	if err := t.move(e.child, e.starts, s.thread(at).values, fresh); err != nil {
		return err
	}
	return w.settle(s, place{at.proc, int8(n)})
}

// fork starts the one thread of the process that the edge's OpFork made.
func (w *walker) fork(s *state, at place, e *path, fresh [3]int64) error {
	n := int(fresh[0])
	if n >= len(s.procs) {
		return &Limit{"the lock's own code forks"}
	}
	p := &s.procs[n]
	p.threads = append(p.threads[:0], thread{})
	if err := p.threads[0].move(e.child, e.starts, s.thread(at).values, fresh); err != nil {
		return err
	}
	return w.settle(s, place{int8(n), 0})
}

// maxThreads is how many threads a process may have at a time.
const maxThreads = 16

// clear frees the places of threads that have ended and that nobody can join or
// cancel any more.
func (w *walker) clear(s *state, p int) {
	threads := s.procs[p].threads
	for n := w.clients[p]; n < len(threads); n++ {
		if threads[n].status == ended && !s.handled(p, n) {
			threads[n] = thread{}
		}
	}
	for len(threads) > w.clients[p] && threads[len(threads)-1].status == free {
		threads = threads[:len(threads)-1]
	}
	s.procs[p].threads = threads
}

// handled reports whether some thread of the process keeps a handle of thread n.
func (s *state) handled(p, n int) bool {
	for i := range s.procs[p].threads {
		t := &s.procs[p].threads[i]
		if t.status != waiting {
			continue
		}
		for k, kind := range t.at.kinds {
			if kind == handle && t.values[k] == int64(n) {
				return true
			}
		}
	}
	return false
}
