//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Free makes the calls of one process, which is this one, in real time: a
// flock without LOCK_NB blocks until it is granted, and mtimes are the
// kernel's. It is no Machine, because nobody chooses the order of its calls.
//
// Calls are stamped with the real time since [Free.Start]; mtimes are told
// from the same instant. The kernel reads a coarser clock for mtimes, so a
// file made just now may seem a few milliseconds old. A new file that reuses
// an inode number has the old one's name, unless O_EXCL, mkdir or symlink made
// it.
type Free struct {
	room   *room
	shared bool // the directory is somebody else's

	mu    sync.Mutex // of the next two
	trial trial
	files files

	memory memory
	frames sync.Pool // of *freeFrame
}

type freeFrame struct {
	frame   frame
	carrier carrier
}

// OpenFree makes a private directory in dir, or in os.TempDir where dir is "".
func OpenFree(dir string) (*Free, error) {
	room, err := openRoom(dir)
	if err != nil {
		return nil, err
	}
	return newFree(room, false), nil
}

func newFree(room *room, shared bool) *Free {
	f := &Free{room: room, shared: shared, trial: newTrial()}
	f.trial.pids = []int{os.Getpid()}
	f.memory.forget()
	f.frames.New = func() any {
		return &freeFrame{carrier: carrier{dir: int32(room.fd), closed: true, bare: shared}}
	}
	return f
}

// Start closes what is open, makes the setup's files and nothing else, and
// returns the instant that calls are to be stamped from. No call may be under
// way.
func (f *Free) Start(setup sys.Setup) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.room.fd == closedDir {
		return time.Time{}, errors.New("start: the directory is closed")
	}
	f.files.closeAll()
	f.memory.forget()
	now := time.Now()
	f.trial.start = unix.NsecToTimespec(now.UnixNano())
	if f.shared {
		f.trial.begin()
		return now, nil
	}
	if err := f.room.furnish(&setup, &f.trial); err != nil {
		return time.Time{}, fmt.Errorf("start: %w", err)
	}
	return now, nil
}

// Profile names the file system.
func (f *Free) Profile() string { return f.room.profile() }

// Close closes what is open and removes the directory. No call may be under
// way.
func (f *Free) Close() error {
	f.files.closeAll()
	if f.shared {
		return f.room.leave()
	}
	return f.room.close()
}

// Do makes the call and returns its answer, which never has Wait set. It may
// be called from many goroutines at once. The error is for calls that no
// kernel carries.
func (f *Free) Do(c sys.Call) (sys.Ret, error) {
	if c.Op.InMemory() {
		return f.memory.do(&c), nil
	}
	switch c.Op {
	case sys.OpKill, sys.OpFork, sys.OpExec, sys.OpExit, sys.OpDaemon:
		return sys.Ret{}, fmt.Errorf("%s: the free carrier cannot: the process is this one", c)
	}
	b := f.frames.Get().(*freeFrame)
	defer f.frames.Put(b)
	known, err := f.trial.encode(&b.frame, &c) // writes to the frame alone
	if err != nil {
		return sys.Ret{}, err
	}
	f.mu.Lock()
	e := f.files.enter(&b.frame, known)
	f.mu.Unlock()
	if e != 0 {
		return sys.Fail(e), nil
	}
	switch {
	case c.Op == sys.OpFlock:
		return f.block(func() error { return unix.Flock(int(b.frame.fd), c.Flags) }), nil
	case c.Op == sys.OpFcntl && (c.Flags == sys.F_SETLKW || c.Flags == sys.F_OFD_SETLKW):
		return f.block(func() error { return unix.FcntlFlock(uintptr(b.frame.fd), c.Flags, &b.frame.record) }), nil
	case c.Op == sys.OpClose:
		return f.close(b, &c)
	}
	b.carrier.perform(&b.frame)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files.leave(&b.frame, c.FD)
	return f.trial.decode(&b.frame, &c)
}

// block makes a call that may block, and so tells the scheduler.
func (f *Free) block(call func() error) sys.Ret {
	err := call()
	for err == unix.EINTR {
		err = call()
	}
	if errno, failed := err.(unix.Errno); failed {
		return sys.Fail(sys.Errno(errno))
	}
	return sys.OK()
}

// close frees the descriptor in one step with the call: real descriptors are
// this process's, and a second close of one could hit another file.
func (f *Free) close(b *freeFrame, c *sys.Call) (sys.Ret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b.frame.fd = int32(c.FD)
	if e := f.files.enter(&b.frame, true); e != 0 {
		return sys.Fail(e), nil
	}
	b.carrier.perform(&b.frame)
	f.files.leave(&b.frame, c.FD)
	return f.trial.decode(&b.frame, c)
}
