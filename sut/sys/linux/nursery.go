//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errNoZygote says that the zygote is of no use any more, and with it all of
// its workers: another one has to be started.
var errNoZygote = errors.New("the zygote is gone")

// A nursery is the coordinator's side of a zygote.
type nursery struct {
	process *os.Process
	line    line
	timeout time.Duration
}

// openNursery starts a zygote for the directory.
func openNursery(dir string, timeout time.Duration) (*nursery, error) {
	if os.Getenv(zygoteEnv) != "" {
		return nil, errors.New("start zygote: this process is one itself: its main does not begin with linux.ServeIfWorker")
	}
	l, other, err := newLine()
	if err != nil {
		return nil, fmt.Errorf("start zygote: socketpair: %w", err)
	}
	process, err := startZygote(dir, other)
	if err != nil {
		l.close()
		return nil, fmt.Errorf("start zygote: %w", err)
	}
	n := &nursery{process: process, line: l, timeout: timeout}
	if _, err := n.answer(); err != nil {
		n.kill()
		return nil, fmt.Errorf("start zygote: %w: does main begin with linux.ServeIfWorker?", err)
	}
	return n, nil
}

// startZygote runs this binary again, and closes sock here.
func startZygote(dir string, sock int) (*os.Process, error) {
	control := os.NewFile(uintptr(sock), "control")
	defer control.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return os.StartProcess("/proc/self/exe", []string{"ghostlock", zygoteArg}, &os.ProcAttr{
		Dir:   dir,
		Env:   []string{zygoteEnv + "=" + dir, "GOMAXPROCS=1", "GOGC=off"},
		Files: []*os.File{null, null, os.Stderr, control},
		// A terminal's signals are the coordinator's to handle. (A process
		// group would not do: when the coordinator dies it is orphaned, and the
		// kernel sends it SIGHUP if a worker of it is stopped.)
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
}

// clone makes a worker and returns the line to it.
func (n *nursery) clone() (line, int, error) {
	l, other, err := newLine()
	if err != nil {
		return -1, 0, fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(other)
	o, err := n.order(order{what: orderClone}, unix.UnixRights(other))
	if err == nil && o.errno != 0 {
		err = fmt.Errorf("clone: %w", unix.Errno(o.errno))
	}
	if err != nil {
		l.close()
		return -1, 0, err
	}
	return l, int(o.pid), nil
}

// end kills a worker and returns when it is gone.
func (n *nursery) end(pid int) error {
	o, err := n.order(order{what: orderKill, pid: int32(pid)}, nil)
	if err == nil && o.errno != 0 {
		err = fmt.Errorf("kill process %d: %w", pid, unix.Errno(o.errno))
	}
	return err
}

// adopt tells the zygote of a worker that another worker has made.
func (n *nursery) adopt(pid int) error {
	_, err := n.order(order{what: orderAdopt, pid: int32(pid)}, nil)
	return err
}

func (n *nursery) order(o order, rights []byte) (order, error) {
	err := unix.Sendmsg(int(n.line), o.encode(), rights, nil, unix.MSG_NOSIGNAL)
	if err != nil {
		return order{}, fmt.Errorf("%w: %w", errNoZygote, err)
	}
	return n.answer()
}

func (n *nursery) answer() (order, error) {
	var buf [orderSize]byte
	size, err := n.line.receive(unsafe.Pointer(&buf), orderSize, n.timeout)
	if err == nil && size != orderSize {
		err = unix.EBADMSG
	}
	if err != nil {
		return order{}, fmt.Errorf("%w: process %d: %w", errNoZygote, n.process.Pid, err)
	}
	return decodeOrder(buf[:]), nil
}

// close ends the zygote, which ends its workers and removes its directory.
func (n *nursery) close() {
	// The zygote's end of the socket closes when it exits.
	if unix.Shutdown(int(n.line), unix.SHUT_WR) == nil {
		var none byte
		_, _ = n.line.receive(unsafe.Pointer(&none), 1, n.timeout)
	}
	n.kill()
}

// kill ends the zygote at once. The kernel then ends its workers, soon.
func (n *nursery) kill() {
	// Where it is gone already there is nothing to do.
	_ = n.process.Kill()
	_, _ = n.process.Wait()
	n.line.close()
}
