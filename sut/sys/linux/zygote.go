//go:build linux && (amd64 || arm64)

package linux

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"

	"golang.org/x/sys/unix"
)

// How a zygote knows itself: this argument, this variable (whose value is the
// machine's directory) and a control socket at this descriptor.
const (
	zygoteArg  = "worker"
	zygoteEnv  = "GHOSTLOCK_WORKER"
	zygoteSock = 3
)

// The orders that a zygote takes. Each is answered; so is its own start.
const (
	orderHello = iota
	orderClone // with a socket: make a worker that serves it
	orderKill  // kill that process and wait for it
	orderAdopt // that process, made by a worker, is one
)

// An order, or its answer, as it goes over the control socket.
type order struct {
	what  uint32
	pid   int32
	errno int32
}

const orderSize = 12

func (o order) encode() []byte {
	b := make([]byte, 0, orderSize)
	b = binary.NativeEndian.AppendUint32(b, o.what)
	b = binary.NativeEndian.AppendUint32(b, uint32(o.pid))
	return binary.NativeEndian.AppendUint32(b, uint32(o.errno))
}

func decodeOrder(b []byte) order {
	return order{
		what:  binary.NativeEndian.Uint32(b),
		pid:   int32(binary.NativeEndian.Uint32(b[4:])),
		errno: int32(binary.NativeEndian.Uint32(b[8:])),
	}
}

// ServeIfWorker must be the first thing that main, and TestMain, does. In an
// ordinary process it returns at once. In the process that OpenWorkers starts
// it does that process's work, and never returns.
func ServeIfWorker() {
	if len(os.Args) != 2 || os.Getenv(zygoteEnv) == "" {
		return
	}
	switch {
	case os.Args[1] == againArg && isSocket(workerSock):
		serveAgain()
	case os.Args[1] == zygoteArg && isSocket(zygoteSock):
		serveZygote()
	}
}

func isSocket(fd int) bool {
	_, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil
}

func serveZygote() {
	// Workers die when the thread that cloned them does: this one never does.
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	// It ends when its coordinator does; then it still has work to do.
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	z := zygote{room: &room{path: os.Getenv(zygoteEnv), list: make([]byte, 4<<10)}}
	if err := z.run(); err != nil {
		fmt.Fprintf(os.Stderr, "ghostlock: zygote %d: %v\n", os.Getpid(), err)
		unix.Exit(2)
	}
	unix.Exit(0) // os.Exit sleeps for a second under the race detector
}

// A zygote makes and ends workers as it is ordered.
type zygote struct {
	room    *room
	seed    *seed
	workers []int // processes not yet waited for
}

func (z *zygote) run() (err error) {
	if z.room.fd, err = unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("open directory %s: %w", z.room.path, err)
	}
	if z.seed, err = newSeed(z.room.path, z.room.fd, os.Getpid()); err != nil {
		return err
	}
	z.serve()
	for _, pid := range slices.Clone(z.workers) {
		z.kill(pid)
	}
	return z.room.close()
}

// serve takes orders until the coordinator has hung up, or is dead.
func (z *zygote) serve() {
	answer := order{what: orderHello}
	buf, oob := make([]byte, orderSize), make([]byte, 64)
	for {
		if unix.Send(zygoteSock, answer.encode(), unix.MSG_NOSIGNAL) != nil {
			return
		}
		n, rights, _, _, err := unix.Recvmsg(zygoteSock, buf, oob, unix.MSG_CMSG_CLOEXEC)
		for err == unix.EINTR {
			n, rights, _, _, err = unix.Recvmsg(zygoteSock, buf, oob, unix.MSG_CMSG_CLOEXEC)
		}
		if err != nil || n != orderSize {
			return
		}
		answer = z.obey(decodeOrder(buf), oob[:rights])
	}
}

func (z *zygote) obey(o order, rights []byte) order {
	switch o.what {
	case orderClone:
		sock, err := receivedFD(rights)
		if err != nil {
			o.errno = int32(unix.EBADMSG)
			return o
		}
		pid, errno := z.seed.clone(sock)
		unix.Close(sock)
		o.pid, o.errno = int32(pid), int32(errno)
		if errno == 0 {
			z.workers = append(z.workers, pid)
		}
	case orderAdopt:
		z.workers = append(z.workers, int(o.pid))
	case orderKill:
		o.errno = int32(z.kill(int(o.pid)))
	default:
		o.errno = int32(unix.EINVAL)
	}
	return o
}

// kill returns when the process is gone, and with it all it held.
func (z *zygote) kill(pid int) unix.Errno {
	i := slices.Index(z.workers, pid)
	if i < 0 {
		return unix.ESRCH
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		return err.(unix.Errno)
	}
	_, err := unix.Wait4(pid, nil, 0, nil)
	for err == unix.EINTR {
		_, err = unix.Wait4(pid, nil, 0, nil)
	}
	if err != nil {
		return err.(unix.Errno)
	}
	z.workers = slices.Delete(z.workers, i, i+1)
	return 0
}

func receivedFD(rights []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return 0, err
	}
	if len(messages) != 1 {
		return 0, unix.EBADMSG
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, unix.EBADMSG
	}
	return fds[0], nil
}
