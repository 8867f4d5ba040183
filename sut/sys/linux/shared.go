//go:build linux && (amd64 || arm64)

package linux

import (
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// OpenShared makes calls in a directory that is there already, side by side
// with other processes that do the same: for measuring what they cost. So a
// call is that call and no other, which leaves the answer of an open without
// the file that it leads to.
//
// Start neither makes nor removes files then, and Close leaves the directory.
func OpenShared(dir string) (*Free, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &room{path: dir, fd: -1}
	if err := r.open(); err != nil {
		return nil, err
	}
	return newFree(r, true), nil
}

// OpenHere makes calls in the directory that this process works in, as a program
// does that is on its own: nothing is opened but what calls open, with their flags
// and no others, and processes are told by the numbers that they have in the system.
// The process must stay in that directory. Start and Close touch no file.
func OpenHere() *Free {
	f := newFree(&room{path: ".", fd: unix.AT_FDCWD}, true)
	f.trial.public = true
	f.frames.New = func() any {
		return &freeFrame{carrier: carrier{dir: unix.AT_FDCWD, bare: true}}
	}
	return f
}

// leave closes the directory. A second leave does nothing.
func (r *room) leave() error {
	if r.fd < 0 {
		return nil
	}
	fd := r.fd
	r.fd = -1
	return unix.Close(fd)
}

// Dir returns the directory that files are made in.
func (f *Free) Dir() string { return f.room.path }

// Number tells which processes the trial has, by their real numbers: the
// answers of getpid and what alive asks for. No call may be under way.
func (f *Free) Number(pids []int) { f.trial.pids = pids }

// Yield lets another process have the processor: sched_yield(2).
func Yield() { _, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// Nap sleeps as lock code does that makes the call: timers of Go's library are
// too coarse for pauses of less than a millisecond.
func Nap(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &left, &left) == unix.EINTR {
	}
}
