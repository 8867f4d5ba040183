//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A tracer has the tasks of a trial's programs. All that it does must be done by
// one thread of the system.
type tracer struct {
	place    *linux.Place
	programs []*program
	tasks    map[int]*task
	named    map[int]string          // what schedules call the processes with these numbers
	early    map[int]unix.WaitStatus // stops of tasks that their makers were not yet told of
	now      sys.Instant

	vdso          *vdso             // nil where it is hidden
	first, second []unix.SockFilter // what stops calls from the start, and from the first descriptor on
}

// A program is one client's.
type program struct {
	proc    int
	root    int     // the process that was started
	tasks   []*task // in the order of their making
	made    int     // so many processes, for their names
	at      *task   // whose call was announced
	out     *output
	notes   []string // what is to be told of it besides
	blocked bool     // the announced call is that it waits for something else
	stepped bool     // it has come to a step

	acquired bool // it has said so, and nothing of a release
	killed   bool // by a kill of the trial's
	copied   bool // its pipes are an origin's
}

// hear takes note of one thing that has happened to a task, if any has.
func (tr *tracer) hear() (bool, error) {
	var status unix.WaitStatus
	tid, err := wait(-1, &status, unix.WNOHANG)
	if tid == 0 || err == unix.ECHILD {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("wait for programs: %w", err)
	}
	t := tr.tasks[tid]
	if t == nil {
		if delete(tr.early, tid); status.Stopped() {
			tr.early[tid] = status
		}
		return true, nil
	}
	return true, tr.lost(tr.heed(t, status))
}

// heed sees to a task that has stopped or ended.
func (tr *tracer) heed(t *task, status unix.WaitStatus) error {
	if !status.Stopped() {
		tr.gone(t, status)
		return nil
	}
	event := int(status) >> 16
	switch {
	case event == unix.PTRACE_EVENT_SECCOMP:
		return tr.enter(t)
	case event == unix.PTRACE_EVENT_EXEC:
		return tr.began(t)
	case event == unix.PTRACE_EVENT_CLONE, event == unix.PTRACE_EVENT_FORK, event == unix.PTRACE_EVENT_VFORK:
		return tr.born(t, event)
	case event == unix.PTRACE_EVENT_VFORK_DONE:
		t.process.vforking = false
		return t.again(0)
	case event == unix.PTRACE_EVENT_STOP && status.StopSignal() != unix.SIGTRAP:
		return t.halt()
	case event != 0:
		return t.again(0)
	case status.StopSignal() == unix.SIGTRAP|sysgood:
		return tr.leave(t)
	}
	return t.again(int(status.StopSignal()))
}

// halt leaves the task stopped, as a signal has told it to be.
func (t *task) halt() error {
	err := t.resume(unix.PTRACE_LISTEN, 0)
	t.state = halted
	return err
}

// sysgood marks stops at calls, see PTRACE_O_TRACESYSGOOD.
const sysgood = 0x80

// told returns what the settled program has said since.
func (p *program) told() ([]history.Event, error) {
	events, err := p.out.events()
	if err != nil {
		return nil, fmt.Errorf("p%d says %w", p.proc, err)
	}
	for _, e := range events {
		if p.acquired && e.Kind == history.Ok && history.IsAcquire(e.F) {
			return nil, fmt.Errorf("p%d says that it has acquired the lock twice, wanted it to say between that it has released it", p.proc)
		}
		if e.Kind != history.Invoke {
			p.acquired = e.Kind == history.Ok && history.IsAcquire(e.F)
		}
	}
	return events, nil
}
