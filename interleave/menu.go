package interleave

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An Option is one thing that could happen next.
type Option struct {
	Env    trial.Env
	Thread int           // of a thread's step: its number in the run, else -1
	Fault  sys.Errno     // the environment makes the thread's call fail
	Proc   int           // of Kill, Pause, Resume
	Dur    time.Duration // of Time, Jump and Wall
}

// A Menu is what could happen next. The first Threads options let one thread
// go on; the thread that took the last step comes first among them if it is
// there (Same), the others in the order of their start. The environment's
// options follow. A menu is valid until the next choice.
type Menu struct {
	Options []Option
	Threads int
	Same    bool
	First   bool // no thread has taken a step yet
	Step    int  // steps taken so far

	run *run
}

// Thread returns the name of the option's thread.
func (m *Menu) Thread(i int) string { return m.run.threads[m.Options[i].Thread].name }

// TID returns the option's thread as the kernel knows it.
func (m *Menu) TID(i int) sys.TID { return m.run.threads[m.Options[i].Thread].id }

// Call returns the call that the option's thread announced.
func (m *Menu) Call(i int) sys.Call { return m.run.threads[m.Options[i].Thread].call }

// Client returns the index of the client that the option's thread belongs to.
func (m *Menu) Client(i int) int { return m.run.threads[m.Options[i].Thread].client }

// Head returns the option as a schedule would show it, without an answer.
func (m *Menu) Head(i int) string { return m.run.step(m.Options[i]).Head() }

// Switches reports whether taking the option is a switch.
func (m *Menu) Switches(i int) bool {
	return i < m.Threads && !m.First && !(i == 0 && m.Same)
}

// menu fills the run's menu anew.
func (r *run) menu() *Menu {
	m := &r.offered
	m.Options, m.Same, m.First, m.Step = m.Options[:0], false, r.last < 0, len(r.out.Steps)
	if r.last >= 0 && r.enabled(r.threads[r.last]) {
		m.Options = append(m.Options, Option{Thread: r.last})
		m.Same = true
	}
	for i, t := range r.threads {
		if i != r.last && r.enabled(t) {
			m.Options = append(m.Options, Option{Thread: i})
		}
	}
	m.Threads = len(m.Options)
	if next, ok := r.nextDeadline(); ok && m.Threads == 0 {
		m.Options = append(m.Options, Option{Env: trial.Time, Thread: -1, Dur: next})
	}
	r.faults(m)
	return m
}

// enabled reports whether the thread's call could be carried out now.
func (r *run) enabled(t *thread) bool {
	if t.state != waiting || r.stopped(t) {
		return false
	}
	switch t.call.Op {
	case sys.OpSleep, sys.OpCancelled:
		at, _ := t.deadline()
		return int64(r.now.Mono) >= at || t.cancelled && t.call.Op == sys.OpCancelled
	case sys.OpJoin:
		other := r.sibling(t, t.call.N)
		return other == nil || other.state != waiting
	case sys.OpGo, sys.OpCancel, sys.OpInside:
		return true
	}
	return r.kernel.Ready(t.id, t.call)
}

// stopped reports whether the thread is held back: its process is paused, or
// another client runs alone; who was forked is no part of that.
func (r *run) stopped(t *thread) bool {
	return r.paused[t.id.Proc] || r.only >= 0 && (t.client != r.only || int(t.id.Proc) != r.trial.Clients[r.only].Proc)
}

// nextDeadline returns how far ahead the next instant is at which a call that
// lasts is over. Who is stopped waits for nothing.
func (r *run) nextDeadline() (time.Duration, bool) {
	found, nearest := false, time.Duration(0)
	for _, t := range r.threads {
		at, ok := t.deadline()
		ahead := time.Duration(at) - r.now.Mono
		if ok && ahead > 0 && !r.stopped(t) && (!found || ahead < nearest) {
			found, nearest = true, ahead
		}
	}
	return nearest, found
}

// faults offers what the budget still allows.
func (r *run) faults(m *Menu) {
	for p, paused := range r.paused {
		if paused {
			m.Options = append(m.Options, Option{Env: trial.Resume, Thread: -1, Proc: p})
		}
	}
	if r.left == (trial.Budget{}) {
		return
	}
	r.procFaults(m)
	if r.left.Jumps > 0 {
		for _, d := range r.jumps() {
			m.Options = append(m.Options, Option{Env: trial.Jump, Thread: -1, Dur: d})
		}
	}
	if old := r.trial.Config.Stale; r.left.Walls > 0 && old > 0 {
		m.Options = append(m.Options, Option{Env: trial.Wall, Thread: -1, Dur: old}) // no wait is over sooner by it
	}
	if r.left.Unlinks > 0 && r.removable(trial.Path) {
		m.Options = append(m.Options, Option{Env: trial.Unlinked, Thread: -1})
	}
	if r.left.Errors > 0 {
		r.callFaults(m)
	}
}

// callFaults offers to make calls fail: any that could be carried out now, and
// to interrupt those that wait.
func (r *run) callFaults(m *Menu) {
	for _, o := range m.Options[:m.Threads] {
		for _, e := range trial.Faults(r.threads[o.Thread].call) {
			m.Options = append(m.Options, Option{Thread: o.Thread, Fault: e})
		}
	}
	for i, t := range r.threads {
		if t.state == waiting && !r.stopped(t) && !r.enabled(t) && slices.Contains(trial.Faults(t.call), sys.EINTR) {
			m.Options = append(m.Options, Option{Thread: i, Fault: sys.EINTR})
		}
	}
}

// procFaults offers to kill and to pause each process that has something to do.
func (r *run) procFaults(m *Menu) {
	for p, paused := range r.paused {
		if !r.busy(p) {
			continue
		}
		if r.left.Kills > 0 {
			m.Options = append(m.Options, Option{Env: trial.Kill, Thread: -1, Proc: p})
		}
		if r.left.Pauses > 0 && !paused {
			m.Options = append(m.Options, Option{Env: trial.Pause, Thread: -1, Proc: p})
		}
	}
}

// jumps returns the distances that a clock may jump: to the next instant at
// which somebody's wait is over, and past the age at which the lock calls a
// file old. Only the order of instants matters, so these are all there are.
func (r *run) jumps() []time.Duration {
	var ahead []time.Duration
	if next, ok := r.nextDeadline(); ok {
		ahead = append(ahead, next)
	}
	if old := r.trial.Config.Stale; old > 0 && (len(ahead) == 0 || ahead[0] != old) {
		ahead = append(ahead, old)
	}
	return ahead
}

// busy reports whether the process has a thread that has not ended.
func (r *run) busy(p int) bool {
	for _, t := range r.threads {
		if int(t.id.Proc) == p && t.state == waiting {
			return true
		}
	}
	return false
}

// removable reports whether unlink(2) would remove what is there: any file but a
// directory.
func (r *run) removable(path string) bool {
	ret, err := r.kernel.Do(sys.Outside, sys.Call{Op: sys.OpLstat, Path: path, At: r.now})
	return err == nil && ret.Err == 0 && ret.Stat.Kind != sys.Directory
}
