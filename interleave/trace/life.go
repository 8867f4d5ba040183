//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// add takes a new task in.
func (tr *tracer) add(tid int, p *program, of *process) *task {
	t := &task{tid: tid, program: p, process: of}
	p.tasks = append(p.tasks, t)
	tr.tasks[tid] = t
	return t
}

// born takes in the task that another has made, as one of the same program.
func (tr *tracer) born(t *task, event int) error {
	tid, err := unix.PtraceGetEventMsg(t.tid)
	if err != nil {
		return fmt.Errorf("process %d has made another: %w", t.tid, err)
	}
	of := t.process
	if event != unix.PTRACE_EVENT_CLONE || !sameProcess(int(tid), t.process.pid) {
		child := *t.process
		child.pid, child.vforking = int(tid), false
		of = &child
		tr.named[int(tid)] = t.program.name()
		t.program.made++
		t.process.vforking = event == unix.PTRACE_EVENT_VFORK
	}
	child := tr.add(int(tid), t.program, of)
	if status, stopped := tr.early[child.tid]; stopped {
		delete(tr.early, child.tid)
		if err := tr.lost(tr.heed(child, status)); err != nil {
			return err
		}
	}
	return t.again(0)
}

// sameProcess reports whether the task is a thread of that process.
func sameProcess(tid, pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", pid, tid))
	return err == nil
}

// name returns what the program's next process is called.
func (p *program) name() string {
	if p.made == 0 {
		return fmt.Sprintf("{p%d}", p.proc)
	}
	return fmt.Sprintf("{p%d.%d}", p.proc, p.made+1)
}

// began prepares a process that runs a program from here on.
//
// If a thread other than the first has called exec, it is the one that goes on, and
// has the first one's number now. That one is gone, and nobody tells of it.
func (tr *tracer) began(t *task) error {
	former, err := unix.PtraceGetEventMsg(t.tid)
	if err != nil {
		return fmt.Errorf("process %d runs another program: %w", t.tid, err)
	}
	if caller := tr.tasks[int(former)]; caller != nil && caller != t {
		tr.forget(t)
		caller.proc.close() // they are the files of the old number
		delete(tr.tasks, caller.tid)
		caller.tid = t.tid
		tr.tasks[t.tid] = caller
		t = caller
	}
	for _, other := range slices.Clone(t.program.tasks) {
		if other != t && other.process == t.process {
			tr.forget(other)
		}
	}
	t.process.scratch, t.process.clock = 0, 0
	if err := tr.takeVDSO(t); err != nil {
		return err
	}
	return t.again(0)
}

// gone takes note of a task's end.
func (tr *tracer) gone(t *task, status unix.WaitStatus) {
	tr.forget(t)
	p := t.program
	if p.killed || t.tid != t.process.pid {
		return
	}
	who := ""
	if t.tid != p.root {
		who = fmt.Sprintf("its process %s ", tr.named[t.tid])
	}
	switch {
	case status.Signaled():
		p.note(fmt.Sprintf("%swas ended by %s", who, unix.SignalName(status.Signal())))
	case t.tid == p.root && status.ExitStatus() != 0:
		p.note(fmt.Sprintf("ended with exit status %d", status.ExitStatus()))
	}
	if t.tid == p.root && len(p.tasks) > 0 {
		p.note("has left processes behind when it ended; they count as it does")
	}
}

func (tr *tracer) forget(t *task) {
	t.proc.close()
	delete(tr.tasks, t.tid)
	t.program.tasks = slices.DeleteFunc(t.program.tasks, func(other *task) bool { return other == t })
}

// dying is how long a killed program may take to be gone.
const dying = time.Minute

// kill ends all processes of a program, and returns when they are gone.
func (tr *tracer) kill(p *program) error {
	p.killed = true
	for until := time.Now().Add(dying); len(p.tasks) > 0; runtime.Gosched() {
		for _, t := range p.tasks {
			if err := unix.Kill(t.process.pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
				return fmt.Errorf("kill p%d: %w", p.proc, err)
			}
		}
		if err := tr.drain(); err != nil {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("kill p%d: it has not ended after %s", p.proc, sys.FormatDuration(dying))
		}
	}
	return tr.killOrphans()
}

// drain takes note of all that has happened.
func (tr *tracer) drain() error {
	for {
		if heard, err := tr.hear(); err != nil || !heard {
			return err
		}
	}
}

// killOrphans ends tasks whose makers were killed before the kernel had told of
// them: nobody will ever claim their first stops.
func (tr *tracer) killOrphans() error {
	for tid := range tr.early {
		if tr.tasks[inStatus(tid, "Tgid")] != nil || tr.tasks[inStatus(tid, "PPid")] != nil {
			continue
		}
		if err := unix.Kill(tid, unix.SIGKILL); err != nil && err != unix.ESRCH {
			return fmt.Errorf("kill process %d, whose maker is gone: %w", tid, err)
		}
		delete(tr.early, tid)
	}
	return nil
}

// inStatus returns a number that /proc/TID/status has, or 0.
func inStatus(tid int, key string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(key+":")); ok {
			n, _ := strconv.Atoi(string(bytes.TrimSpace(value)))
			return n
		}
	}
	return 0
}
