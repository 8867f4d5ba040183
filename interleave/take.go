package interleave

import (
	"fmt"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// step returns the step that the option would be, still without an answer.
func (r *run) step(o Option) trial.Step {
	if o.Thread < 0 {
		return trial.Step{Env: o.Env, Proc: o.Proc, Dur: o.Dur}
	}
	t := r.threads[o.Thread]
	s := trial.Step{Thread: t.name, Call: t.call}
	if !t.call.Op.Lasts() {
		s.Call.At = r.now
	}
	if o.Fault != 0 {
		s.Ret = sys.Ret{Err: o.Fault, Fault: true}
	}
	return s
}

// take makes the option happen.
func (r *run) take(o Option) error {
	s := r.step(o)
	if !r.left.Spend(s) {
		return fmt.Errorf("step %d: %s: the environment's budget is spent", len(r.out.Steps)+1, s.Head())
	}
	if o.Thread < 0 {
		r.out.Steps = append(r.out.Steps, s)
		if err := r.takeEnv(s); err != nil {
			return err
		}
		return r.chooser.Took(s)
	}
	return r.takeThread(o, s)
}

func (r *run) takeEnv(s trial.Step) error {
	switch s.Env {
	case trial.Time, trial.Jump:
		r.now = r.now.Add(s.Dur)
	case trial.Wall:
		r.now.Wall += s.Dur
	case trial.Pause:
		r.paused[s.Proc] = true
	case trial.Resume:
		r.paused[s.Proc] = false
	case trial.Kill:
		return r.kill(s.Proc)
	case trial.Unlinked:
		return r.outside(sys.Call{Op: sys.OpUnlink, Path: trial.Path})
	}
	return nil
}

// outside carries out a call of the environment's, which must succeed.
func (r *run) outside(c sys.Call) error {
	c.At = r.now
	ret, err := r.kernel.Do(sys.Outside, c)
	if err == nil && ret.Err != 0 {
		err = fmt.Errorf("the environment's %s: %w", c, ret.Err)
	}
	return err
}

// kill ends a process: its descriptors go, its threads stop where they are,
// and its clients hold nothing from here on.
func (r *run) kill(proc int) error {
	if err := r.outside(sys.Call{Op: sys.OpKill, N: int64(proc)}); err != nil {
		return err
	}
	r.gone(proc, killed)
	return nil
}

// gone ends the threads of a process that has ended.
func (r *run) gone(proc int, state threadState) {
	r.endThreads(proc, nil, state)
	r.paused[proc] = false
	for _, c := range r.clients {
		if r.trial.Clients[c.index].Proc == proc {
			c.killed()
		}
	}
}

// endThreads ends the threads of a process but for one.
func (r *run) endThreads(proc int, but *thread, state threadState) {
	for _, t := range r.threads {
		if int(t.id.Proc) == proc && t != but {
			t.halt(state)
		}
	}
}

// takeThread carries out a thread's call and lets the thread go on.
func (r *run) takeThread(o Option, s trial.Step) error {
	t := r.threads[o.Thread]
	r.last = o.Thread
	if c := r.clients[t.client]; t == r.threads[t.client] {
		c.invoked()
	}
	// What fails by the environment's making is not carried out, but for close:
	// on Linux that frees the descriptor also when it fails.
	if trial.Interrupts(s.Call, o.Fault) {
		if _, err := r.kernel.Do(t.id, sys.Call{Op: sys.OpInterrupt, At: r.now}); err != nil {
			return err
		}
	}
	if o.Fault == 0 || s.Call.Op == sys.OpClose {
		ret, err := r.answer(t, s.Call)
		if err != nil {
			return err
		}
		if o.Fault == 0 {
			s.Ret = ret
		}
	}
	r.out.Steps = append(r.out.Steps, s)
	if !s.Ret.Wait && t.state == waiting {
		t.ret = s.Ret
		if err := r.resume(t); err != nil {
			return err
		}
	}
	return r.chooser.Took(s)
}

// answer carries out a call: those of threads here, the rest in the kernel.
func (r *run) answer(t *thread, c sys.Call) (sys.Ret, error) {
	switch c.Op {
	case sys.OpInside, sys.OpSleep, sys.OpJoin:
		return sys.OK(), nil
	case sys.OpCancelled:
		return sys.Bool(t.cancelled), nil
	case sys.OpCancel:
		if other := r.sibling(t, c.N); other != nil {
			other.cancelled = true
		}
		return sys.OK(), nil
	case sys.OpGo:
		n := r.threadsOf(int(t.id.Proc))
		err := r.start(int(t.id.Proc), t.client, t.name+"."+c.Path, t.child)
		return sys.Ret{N: int64(n)}, err
	}
	ret, err := r.kernel.Do(t.id, c)
	if err == nil && ret.Err == 0 {
		err = r.process(t, c, ret)
	}
	return ret, err
}

// process sees to what becomes of threads where a call was about its process.
func (r *run) process(t *thread, c sys.Call, ret sys.Ret) error {
	proc := int(t.id.Proc)
	switch c.Op {
	case sys.OpFork:
		r.paused = append(r.paused, false)
		return r.start(int(ret.N), t.client, t.name+"."+c.Path, t.child)
	case sys.OpExec, sys.OpDaemon:
		r.endThreads(proc, t, ended)
	case sys.OpExit:
		r.gone(proc, ended)
	}
	return nil
}
