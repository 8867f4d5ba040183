//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A kernel is one trial of a Workers.
type kernel struct {
	machine *Workers
	procs   int
}

// Ready reports true. This kernel makes every call at once and without
// blocking, and says afterwards, with Ret.Wait, that it would have had to
// wait. Who needs to know before keeps a simulated kernel in step and asks
// that.
func (k *kernel) Ready(sys.TID, sys.Call) bool { return true }

// Do has the process's worker carry the call out. A killed process is gone,
// with all that it held, before Do returns.
func (k *kernel) Do(t sys.TID, c sys.Call) (sys.Ret, error) {
	w := k.machine
	if w.kernel != k {
		return sys.Ret{}, fmt.Errorf("%s: the trial is over: its machine was booted again or closed", c)
	}
	if c.Op == sys.OpInterrupt {
		return sys.OK(), nil // nothing waits here: see Ready
	}
	if c.Op == sys.OpKill {
		return k.kill(c)
	}
	asked, err := w.trial.encode(&w.frame, &c)
	if err != nil {
		return sys.Ret{}, err
	}
	if t.Proc == sys.Outside.Proc {
		return k.outside(c)
	}
	if int(t.Proc) >= k.procs {
		return sys.Ret{}, fmt.Errorf("p%d %s: the trial has %d processes", t.Proc, c, k.procs)
	}
	p := w.workers[t.Proc]
	if p.pid == 0 || p.sick {
		return sys.Ret{}, fmt.Errorf("worker %s is dead: it cannot make %s", p.name, c)
	}
	if !asked {
		return sys.Fail(sys.EBADF), nil
	}
	return k.carry(t, p, c)
}

// carry has the worker carry out the call that is in the frame.
func (k *kernel) carry(t sys.TID, p *worker, c sys.Call) (sys.Ret, error) {
	w := k.machine
	switch c.Op {
	case sys.OpFork:
		return k.fork(p, c)
	case sys.OpExec:
		return k.exec(p, c)
	case sys.OpExit:
		return k.exit(p, c)
	case sys.OpDaemon:
		return k.daemon(p, int(t.Proc), c)
	}
	if err := w.exchange(p); err != nil {
		p.sick = true
		return sys.Ret{}, w.blame(p, c, err)
	}
	if w.frame.errno == 0 {
		switch c.Op {
		case sys.OpOpen, sys.OpDup:
			p.open++
		case sys.OpClose:
			p.open--
		}
	}
	return w.trial.decode(&w.frame, &c)
}

// outside makes a call of the environment's, which has no descriptors.
func (k *kernel) outside(c sys.Call) (sys.Ret, error) {
	if opTraits[c.Op]&(usesFD|ofProcess) != 0 {
		return sys.Ret{}, fmt.Errorf("%s: the environment has no descriptors", c)
	}
	w := k.machine
	w.outside.perform(&w.frame)
	return w.trial.decode(&w.frame, &c)
}

// kill ends a process: what it held is free when kill returns.
func (k *kernel) kill(c sys.Call) (sys.Ret, error) {
	if c.N < 0 || c.N >= int64(k.procs) {
		return sys.Ret{}, fmt.Errorf("%s: the trial has %d processes", c, k.procs)
	}
	p := k.machine.workers[c.N]
	if p.pid == 0 {
		return sys.Ret{}, fmt.Errorf("%s: worker %s is dead already", c, p.name)
	}
	if err := k.machine.end(p); err != nil {
		return sys.Ret{}, fmt.Errorf("%s: %w", c, err)
	}
	return sys.OK(), nil
}

// blame says what was wrong with a worker that did not answer the call.
func (w *Workers) blame(p *worker, c sys.Call, err error) error {
	who := fmt.Sprintf("worker %s (pid %d)", p.name, p.pid)
	switch {
	case errors.Is(err, errHangup):
		return fmt.Errorf("%s died during %s", who, c)
	case errors.Is(err, errTimeout):
		return fmt.Errorf("%s gave no answer to %s for %s", who, c, sys.FormatDuration(w.Timeout))
	}
	return fmt.Errorf("%s: %s: %w", who, c, err)
}
