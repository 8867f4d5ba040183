//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Where struct stat, on both machines, and struct statx have the times that nobody
// can set. A time is two words, its seconds and nanoseconds.
const (
	statAtime  = 72
	statCtime  = 104
	statxAtime = 0x40
	statxBtime = 0x50
	statxCtime = 0x60
	statxBuf   = 4 // the argument
)

// correct puts the trial's times where the task was told the kernel's: its ctime is
// when a step has last changed the file, atime and the time of its making are its
// mtime.
func (tr *tracer) correct(t *task, st *unix.Stat_t) error {
	changed := tr.place.Changed(st)
	at := *t.regs.arg(statxBuf)
	times := map[uint64]unix.Timespec{statxAtime: st.Mtim, statxBtime: st.Mtim, statxCtime: changed}
	if t.spec.name != "statx" {
		at = *t.regs.arg(strings.IndexByte(t.spec.args, '-'))
		times = map[uint64]unix.Timespec{statAtime: st.Mtim, statCtime: changed}
	}
	for offset, time := range times {
		var buf [12]byte // statx has 32 bits of nanoseconds, and so has stat what fits in them
		binary.NativeEndian.PutUint64(buf[:], uint64(time.Sec))
		binary.NativeEndian.PutUint32(buf[8:], uint32(time.Nsec))
		if err := t.put(at+offset, buf[:]); err != nil {
			return fmt.Errorf("correct the times that p%d was told: %w", t.program.proc, err)
		}
	}
	return nil
}
