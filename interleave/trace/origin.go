//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// An origin is a program that has come to its first step and goes no further. Each
// trial has a copy of it, made by fork(2): so the time that an interpreter takes to
// start is spent once for a machine.
//
// A program is one only where a copy cannot tell that it is one: it has a single
// task, for the others would not be copied; no descriptor in the trial's directory;
// it has written nothing; and it has not asked for its process's number, by which it
// may want to be known. There is one thing that could tell: its thread's number, if it
// has asked for that, as Python does at every start, and kept it, is the origin's. What it drew at random before its first step, all copies
// have drawn.
type origin struct {
	program *program
	task    *task     // behind a call that was left out
	first   registers // of the call that was to be its first step
}

// original reports whether the settled program can be an origin.
func (p *program) original() bool {
	if len(p.tasks) != 1 || len(p.notes) > 0 || p.made > 1 {
		return false
	}
	t := p.tasks[0]
	return t.state == gated && t.tid == p.root && !t.process.files && !t.process.numbered && p.out.total == 0
}

// keep makes the program an origin. It takes no part in the trial any more.
func (tr *tracer) keep(p *program) (*origin, error) {
	t := p.tasks[0]
	o := &origin{program: p, task: t, first: t.regs}
	if err := t.regs.skip(t.tid); err != nil {
		return nil, err
	}
	if err := t.regs.write(t.tid); err != nil {
		return nil, err
	}
	if err := t.proceed(); err != nil {
		return nil, err
	}
	var status unix.WaitStatus
	if _, err := wait(t.tid, &status, 0); err != nil {
		return nil, err
	}
	if !status.Stopped() {
		return nil, &goneError{t, status}
	}
	tr.forget(t)
	return o, t.regs.read(t.tid)
}

// copy adds a copy of the origin to the trial, which is about to come to its first
// step. It is a child of this process's, as the origin is.
func (tr *tracer) copy(o *origin) error {
	pid, err := o.task.inject(unix.SYS_CLONE, unix.CLONE_PARENT|uintptr(unix.SIGCHLD), 0, 0, 0, 0)
	if err != nil || pid < 0 {
		return fmt.Errorf("copy p%d: %w", o.program.proc, joined(err, "clone", pid))
	}
	if err := o.program.out.reset(); err != nil {
		return fmt.Errorf("p%d %w", o.program.proc, err)
	}
	p := &program{proc: o.program.proc, root: int(pid), out: o.program.out, copied: true}
	process := *o.task.process
	process.pid = p.root
	t := tr.add(p.root, p, &process)
	tr.named[p.root] = p.name()
	p.made++
	tr.programs = append(tr.programs, p)
	var status unix.WaitStatus
	if _, err := wait(t.tid, &status, 0); err != nil {
		return err
	}
	if !status.Stopped() {
		return &goneError{t, status}
	}
	t.regs = o.first
	t.regs.rewind(&o.first)
	if err := t.regs.write(t.tid); err != nil {
		return err
	}
	return t.pass()
}

func joined(err error, name string, answer int64) error {
	if err != nil {
		return err
	}
	return failed(name, answer)
}

// end kills the origin.
func (o *origin) end() error {
	if err := unix.Kill(o.task.tid, unix.SIGKILL); err != nil && err != unix.ESRCH {
		return fmt.Errorf("kill p%d: %w", o.program.proc, err)
	}
	var status unix.WaitStatus
	_, err := wait(o.task.tid, &status, 0)
	o.program.out.close()
	if err != nil && err != unix.ECHILD {
		return fmt.Errorf("wait for p%d: %w", o.program.proc, err)
	}
	return nil
}

// reset forgets what was written, also what was not yet read.
func (o *output) reset() error {
	o.lines, o.errors, o.total = nil, nil, 0
	_, err := o.fill()
	o.lines, o.errors, o.total = nil, nil, 0
	return err
}
