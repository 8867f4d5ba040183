package explore

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// take makes the option happen to s.
func (w *walker) take(s *state, o option) error {
	w.answers, w.old = w.answers[:0], false
	switch o.env {
	case trial.None:
		return w.takeThread(s, o)
	case trial.Time, trial.Jump:
		s.now = s.now.Add(o.dur)
	case trial.Wall:
		s.now.Wall += o.dur
	case trial.Pause:
		s.procs[o.at.proc].paused = true
	case trial.Resume:
		s.procs[o.at.proc].paused = false
	case trial.Kill:
		return w.kill(s, int(o.at.proc))
	case trial.Unlinked:
		if err := w.outside(s, sys.Call{Op: sys.OpUnlink, Path: trial.Path}); err != nil {
			return err
		}
		if m, ok := w.monitor.(ownership); ok {
			m.forget(w, s)
		}
	}
	s.left.Spend(trial.Step{Env: o.env})
	return nil
}

// outside carries out a call of the environment's, which must succeed.
func (w *walker) outside(s *state, c sys.Call) error {
	c.At = s.now
	r, err := s.kernel.Do(sys.Outside, c)
	if err == nil && r.Err != 0 {
		err = fmt.Errorf("the environment's %s: %w", c, r.Err)
	}
	return err
}

func (w *walker) kill(s *state, p int) error {
	if m, ok := w.monitor.(phantom); ok {
		m.killed(w, s, p)
	}
	s.left.Kills--
	s.procs[p].paused = false
	for t := range s.procs[p].threads {
		s.procs[p].threads[t] = thread{at: w.auto.gone[nothing], status: ended}
	}
	s.procs[p].threads = s.procs[p].threads[:w.clients[p]]
	return w.outside(s, sys.Call{Op: sys.OpKill, N: int64(p)})
}

// takeThread lets a thread take its step.
func (w *walker) takeThread(s *state, o option) error {
	s.last = o.at
	if w.monitor == nil {
		return w.carryOut(s, o)
	}
	if err := w.monitor.before(w, s, o.at); err != nil {
		return err
	}
	t := s.thread(o.at)
	t.invoked = t.invoked || t.at.begins || t.at.busy
	note := t.note // what the client's next segment is begun without
	if err := w.carryOut(s, o); err != nil {
		return err
	}
	// The process may have fewer threads now, but never those of its clients.
	if own := int(o.at.thread) < w.clients[o.at.proc]; own && len(w.answers) > 0 {
		s.thread(o.at).invoked = false
	}
	return w.monitor.after(w, s, o.at, note)
}

// carryOut carries out the thread's call and lets the thread go on.
func (w *walker) carryOut(s *state, o option) error {
	t := s.thread(o.at)
	c := s.call(t)
	r := sys.Ret{Err: o.fault, Fault: o.fault != 0}
	if o.fault != 0 {
		s.left.Errors--
	}
	if trial.Interrupts(c, o.fault) {
		if _, err := w.answer(s, o.at, sys.Call{Op: sys.OpInterrupt, At: s.now}); err != nil {
			return err
		}
	}
	if o.fault == 0 || c.Op == sys.OpClose {
		answer, err := w.answer(s, o.at, c)
		if err != nil {
			return err
		}
		if o.fault == 0 {
			r = answer
		}
	}
	if r.Wait {
		t.asked = t.at.claim != nothing || w.monitor != nil && t.at.begins // else it says nothing new
		return nil
	}
	w.old = c.Op == sys.OpOlder && r.Yes()
	return w.goOn(s, o.at, r)
}

// answer carries out a call: those of threads here, the rest in the kernel.
func (w *walker) answer(s *state, at place, c sys.Call) (sys.Ret, error) {
	switch c.Op {
	case sys.OpInside, sys.OpSleep, sys.OpJoin:
		return sys.OK(), nil
	case sys.OpCancelled:
		return sys.Bool(s.thread(at).cancelled), nil
	case sys.OpCancel:
		if threads := s.procs[at.proc].threads; int(c.N) < len(threads) {
			threads[c.N].cancelled = true
		}
		return sys.OK(), nil
	case sys.OpGo:
		return sys.Ret{N: int64(w.room(s, int(at.proc)))}, nil
	}
	r, err := s.inKernel(sys.TID{Proc: uint8(at.proc), Thread: uint8(at.thread)}, c)
	if err == nil && r.Err == 0 && (c.Op == sys.OpExec || c.Op == sys.OpDaemon || c.Op == sys.OpExit) {
		w.endOthers(s, at)
	}
	return r, err
}

