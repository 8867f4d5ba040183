package explore

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An option is a step that could be taken. The options of a state are those of
// interleave.Menu; that both offer the same is tested.
type option struct {
	env   trial.Env
	at    place         // of a thread's step; of the environment's on a process, that
	fault sys.Errno     // the environment makes the thread's call fail
	dur   time.Duration // of Time, Jump and Wall
}

// onProcess reports whether the step is a process's or done to one.
func (o option) onProcess() bool {
	switch o.env {
	case trial.None, trial.Kill, trial.Pause, trial.Resume:
		return true
	}
	return false
}

// options appends what could happen next: nothing where every client is done.
func (w *walker) options(s *state, all []option) []option {
	if w.finished(s) {
		return all
	}
	for p := range s.procs {
		for t := range s.procs[p].threads {
			if p != w.probe && w.enabled(s, p, t) {
				all = append(all, option{at: place{int8(p), int8(t)}})
			}
		}
	}
	threads := len(all)
	if threads == 0 {
		if next, ok := w.nextDeadline(s); ok {
			all = append(all, option{env: trial.Time, dur: next})
		}
	}
	for p := range s.procs {
		if s.procs[p].paused {
			all = append(all, option{env: trial.Resume, at: place{proc: int8(p)}})
		}
	}
	if s.left == (trial.Budget{}) {
		return all
	}
	return w.faults(s, threads, all)
}

// finished reports whether every client's own thread has ended.
func (w *walker) finished(s *state) bool {
	for p := range s.procs {
		for t := range w.clients[p] {
			if p != w.probe && s.procs[p].threads[t].status == waiting {
				return false
			}
		}
	}
	return true
}

// enabled reports whether the thread's call could be carried out now.
func (w *walker) enabled(s *state, p, t int) bool {
	th := &s.procs[p].threads[t]
	if th.status != waiting || s.procs[p].paused {
		return false
	}
	switch th.at.call.Op {
	case sys.OpSleep, sys.OpCancelled:
		ahead, _ := s.deadline(th)
		return ahead <= 0 || th.cancelled && th.at.call.Op == sys.OpCancelled
	case sys.OpJoin:
		n := s.call(th).N
		return int(n) >= len(s.procs[p].threads) || s.procs[p].threads[n].status != waiting
	case sys.OpGo, sys.OpCancel, sys.OpInside:
		return true
	}
	return s.kernel.Ready(sys.TID{Proc: uint8(p), Thread: uint8(t)}, s.call(th))
}

// nextDeadline returns how far ahead the next instant is at which a call that
// lasts is over.
func (w *walker) nextDeadline(s *state) (nearest time.Duration, found bool) {
	for p := range s.procs {
		for t := range s.procs[p].threads {
			ahead, ok := s.deadline(&s.procs[p].threads[t])
			if ok && ahead > 0 && !s.procs[p].paused && (!found || ahead < nearest) {
				found, nearest = true, ahead
			}
		}
	}
	return nearest, found
}

// faults appends what the budget still allows; the first threads options are
// those of threads.
func (w *walker) faults(s *state, threads int, all []option) []option {
	for p := range s.procs {
		if !s.busy(p) || p == w.probe {
			continue
		}
		if s.left.Kills > 0 {
			all = append(all, option{env: trial.Kill, at: place{proc: int8(p)}})
		}
		if s.left.Pauses > 0 && !s.procs[p].paused {
			all = append(all, option{env: trial.Pause, at: place{proc: int8(p)}})
		}
	}
	if s.left.Jumps > 0 {
		next, ok := w.nextDeadline(s)
		if ok {
			all = append(all, option{env: trial.Jump, dur: next})
		}
		if old := w.stale; old > 0 && (!ok || next != old) {
			all = append(all, option{env: trial.Jump, dur: old})
		}
	}
	if s.left.Walls > 0 && w.stale > 0 {
		all = append(all, option{env: trial.Wall, dur: w.stale})
	}
	if s.left.Unlinks > 0 && s.removable(trial.Path) {
		all = append(all, option{env: trial.Unlinked})
	}
	if s.left.Errors > 0 {
		all = w.callFaults(s, threads, all)
	}
	return all
}

// callFaults appends calls that the environment makes fail: any that could be
// carried out now, and those that wait, which it interrupts.
func (w *walker) callFaults(s *state, threads int, all []option) []option {
	for _, o := range all[:threads] {
		for _, e := range trial.Faults(s.thread(o.at).at.call) {
			all = append(all, option{at: o.at, fault: e})
		}
	}
	for p := range s.procs {
		for t := range s.procs[p].threads {
			th := &s.procs[p].threads[t]
			if p != w.probe && th.status == waiting && !s.procs[p].paused && !w.enabled(s, p, t) &&
				slices.Contains(trial.Faults(th.at.call), sys.EINTR) {
				all = append(all, option{at: place{int8(p), int8(t)}, fault: sys.EINTR})
			}
		}
	}
	return all
}

// switches reports whether the option is a switch: a step of another thread than
// the one that took the last.
func (s *state) switches(o option) bool {
	return o.env == trial.None && s.last != nobody && s.last != o.at
}

// busy reports whether the process has a thread that has not ended.
func (s *state) busy(p int) bool {
	for t := range s.procs[p].threads {
		if s.procs[p].threads[t].status == waiting {
			return true
		}
	}
	return false
}

func (s *state) thread(at place) *thread { return &s.procs[at.proc].threads[at.thread] }
