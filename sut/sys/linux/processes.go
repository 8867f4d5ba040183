//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// fork has the worker make another one, which becomes the trial's next process
// and stays for trials to come.
func (k *kernel) fork(by *worker, c sys.Call) (sys.Ret, error) {
	w, n := k.machine, k.procs
	if n == int(sys.Outside.Proc) {
		return sys.Fail(sys.EAGAIN), nil
	}
	if n == len(w.workers) {
		w.workers = append(w.workers, &worker{name: fmt.Sprintf("p%d", n), line: -1})
	}
	child := w.workers[n]
	if child.pid != 0 { // of an earlier trial with more processes
		if err := w.end(child); err != nil {
			return sys.Ret{}, fmt.Errorf("%s: %w", c, err)
		}
	}
	if err := w.fork(by, child); err != nil {
		if by.sick = true; child.pid == 0 {
			child.line.close()
			child.line = -1
		}
		return sys.Ret{}, w.blame(by, c, err)
	}
	child.open, child.exec = by.open, by.exec
	k.procs++
	w.trial.pids = append(w.trial.pids, child.pid)
	return sys.Ret{N: int64(n)}, nil
}

func (w *Workers) fork(by, child *worker) error {
	l, other, err := newLine()
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(other)
	child.line = l
	message, size := w.frame.bytes()
	if err := by.line.send(message, size); err != nil {
		return err
	}
	if err := unix.Sendmsg(int(by.line), []byte{0}, unix.UnixRights(other), nil, unix.MSG_NOSIGNAL); err != nil {
		return err
	}
	if err := by.receive(&w.frame, w.Timeout); err != nil {
		return err
	}
	if w.frame.errno != 0 {
		return unix.Errno(w.frame.errno)
	}
	child.pid = int(w.frame.n)
	if err := w.nursery.adopt(child.pid); err != nil {
		return err
	}
	return w.born(child)
}

// daemon has the worker fork, and end; its child takes its place.
func (k *kernel) daemon(p *worker, n int, c sys.Call) (sys.Ret, error) {
	w := k.machine
	child := &worker{name: p.name, line: -1}
	w.frame.op = sys.OpFork
	if err := w.fork(p, child); err != nil {
		p.sick = true
		return sys.Ret{}, w.blame(p, c, err)
	}
	child.open, child.exec = p.open, p.exec
	w.frame.op, w.frame.used = sys.OpExit, 0
	if _, err := k.exit(p, c); err != nil {
		return sys.Ret{}, err
	}
	*p, w.trial.pids[n] = *child, child.pid
	return sys.OK(), nil
}

// exec has the worker run its program anew. Such a worker is a process with a
// runtime and more threads, and is not kept for the next trial.
func (k *kernel) exec(p *worker, c sys.Call) (sys.Ret, error) {
	w := k.machine
	p.exec = true
	if err := w.exchange(p); err != nil {
		p.sick = true
		return sys.Ret{}, w.blame(p, c, err)
	}
	if w.frame.errno != 0 {
		return sys.Ret{}, w.blame(p, c, unix.Errno(w.frame.errno))
	}
	return sys.OK(), nil
}

// exit has the worker end by itself, and waits until it has.
func (k *kernel) exit(p *worker, c sys.Call) (sys.Ret, error) {
	w := k.machine
	if err := w.exchange(p); !errors.Is(err, errHangup) {
		p.sick = true
		return sys.Ret{}, w.blame(p, c, errTimeout)
	}
	if err := w.end(p); err != nil {
		return sys.Ret{}, fmt.Errorf("%s: %w", c, err)
	}
	return sys.OK(), nil
}