// endOthers ends the other threads of the process.
func (w *walker) endOthers(s *state, at place) {
	for t := range s.procs[at.proc].threads {
		if th := &s.procs[at.proc].threads[t]; t != int(at.thread) && th.status == waiting {
			*th = thread{at: w.auto.gone[nothing], status: ended, client: th.client, segment: th.segment}
		}
	}
}

// inKernel carries out a thread's call in the kernel, which must have room for
// what comes of it. (What the environment calls only makes room.)
func (s *state) inKernel(id sys.TID, c sys.Call) (sys.Ret, error) {
	r, err := s.kernel.Do(id, c)
	if err != nil {
		return r, &Limit{err.Error()}
	}
	return r, s.fits()
}

// fits returns a [Limit] if the state cannot be written.
func (s *state) fits() error {
	if s.kernel.Fits() {
		return nil
	}
	return &Limit{"there are more files, or more are open, or there is more text in them, than a state has room for"}
}

// room returns the number of the place that the process's next thread gets.
func (w *walker) room(s *state, p int) int {
	for t := w.clients[p]; t < len(s.procs[p].threads); t++ {
		if s.procs[p].threads[t].status == free {
			return t
		}
	}
	return len(s.procs[p].threads)
}

// goOn gives the thread its answer and lets it go on to its next call.
func (w *walker) goOn(s *state, at place, r sys.Ret) error {
	if err := w.follow(s, at, r); err != nil {
		return err
	}
	return w.settle(s, at)
}

// settle lets the thread go on through what is silent.
func (w *walker) settle(s *state, at place) error {
	for s.thread(at).status == waiting && silent(s.thread(at).at.call.Op) {
		if s.thread(at).at.call.Op == opRest {
			w.begin(s, at)
			continue
		}
		if err := w.follow(s, at, w.told(s, at)); err != nil {
			return err
		}
	}
	s.thread(at).begun = s.now.Mono
	if len(s.procs[at.proc].threads) > w.clients[at.proc] {
		w.clear(s, int(at.proc))
	}
	return nil
}

// follow moves the thread along the path of the answer.
func (w *walker) follow(s *state, at place, r sys.Ret) error {
	t := s.thread(at)
	op := t.at.call.Op
	obs := observed(op, r)
	e := t.at.after(obs)
	if e == nil || r.Stat.Kind == sys.Directory && op != opLook && !w.auto.directories {
		w.miss(lesson{t.at.from, obs, r.Stat.Kind == sys.Directory})
		return errUnknown
	}
	w.answers = append(w.answers, e.answers...)
	fresh := values(op, r)
	if e.child != nil {
		start := w.spawn
		if op == sys.OpFork {
			start = w.fork
		}
		if err := start(s, at, e, fresh); err != nil {
			return err
		}
		t = s.thread(at)
	}
	return t.move(e.to, e.moves, t.values, fresh)
}

// miss notes what is not known, once.
func (w *walker) miss(l lesson) {
	if !w.missed[l] {
		w.missed[l] = true
		w.lessons = append(w.lessons, l)
	}
}

// errUnknown is the error of a step of which it is not known what the code does
// next. It will be learned, and everything explored again.
var errUnknown = errors.New("not learned yet")

// move puts the thread at the spot, with the values that are kept there.
func (t *thread) move(to *spot, moves []move, old [maxKept]int64, fresh [3]int64) error {
	if len(moves) > maxKept {
		return &Limit{fmt.Sprintf("a thread has %d values to keep, wanted at most %d", len(moves), maxKept)}
	}
	t.values = [maxKept]int64{}
	for i, m := range moves {
		if m.new {
			t.values[i] = fresh[m.at]
		} else {
			t.values[i] = old[m.at]
		}
	}
	t.at, t.status, t.asked, t.cancelled = to, waiting, false, t.cancelled && !to.ended
	if to.ended {
		t.status = ended
	}
	return nil
}

// told answers what is silent.
func (w *walker) told(s *state, at place) sys.Ret {
	t := s.thread(at)
	switch t.at.call.Op {
	case opSame:
		c := s.call(t)
		return sys.Bool(c.T == c.U)
	case opLook:
		return sys.Ret{Stat: unpack(int64(s.call(t).T.At))}
	case opLoop:
		return sys.Ret{Time: sys.Time{At: t.at.call.Dur}}
	case opAgain:
		return sys.Ret{Time: sys.Time{At: t.at.backoff.After(s.call(t).Dur)}}
	}
	return sys.OK()
}
