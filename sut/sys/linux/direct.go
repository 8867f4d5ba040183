//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Direct is a machine of one process, which is this one. It is for one
// goroutine at a time; the trial's threads are the caller's affair. Files are
// made with this process's umask.
type Direct struct {
	room    *room
	trial   trial
	frame   frame
	carrier carrier
	files   files
	kernel  *directKernel // of the last Boot
}

// OpenDirect makes a machine with a private directory in dir, or in os.TempDir
// where dir is "".
func OpenDirect(dir string) (*Direct, error) {
	room, err := openRoom(dir)
	if err != nil {
		return nil, err
	}
	d := &Direct{
		room:    room,
		trial:   newTrial(),
		carrier: carrier{dir: int32(room.fd), fix: true, closed: true},
	}
	d.trial.pids = []int{os.Getpid()}
	return d, nil
}

// Profile names the file system.
func (d *Direct) Profile() string { return d.room.profile() }

// Close closes what the trial has open and removes the directory. A second
// Close does nothing.
func (d *Direct) Close() error {
	d.kernel = nil
	d.files.closeAll()
	return d.room.close()
}

// Boot begins a trial. The setup must have one process.
func (d *Direct) Boot(setup sys.Setup) (sys.Kernel, error) {
	if d.room.fd < 0 {
		return nil, errors.New("boot: the machine is closed")
	}
	if setup.Procs != 1 {
		return nil, fmt.Errorf("boot: found %d processes, wanted 1: the direct carrier makes all calls in this process", setup.Procs)
	}
	d.files.closeAll()
	if err := d.room.furnish(&setup, &d.trial); err != nil {
		return nil, fmt.Errorf("boot: %w", err)
	}
	d.kernel = &directKernel{machine: d}
	return d.kernel, nil
}

// A directKernel is one trial of a Direct.
type directKernel struct{ machine *Direct }

// Ready reports true, for the same reason as the workers' kernel.
func (k *directKernel) Ready(sys.TID, sys.Call) bool { return true }

// Do makes the call.
func (k *directKernel) Do(t sys.TID, c sys.Call) (sys.Ret, error) {
	d := k.machine
	if d.kernel != k {
		return sys.Ret{}, fmt.Errorf("%s: the trial is over: its machine was booted again or closed", c)
	}
	switch c.Op {
	case sys.OpInterrupt:
		return sys.OK(), nil // nothing waits here: see Ready
	case sys.OpKill, sys.OpFork, sys.OpExec, sys.OpExit, sys.OpDaemon:
		return sys.Ret{}, fmt.Errorf("%s: the direct carrier cannot: the process is this one", c)
	}
	asked, err := d.trial.encode(&d.frame, &c)
	if err != nil {
		return sys.Ret{}, err
	}
	switch {
	case t.Proc == sys.Outside.Proc && opTraits[c.Op]&(usesFD|ofProcess) != 0:
		return sys.Ret{}, fmt.Errorf("%s: the environment has no descriptors", c)
	case t.Proc != 0 && t.Proc != sys.Outside.Proc:
		return sys.Ret{}, fmt.Errorf("p%d %s: the trial has 1 process", t.Proc, c)
	}
	if e := d.files.enter(&d.frame, asked); e != 0 {
		return sys.Fail(e), nil
	}
	d.carrier.perform(&d.frame)
	d.files.leave(&d.frame, c.FD)
	return d.trial.decode(&d.frame, &c)
}

// files maps a trial's descriptors to this process's. A trial gets the lowest
// that is free, as in a process of its own.
type files struct {
	real []int32 // from firstFD on; -1 is free
	free int     // no lower index is free
}

// enter makes the frame's descriptor a real one.
func (t *files) enter(f *frame, known bool) sys.Errno {
	if !known {
		return sys.EBADF
	}
	if opTraits[f.op]&usesFD != 0 {
		i := int(f.fd) - firstFD
		if i >= len(t.real) || t.real[i] < 0 {
			return sys.EBADF
		}
		f.fd = t.real[i]
	}
	if opens(f.op) && t.free > lastFD-firstFD {
		return sys.EMFILE
	}
	return 0
}

// opens reports whether the answer is a new descriptor.
func opens(op sys.Op) bool { return op == sys.OpOpen || op == sys.OpDup }

// leave keeps the table after the call, whose descriptor was fd, and makes the
// answer's descriptor one of the trial's.
func (t *files) leave(f *frame, fd int) {
	switch {
	case f.op == sys.OpClose: // even if it failed
		t.real[fd-firstFD] = -1
		t.free = min(t.free, fd-firstFD)
	case opens(f.op) && f.errno == 0:
		i := t.free
		if i == len(t.real) {
			t.real = append(t.real, -1)
		}
		t.real[i] = int32(f.n)
		f.n = int64(i + firstFD)
		for t.free < len(t.real) && t.real[t.free] >= 0 {
			t.free++
		}
	}
}

func (t *files) closeAll() {
	for _, fd := range t.real {
		if fd >= 0 {
			unix.Close(int(fd))
		}
	}
	t.real, t.free = t.real[:0], 0
}
