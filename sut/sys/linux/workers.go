//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Workers is a machine whose processes are real ones. It is for one goroutine
// at a time; machines are independent of each other.
//
// Workers live on from trial to trial: Boot closes what one has left open, and
// makes those anew that were killed, died or gave no answer. Their umask is
// 022, and all their signals are blocked.
type Workers struct {
	// Timeout bounds the wait for an answer. OpenWorkers sets it to a minute: a
	// machine may have much else to do.
	Timeout time.Duration

	room    *room
	trial   trial
	frame   frame
	outside carrier // calls of the environment are made here
	nursery *nursery
	workers []*worker
	polled  []unix.PollFd
	kernel  *kernel // of the last Boot
	closed  bool
}

// A worker is the coordinator's side of a worker process.
type worker struct {
	name string // of its process in the trial
	line line
	pid  int // 0: it was killed and waited for, or never made
	open int // descriptors of the trial
	sick bool
	exec bool // it runs as a program of its own
}

// OpenWorkers makes a machine with a private directory in dir, or in
// os.TempDir where dir is "".
//
// It starts this binary again: main must begin with [ServeIfWorker].
func OpenWorkers(dir string) (*Workers, error) {
	room, err := openRoom(dir)
	if err != nil {
		return nil, err
	}
	w := &Workers{Timeout: time.Minute, room: room, trial: newTrial()}
	w.outside = carrier{dir: int32(room.fd), fix: true, closed: true}
	if w.nursery, err = openNursery(room.path, w.Timeout); err != nil {
		return nil, errors.Join(err, room.close())
	}
	return w, nil
}

// Profile names the file system.
func (w *Workers) Profile() string { return w.room.profile() }

// Close ends every worker and removes the directory. A second Close does
// nothing.
func (w *Workers) Close() error {
	if w.closed {
		return nil
	}
	w.closed, w.kernel = true, nil
	w.dismiss((*nursery).close)
	return w.room.close()
}

// Boot begins a trial.
func (w *Workers) Boot(setup sys.Setup) (sys.Kernel, error) {
	if w.closed {
		return nil, errors.New("boot: the machine is closed")
	}
	if setup.Procs < 0 || setup.Procs >= int(sys.Outside.Proc) {
		return nil, fmt.Errorf("boot: found %d processes, wanted 0 to %d", setup.Procs, sys.Outside.Proc-1)
	}
	w.kernel = nil
	err := w.staff(setup.Procs)
	if errors.Is(err, errNoZygote) {
		w.dismiss((*nursery).kill)
		err = w.staff(setup.Procs)
	}
	if err != nil {
		return nil, fmt.Errorf("boot: %w", err)
	}
	if err := w.room.furnish(&setup, &w.trial); err != nil {
		return nil, fmt.Errorf("boot: %w", err)
	}
	w.trial.pids = w.trial.pids[:0]
	for _, p := range w.workers[:setup.Procs] {
		w.trial.pids = append(w.trial.pids, p.pid)
	}
	w.kernel = &kernel{machine: w, procs: setup.Procs}
	return w.kernel, nil
}

// dismiss ends the zygote and with it all workers.
func (w *Workers) dismiss(end func(*nursery)) {
	for _, p := range w.workers {
		p.line.close()
	}
	w.workers = nil
	if w.nursery != nil {
		end(w.nursery)
		w.nursery = nil
	}
}

// staff sees to it that there are so many workers, and that none has a
// descriptor open.
func (w *Workers) staff(procs int) (err error) {
	if w.nursery == nil {
		if w.nursery, err = openNursery(w.room.path, w.Timeout); err != nil {
			return err
		}
	}
	w.nursery.timeout = w.Timeout
	if err := w.roll(); err != nil {
		return err
	}
	for len(w.workers) < procs {
		w.workers = append(w.workers, &worker{name: fmt.Sprintf("p%d", len(w.workers)), line: -1})
	}
	for i, p := range w.workers {
		if p.open > 0 && !p.sick {
			w.frame.op, w.frame.used = opReset, 0
			p.sick = w.exchange(p) != nil
			p.open = 0
		}
		if (p.sick || p.exec) && p.pid != 0 {
			if err := w.end(p); err != nil {
				return err
			}
		}
		if p.pid == 0 && i < procs {
			if err := w.hire(p); err != nil {
				return fmt.Errorf("start worker %s: %w", p.name, err)
			}
		}
	}
	return nil
}

// roll notices which processes have died since the last trial.
func (w *Workers) roll() error {
	w.polled = append(w.polled[:0], unix.PollFd{Fd: int32(w.nursery.line)})
	for _, p := range w.workers {
		w.polled = append(w.polled, unix.PollFd{Fd: int32(p.line)})
	}
	n, err := unix.Poll(w.polled, 0)
	if n <= 0 {
		if err == unix.EINTR {
			return w.roll()
		}
		return err
	}
	if w.polled[0].Revents != 0 {
		return errNoZygote
	}
	for i, p := range w.workers {
		p.sick = p.sick || w.polled[i+1].Revents != 0
	}
	return nil
}

// hire makes the worker's process.
func (w *Workers) hire(p *worker) (err error) {
	if p.line, p.pid, err = w.nursery.clone(); err != nil {
		return err
	}
	return w.born(p)
}

// born waits until a new worker serves.
func (w *Workers) born(p *worker) error {
	p.open, p.sick, p.exec = 0, false, false
	if err := p.receive(&w.frame, w.Timeout); err != nil {
		p.sick = true
		return fmt.Errorf("process %d: %w", p.pid, err)
	}
	if w.frame.errno != 0 {
		p.sick = true
		return fmt.Errorf("process %d: %s: %w", p.pid, birthSteps[w.frame.n], unix.Errno(w.frame.errno))
	}
	return nil
}

// end kills the worker and waits for it.
func (w *Workers) end(p *worker) error {
	if err := w.nursery.end(p.pid); err != nil {
		return err
	}
	p.line.close()
	p.line, p.pid, p.open, p.sick, p.exec = -1, 0, 0, false, false
	return nil
}

// exchange has the worker perform what is in the frame.
func (w *Workers) exchange(p *worker) error {
	message, size := w.frame.bytes()
	if err := p.line.send(message, size); err != nil {
		return err
	}
	return p.receive(&w.frame, w.Timeout)
}

func (p *worker) receive(f *frame, timeout time.Duration) error {
	n, err := p.line.receive(unsafe.Pointer(f), unsafe.Sizeof(*f), timeout)
	if err == nil && n < int(frameHead) {
		err = unix.EBADMSG
	}
	return err
}
