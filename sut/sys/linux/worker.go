//go:build linux && (amd64 || arm64)

package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What perform.go says of its functions holds for those of this file too: all
// that a child runs is clone, which the parent has entered, and what is nosplit.

// Where a worker keeps what is not the trial's: above all descriptors of the
// trial, so that its first open returns 3. RLIMIT_NOFILE keeps the two apart.
const (
	workerSock = lastFD + 1 + iota
	workerDir
	workerEnd
)

// A seed is a worker before it is born: all the memory it will use.
type seed struct {
	carrier
	mailbox
	frame     frame
	sock      uintptr // leads to the coordinator
	parent    int     // the zygote
	limit     unix.Rlimit
	wide      unix.Rlimit // out of force
	again     again
	stillborn bool   // the birth failed
	all       uint64 // signals
	old       uint64
}

// The steps of a worker's birth, in order, for the error of one that failed.
const (
	birthPdeathsig = iota
	birthParent
	birthSock
	birthDir
	birthStdio
	birthClose
	birthLimit
)

var birthSteps = [...]string{
	birthParent:    "find its parent",
	birthPdeathsig: "prctl(PR_SET_PDEATHSIG)",
	birthSock:      "move its socket",
	birthDir:       "open its directory",
	birthStdio:     "silence its output",
	birthClose:     "close_range",
	birthLimit:     "set RLIMIT_NOFILE",
}

// clone makes a worker that serves the socket, and returns its process.
//
// The raw clone is a fork that tells neither runtime nor race detector. All
// signals are blocked around it: the runtime's handlers, which the child
// inherits, must never run there. The child leaves them blocked. It says that
// it was born, or at which step it was not, serves calls and exits; it never
// returns. With no flags but the signal the arguments' order, in which
// machines differ, does not matter.
//
//go:noinline
//go:norace
func (s *seed) clone(sock int) (pid int, errno unix.Errno) {
	s.all = ^uint64(0)
	all, old := uintptr(unsafe.Pointer(&s.all)), uintptr(unsafe.Pointer(&s.old))
	s.call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, all, old, 8, 0)
	child, failed := s.call(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0)
	if child == 0 {
		s.sock = uintptr(sock)
		for s.grow(); s.serves(); {
			if !s.lives() {
				s.perform(&s.frame)
			}
		}
		s.exit()
	}
	s.call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, old, 0, 8, 0)
	return int(child), unix.Errno(failed)
}

// grow turns the copy of the zygote into a worker, and leaves in the frame how
// far it came.
//
//go:nosplit
//go:norace
func (s *seed) grow() {
	f := &s.frame
	f.used, f.errno = 0, 0
	s.tie()
	s.call(unix.SYS_UMASK, 0o022, 0, 0, 0, 0)
	s.step(birthSock, unix.SYS_DUP3, s.sock, workerSock, unix.O_CLOEXEC)
	s.step(birthDir, unix.SYS_DUP3, uintptr(s.dir), workerDir, unix.O_CLOEXEC)
	// Standard input is /dev/null; the coordinator's stderr is not kept open.
	s.step(birthStdio, unix.SYS_DUP3, 0, 1, 0)
	s.step(birthStdio, unix.SYS_DUP3, 0, 2, 0)
	s.dir = workerDir
	s.step(birthClose, unix.SYS_CLOSE_RANGE, firstFD, lastFD, 0)
	s.step(birthClose, unix.SYS_CLOSE_RANGE, workerEnd, 1<<31, 0)
	if errno := s.limitTo(&s.limit); errno != 0 && f.errno == 0 {
		f.n, f.errno = birthLimit, errno
	}
	s.stillborn = f.errno != 0
	if !s.stillborn || f.n > birthSock {
		s.sock = workerSock
	}
}

// step is one step of a birth, taken if those before it went well.
//
//go:nosplit
//go:norace
func (s *seed) step(step int64, trap, a, b, c uintptr) {
	if s.frame.errno == 0 {
		_, s.frame.errno = s.call(trap, a, b, c, 0, 0)
		s.frame.n = step
	}
}

// serves answers what is in the frame, and waits for the next call. It reports
// false when the worker has nothing more to do: it was not born well, or the
// socket's other end is gone.
//
//go:nosplit
//go:norace
func (s *seed) serves() bool {
	bytes, size := s.frame.bytes()
	s.call(unix.SYS_WRITE, s.sock, uintptr(bytes), size, 0, 0)
	n, errno := int64(0), int32(unix.EINTR)
	for !s.stillborn && errno == int32(unix.EINTR) {
		n, errno = s.call(unix.SYS_READ, s.sock, uintptr(bytes), unsafe.Sizeof(s.frame), 0, 0)
	}
	return n >= int64(frameHead)
}
