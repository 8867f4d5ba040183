//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// could reports whether the task's call, which may wait for a lock, would not have
// to: another descriptor of the same file is asked, which conflicts with the same
// locks. A conversion is made at once: it gives the old lock up before it waits.
func (t *task) could() bool {
	link := fmt.Sprintf("/proc/%d/fd/%d", t.tid, t.gate.call.FD)
	fd, err := unix.Open(link, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return true // the call itself will tell
	}
	defer unix.Close(fd)
	if t.gate.call.Op == sys.OpFlock {
		return unix.Flock(fd, t.gate.call.Flags|unix.LOCK_NB) == nil || !t.gate.asked && t.converts()
	}
	r := t.gate.call.Record
	lock := unix.Flock_t{Type: r.Type, Start: r.Start, Len: r.Len}
	if unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &lock) != nil {
		return true
	}
	own := t.gate.call.Flags == sys.F_SETLKW && int(lock.Pid) == t.process.pid
	return lock.Type == unix.F_UNLCK || own
}

// converts reports whether the descriptor of the task's flock has a lock already.
func (t *task) converts() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", t.tid, t.gate.call.FD))
	return err == nil && bytes.Contains(text, []byte("FLOCK"))
}

// signalled reports whether a signal waits for the task that will reach it: it is
// neither blocked nor ignored.
func (t *task) signalled() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.tid))
	if err != nil {
		return true
	}
	sets := map[string]uint64{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			sets[key], _ = strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		}
	}
	deaf := sets["SigBlk"] | sets["SigIgn"] | harmless&^sets["SigCgt"] | bit(unix.SIGURG)
	return (sets["SigPnd"]|sets["ShdPnd"])&^deaf != 0
}

// harmless are the signals that do nothing to who has not asked for them. SIGURG
// is that in any case: it is how Go's runtime interrupts its own threads.
var harmless = bit(unix.SIGCHLD) | bit(unix.SIGCONT) | bit(unix.SIGWINCH)

func bit(s unix.Signal) uint64 { return 1 << (s - 1) }
