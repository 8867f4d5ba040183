//go:build linux && (amd64 || arm64)

package trace

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// options are what tasks are traced with.
const options = unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACESECCOMP |
	unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
	unix.PTRACE_O_TRACEVFORKDONE | unix.PTRACE_O_TRACEEXEC

// Find returns the path of the command's program, as a shell finds it, or says
// why it cannot be run.
func Find(c trial.Command) (string, error) {
	path, err := exec.LookPath(c[0])
	if errors.Is(err, exec.ErrDot) {
		err = nil
	}
	if execErr := (*exec.Error)(nil); errors.As(err, &execErr) {
		err = execErr.Err
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return "", fmt.Errorf("run %s: %w", c[0], err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("run %s: %w", c[0], err)
	}
	if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		return "", fmt.Errorf("run %s: it is setuid or setgid, and who is traced gets no rights by that: wanted another program", c[0])
	}
	if f, err := elf.Open(path); err == nil {
		defer f.Close()
		if f.Class != elf.ELFCLASS64 {
			return "", fmt.Errorf("run %s: it is a 32-bit program, wanted a 64-bit one", c[0])
		}
	}
	return path, nil
}

// spawn starts a program and stops it before its first instruction, confined.
func (tr *tracer) spawn(proc int, path string, c trial.Command) error {
	p := &program{proc: proc}
	if err := p.start(path, c.In(tr.place.Path(), proc)); err != nil {
		return fmt.Errorf("run %s: %w", c[0], why(err))
	}
	tr.programs = append(tr.programs, p)
	t := tr.add(p.root, p, &process{pid: p.root})
	tr.named[p.root] = p.name()
	p.made++
	err := t.seize()
	if err == nil {
		err = tr.takeVDSO(t)
	}
	if err == nil {
		err = t.confine(tr.first)
	}
	if err != nil {
		_ = tr.lost(err) // who has ended is not to be waited for
		return fmt.Errorf("trace %s: %w", c[0], err)
	}
	return nil
}

// why says more of an error of exec(2)'s.
func why(err error) error {
	switch err {
	case syscall.ENOEXEC:
		return fmt.Errorf("%w: it is no program, and no script whose first line is #! and an interpreter", err)
	case syscall.ENOENT:
		return fmt.Errorf("%w: its interpreter is missing, or it was removed just now", err)
	}
	return err
}

// start runs the program with its outputs in pipes, up to its exec.
func (p *program) start(path string, c trial.Command) error {
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(null)
	p.out = &output{}
	out, err := pipe(&p.out.out)
	if err != nil {
		return err
	}
	defer unix.Close(out)
	errs, err := pipe(&p.out.err)
	if err != nil {
		p.out.close()
		return err
	}
	defer unix.Close(errs)
	p.root, err = syscall.ForkExec(path, c, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{uintptr(null), uintptr(out), uintptr(errs)},
		Sys:   &syscall.SysProcAttr{Ptrace: true, Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		p.out.close()
	}
	return err
}

// pipe makes one that is read there without waiting, and returns where to write.
func pipe(read *int) (write int, err error) {
	var both [2]int
	if err := unix.Pipe2(both[:], unix.O_CLOEXEC); err != nil {
		return 0, err
	}
	*read = both[0]
	return both[1], unix.SetNonblock(both[0], true)
}

// seize takes the task over from the plain tracing that it was started with, which
// stopped it at exec: it is let go, stopped, and seized.
func (t *task) seize() error {
	var status unix.WaitStatus
	if _, err := wait(t.tid, &status, 0); err != nil {
		return err
	}
	if !status.Stopped() {
		return &goneError{t, status}
	}
	if err := t.resume(unix.PTRACE_DETACH, int(unix.SIGSTOP)); err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(t.tid), 0, options, 0, 0)
	if errno != 0 {
		return fmt.Errorf("PTRACE_SEIZE: %w", errno)
	}
	if err := unix.Kill(t.tid, unix.SIGCONT); err != nil {
		return err
	}
	for {
		if _, err := wait(t.tid, &status, 0); err != nil {
			return err
		}
		switch {
		case !status.Stopped():
			return &goneError{t, status}
		case status.StopSignal() == unix.SIGCONT:
			return t.regs.read(t.tid)
		}
		if err := t.pass(); err != nil {
			return err
		}
	}
}
