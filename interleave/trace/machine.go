//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A Machine runs programs as the processes of trials. It implements [sys.Machine],
// and its kernels [interleave.Stage].
//
// The goroutine that opens it is locked to its thread until Close, and must be the
// one that runs trials on it: Linux lets only the tracing thread have its way with a
// task.
type Machine struct {
	place    *linux.Place
	commands []trial.Command
	paths    []string
	vdso     *vdso
	origins  []*origin // of each program that has one
	tracer   *tracer
	notes    []string // of the last trial, if its programs are gone
	thread   int      // that traces
	placing  placing
}

var _ sys.Machine = (*Machine)(nil)

// Open returns a machine that runs these commands, as the processes 0, 1, … of a
// trial, on a directory of its own in dir, or where dir is "" in os.TempDir.
func Open(dir string, commands []trial.Command) (*Machine, error) {
	m := &Machine{commands: commands, vdso: findVDSO(), origins: make([]*origin, len(commands))}
	for _, c := range commands {
		path, err := Find(c)
		if err != nil {
			return nil, err
		}
		m.paths = append(m.paths, path)
	}
	if err := m.placing.find(os.Getpid()); err != nil {
		return nil, err
	}
	var err error
	if m.place, err = linux.OpenPlace(dir); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	m.thread = unix.Gettid()
	// Pauses of microseconds are to be some; as it comes, Linux makes fifty of each.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return m, nil
}

// Profile implements sys.Machine.
func (m *Machine) Profile() string { return m.place.Profile() }

// Close implements sys.Machine.
func (m *Machine) Close() error {
	if m.place == nil {
		return nil
	}
	err := m.end()
	for _, o := range m.origins {
		if o != nil {
			err = errors.Join(err, o.end())
		}
	}
	err = errors.Join(err, m.place.Close())
	m.place = nil
	err = errors.Join(err, place(0, &m.placing.all))
	runtime.UnlockOSThread()
	return err
}

// Boot implements sys.Machine: it starts the programs and lets each come to its
// first step.
func (m *Machine) Boot(s sys.Setup) (sys.Kernel, error) {
	if unix.Gettid() != m.thread {
		return nil, errors.New("found programs to be traced by another goroutine than the one that opened their machine, wanted the same")
	}
	if s.Procs != len(m.commands) {
		return nil, fmt.Errorf("found a trial of %d processes, wanted %d: one for each program", s.Procs, len(m.commands))
	}
	if err := m.end(); err != nil {
		return nil, err
	}
	m.notes = nil
	if err := m.place.Furnish(&s); err != nil {
		return nil, err
	}
	m.tracer = m.newTracer()
	if err := m.placed(m.start); err != nil {
		return nil, errors.Join(explain(err), m.end())
	}
	return &kernel{tracer: m.tracer}, nil
}

func (m *Machine) newTracer() *tracer {
	return &tracer{
		vdso: m.vdso, place: m.place, tasks: map[int]*task{}, early: map[int]unix.WaitStatus{}, named: map[int]string{},
		first: filter(names, waits, clocks, ends, refuse, numbers), second: filter(files),
	}
}

// start brings the programs to where each is settled, all at once: those that have
// no origin are started, and those that can be become one.
func (m *Machine) start() error {
	tr := m.tracer
	for i, c := range m.commands {
		if m.origins[i] == nil {
			if err := tr.spawn(i, m.paths[i], c); err != nil {
				return err
			}
		}
	}
	for _, p := range tr.programs {
		for _, t := range p.tasks {
			if err := t.pass(); err != nil {
				return err
			}
		}
	}
	if err := tr.settle(tr.programs...); err != nil {
		return err
	}
	if err := m.copies(); err != nil {
		return err
	}
	slices.SortFunc(tr.programs, func(a, b *program) int { return a.proc - b.proc })
	return tr.settle(tr.programs...)
}

// copies makes origins of the programs that can be, and a copy of each.
func (m *Machine) copies() error {
	tr := m.tracer
	for _, p := range slices.Clone(tr.programs) {
		if !p.original() {
			continue
		}
		o, err := tr.keep(p)
		if err != nil {
			return err
		}
		m.origins[p.proc] = o
		tr.programs = slices.DeleteFunc(tr.programs, func(other *program) bool { return other == p })
	}
	for _, o := range m.origins {
		if o == nil {
			continue
		}
		if err := tr.copy(o); err != nil {
			return err
		}
	}
	return nil
}

// explain adds what to do about an error that is not the program's fault.
func explain(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w (ptrace is forbidden here: by another tracer, a container's seccomp profile, kernel.yama.ptrace_scope, or because the program's file may not be read)", err)
	}
	return err
}

// end kills the programs of the last trial, and waits for their ends.
func (m *Machine) end() error {
	tr := m.tracer
	if tr == nil {
		return nil
	}
	m.notes = tr.notes()
	m.tracer = nil
	var err error
	for _, p := range tr.programs {
		err = errors.Join(err, tr.kill(p))
		if !p.copied {
			p.out.close()
		}
	}
	return err
}
