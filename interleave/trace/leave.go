//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// leave sees to a task that is stopped behind its call.
func (tr *tracer) leave(t *task) error {
	if err := t.regs.read(t.tid); err != nil {
		return fmt.Errorf("read registers of process %d behind its call: %w", t.tid, err)
	}
	if t.state == napping || t.spec.class == waits {
		return tr.napped(t)
	}
	t.state = called
	return nil
}

// make carries out the gated task's call, and leaves the task behind it.
func (tr *tracer) make(t *task) (sys.Ret, error) {
	g := &t.gate
	if g.call.Op == sys.OpOpen {
		var st unix.Stat_t
		g.existed = unix.Lstat(tr.path(g.call.Path), &st) == nil
	}
	if g.waits {
		if err := t.unwaiting(); err != nil {
			return sys.Ret{}, err
		}
	}
	if err := t.proceed(); err != nil {
		return sys.Ret{}, err
	}
	if err := tr.reach(t); err != nil {
		return sys.Ret{}, err
	}
	if t.state != called {
		return tr.ended(t)
	}
	return tr.behind(t)
}

// ended returns the answer of a call that its task has not returned from: it was to
// end, or was ended.
func (tr *tracer) ended(t *task) (sys.Ret, error) {
	ret := sys.OK()
	if !t.gate.ended {
		ret = sys.Fail(sys.EINTR)
	}
	return ret, tr.place.Settle(tr.now.Wall)
}

// behind returns the answer of the call that the task is behind.
func (tr *tracer) behind(t *task) (sys.Ret, error) {
	if t.replaced {
		t.restore()
		if n := t.regs.result(); n == -int64(unix.EAGAIN) || n == -int64(unix.EACCES) {
			return tr.refused(t)
		}
		if err := t.regs.write(t.tid); err != nil {
			return sys.Ret{}, err
		}
	}
	if t.gate.opens() && !t.process.files && t.regs.result() >= 0 {
		if err := t.confine(tr.second); err != nil {
			return sys.Ret{}, fmt.Errorf("stop p%d at calls on descriptors: %w", t.program.proc, err)
		}
		t.process.files = true
	}
	if err := tr.settleTimes(t); err != nil {
		return sys.Ret{}, err
	}
	ret, err := tr.result(t)
	t.gate = gate{}
	return ret, err
}

// unwaiting makes the call that may wait one that does not.
func (t *task) unwaiting() error {
	how := uint64(t.gate.call.Flags)
	switch t.gate.call.Flags {
	case sys.F_SETLKW:
		how = sys.F_SETLK
	case sys.F_OFD_SETLKW:
		how = sys.F_OFD_SETLK
	}
	if t.gate.call.Op == sys.OpFlock {
		how |= sys.LOCK_NB
	}
	return t.replace(1, how)
}

// refused has the task make its call again from the start, as it would have had to
// wait. A signal that has come meanwhile gets through to it here, and may lead it
// elsewhere: then the call was interrupted.
func (tr *tracer) refused(t *task) (sys.Ret, error) {
	t.regs.rewind(&t.meant)
	if err := t.regs.write(t.tid); err != nil {
		return sys.Ret{}, err
	}
	asked := t.gate.call
	t.gate = gate{}
	if err := t.pass(); err != nil {
		return sys.Ret{}, err
	}
	if err := tr.settle(t.program); err != nil {
		return sys.Ret{}, err
	}
	if t.state != gated || t.gate.call != asked {
		return sys.Fail(sys.EINTR), nil
	}
	t.gate.asked = true
	return sys.Ret{Wait: true}, nil
}
