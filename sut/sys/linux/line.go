//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errHangup says that the other end's process is gone.
var errHangup = errors.New("hung up")

// errTimeout says that no answer came in time.
var errTimeout = errors.New("timed out")

// A line is the coordinator's end of a socket to one other process, which
// answers every message with one.
//
// Its sends and receives are raw: they tell Go's scheduler nothing, because
// the answer is a few microseconds away. If it is not, after impatience, the
// line waits for it in poll, as any other system call that blocks.
type line int

// impatience is short enough that no goroutine waits long for the processor
// that is held meanwhile.
const impatience = 5 * time.Millisecond

// newLine returns a line, and the descriptor of its other end.
func newLine() (line, int, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	wait := unix.NsecToTimeval(int64(impatience))
	if err := unix.SetsockoptTimeval(pair[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		unix.Close(pair[0])
		unix.Close(pair[1])
		return -1, -1, err
	}
	return line(pair[0]), pair[1], nil
}

func (l line) close() {
	if l >= 0 {
		unix.Close(int(l))
	}
}

// send sends a message.
func (l line) send(message unsafe.Pointer, size uintptr) error {
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(l), uintptr(message), size, unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.EPIPE, unix.ECONNRESET:
			return errHangup
		default:
			return errno
		}
	}
}

// receive waits for a message, at most as long as it is told, and returns its
// length.
func (l line) receive(message unsafe.Pointer, size uintptr, timeout time.Duration) (int, error) {
	var deadline time.Time
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(l), uintptr(message), size, 0, 0, 0)
		switch errno {
		case 0:
			if n == 0 {
				return 0, errHangup
			}
			return int(n), nil
		case unix.ECONNRESET:
			return 0, errHangup
		case unix.EAGAIN, unix.EINTR:
		default:
			return 0, errno
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(timeout)
		}
		if err := l.wait(deadline); err != nil {
			return 0, err
		}
	}
}

// wait waits until there is something to receive.
func (l line) wait(deadline time.Time) error {
	fds := []unix.PollFd{{Fd: int32(l), Events: unix.POLLIN}}
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return errTimeout
		}
		n, err := unix.Poll(fds, int((left+time.Millisecond-1)/time.Millisecond))
		if err != nil && err != unix.EINTR {
			return err
		}
		if n > 0 {
			return nil
		}
	}
}
