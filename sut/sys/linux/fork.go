//go:build linux && (amd64 || arm64)

package linux

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What perform.go says of its functions holds for those of this file too.

// A mailbox is the memory in which a worker receives a descriptor.
type mailbox struct {
	msg     unix.Msghdr
	iov     unix.Iovec
	letter  byte
	control struct {
		head unix.Cmsghdr
		fd   int32
		_    int32
	}
}

// connect is for the parent: a worker stores no pointers.
func (m *mailbox) connect() {
	m.iov.Base = &m.letter
	m.iov.SetLen(1)
	m.msg.Iov = &m.iov
	m.msg.SetIovlen(1)
	m.msg.Control = (*byte)(unsafe.Pointer(&m.control))
}

// lives carries out the calls that make and end processes, and reports whether
// the one in the frame is such a call. (To call perform here for the others
// would be more than a nosplit stack has room for.)
//
//go:nosplit
//go:norace
func (s *seed) lives() bool {
	switch s.frame.op {
	case sys.OpFork:
		s.fork()
	case sys.OpExec:
		s.exec()
	case sys.OpExit:
		s.exit()
	default:
		return false
	}
	return true
}

// exit closes the line, too, and that is the answer.
//
//go:nosplit
//go:norace
func (s *seed) exit() {
	for {
		s.call(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0)
	}
}

// fork makes a worker that has the same descriptors and serves the socket that
// comes with the next message. Both answer: the parent with the child's number
// in the frame, the child that it was born.
//
// The child is the zygote's, as all workers are, so that the zygote can wait
// for it. There must be room for the new socket even if the trial has all of
// its descriptors open, so the limit is out of force meanwhile.
//
//go:nosplit
//go:norace
func (s *seed) fork() {
	f := &s.frame
	f.n, f.used = 0, 0
	s.limitTo(&s.wide)
	sock := s.receiveFD()
	if f.errno == 0 {
		child, errno := s.call(unix.SYS_CLONE, uintptr(unix.SIGCHLD|unix.CLONE_PARENT), 0, 0, 0, 0)
		f.n, f.errno = child, errno
		if child == 0 {
			s.tie()
			s.step(birthSock, unix.SYS_DUP3, sock, workerSock, unix.O_CLOEXEC)
			s.stillborn = f.errno != 0
		}
		s.call(unix.SYS_CLOSE, sock, 0, 0, 0, 0)
	}
	s.limitTo(&s.limit)
}

// receiveFD returns the descriptor that is sent next, or leaves an error in the
// frame.
//
//go:nosplit
//go:norace
func (s *seed) receiveFD() uintptr {
	m := &s.mailbox
	m.msg.Controllen = uint64(unsafe.Sizeof(m.control))
	m.control.head.Len = 0
	errno := int32(unix.EINTR)
	for errno == int32(unix.EINTR) {
		_, errno = s.call(unix.SYS_RECVMSG, s.sock, uintptr(unsafe.Pointer(&m.msg)), unix.MSG_CMSG_CLOEXEC, 0, 0)
	}
	if s.frame.errno = errno; errno != 0 {
		return 0
	}
	if m.control.head.Len == 0 {
		s.frame.errno = int32(unix.EBADMSG)
		return 0
	}
	return uintptr(m.control.fd)
}

// exec runs this binary again, with the line and the directory at the same
// descriptors, and there serveAgain answers. Here only a failure is answered.
//
//go:nosplit
//go:norace
func (s *seed) exec() {
	f := &s.frame
	f.used = 0
	s.keep(0)
	s.limitTo(&s.wide) // a program that starts opens files
	_, f.errno = s.call(unix.SYS_EXECVE, uintptr(unsafe.Pointer(s.again.path)),
		uintptr(unsafe.Pointer(&s.again.args)), uintptr(unsafe.Pointer(&s.again.env)), 0, 0)
	s.limitTo(&s.limit)
	s.keep(unix.FD_CLOEXEC)
}

// keep sets the flags of the descriptors that are not the trial's.
//
//go:nosplit
//go:norace
func (s *seed) keep(flags uintptr) {
	s.call(unix.SYS_FCNTL, workerSock, unix.F_SETFD, flags, 0, 0)
	s.call(unix.SYS_FCNTL, workerDir, unix.F_SETFD, flags, 0, 0)
}

// limitTo sets how many descriptors there may be.
//
//go:nosplit
//go:norace
func (s *seed) limitTo(limit *unix.Rlimit) int32 {
	_, errno := s.call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(limit)), 0, 0)
	return errno
}

// tie makes the process end when the zygote does.
//
//go:nosplit
//go:norace
func (s *seed) tie() {
	f := &s.frame
	s.step(birthPdeathsig, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	// The zygote may have died before that; then nobody would tell.
	if parent, _ := s.call(unix.SYS_GETPPID, 0, 0, 0, 0, 0); f.errno == 0 && parent != int64(s.parent) {
		f.n, f.errno = birthParent, int32(unix.ESRCH)
	}
}
