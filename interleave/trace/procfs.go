//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// A procfs is what /proc tells of a task. Its files are kept open.
type procfs struct {
	syscall, stat, sched int // descriptors, 0 before the first look
	before               [96]byte
	n                    int
}

// see reads one of the files from its start, which is opened at the first look.
func (p *procfs) see(fd *int, tid int, name string, buf []byte) (n int, err error) {
	if *fd == 0 {
		if *fd, err = unix.Open(fmt.Sprintf("/proc/%d/%s", tid, name), unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			*fd = 0
			return 0, err
		}
	}
	return unix.Pread(*fd, buf, 0)
}

func (p *procfs) close() {
	for _, fd := range []*int{&p.syscall, &p.stat, &p.sched} {
		if *fd > 0 {
			unix.Close(*fd)
		}
		*fd = 0
	}
}

// rests reports whether the task is in a wait that nobody but others can end, and,
// where it is asked again, whether it has not run since.
//
// That its state is S is not enough: a task may lose the processor on its way into a
// wait, or out of it. The file syscall says "running" of those. A first thread that
// has ended rests as long as others of its process are there; if it was killed, who
// may still be there is on its way out, and perhaps nobody was told of it.
func (t *task) rests(again bool) bool {
	p, tid := &t.proc, t.tid
	var buf [512]byte
	n, err := p.see(&p.syscall, tid, "syscall", buf[:])
	if err != nil || bytes.HasPrefix(buf[:n], []byte("running")) {
		return false // an error is that it ends, which will be told
	}
	if n, err = p.see(&p.stat, tid, "stat", buf[:]); err != nil {
		return false
	}
	i := bytes.LastIndexByte(buf[:n], ')') // behind the name, which may be anything
	if i < 0 || i+2 >= n {
		return false
	}
	switch s := buf[i+2]; {
	case s == 'S', s == 'T', s == 'Z' && t.exits && len(t.threads()) > 0, s == 'D' && t.process.vforking:
	default:
		return false
	}
	var now [96]byte
	if n, err = p.see(&p.sched, tid, "schedstat", now[:]); err != nil {
		return false
	}
	same := p.n == n && p.before == now
	p.before, p.n = now, n
	return same || !again
}
