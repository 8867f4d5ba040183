//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// result returns the answer of the call that the task has made, and is behind.
func (tr *tracer) result(t *task) (sys.Ret, error) {
	n, g := t.regs.result(), &t.gate
	if n < 0 {
		return sys.Fail(sys.Errno(-n)), nil
	}
	switch c := &g.call; c.Op {
	case sys.OpOpen:
		return tr.opened(t, int(n))
	case sys.OpRead, sys.OpReadlink:
		var data []byte
		var err error
		if g.vectors > 0 {
			data, err = t.gathered(g.buffer, g.vectors, n)
		} else {
			data, err = t.data(g.buffer, n)
		}
		return sys.Ret{Data: tr.public(shown(data))}, err
	case sys.OpWrite, sys.OpForeign:
		return sys.Ret{N: n + int64(g.grown)}, nil
	case sys.OpFstat:
		return tr.stat(t, fmt.Sprintf("/proc/%d/fd/%d", t.tid, c.FD), true)
	case sys.OpStat, sys.OpLstat:
		return tr.stat(t, tr.path(c.Path), c.Op == sys.OpStat)
	case sys.OpMkdir, sys.OpSymlink:
		return tr.made(c.Path)
	case sys.OpStatfs:
		var fs unix.Statfs_t
		err := unix.Statfs(tr.place.Path(), &fs)
		return sys.Ret{N: int64(fs.Type)}, err
	case sys.OpFcntl:
		return tr.found(t)
	}
	return sys.OK(), nil
}

// path returns where the file with that name in a schedule is.
func (tr *tracer) path(name string) string {
	for pid, known := range tr.named {
		name = string(bytes.ReplaceAll([]byte(name), []byte(known), []byte(strconv.Itoa(pid))))
	}
	return tr.place.Path() + "/" + name
}

func (tr *tracer) opened(t *task, fd int) (sys.Ret, error) {
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", t.tid, fd), &st); err != nil {
		return sys.Ret{}, fmt.Errorf("look at what %s has opened: %w", t.gate.call, err)
	}
	created := t.gate.call.Flags&sys.O_CREAT != 0 && !t.gate.existed
	return sys.Ret{N: int64(fd), Ino: tr.place.Ino(&st, created)}, nil
}

// stat tells what a call is told that asks for the file there, and corrects it.
func (tr *tracer) stat(t *task, path string, follow bool) (sys.Ret, error) {
	var st unix.Stat_t
	flags := 0
	if !follow {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	if err := unix.Fstatat(unix.AT_FDCWD, path, &st, flags); err != nil {
		return sys.Ret{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return sys.Ret{Stat: tr.place.Stat(&st)}, tr.correct(t, &st)
}

// made names the file that a call has made.
func (tr *tracer) made(name string) (sys.Ret, error) {
	var st unix.Stat_t
	if err := unix.Lstat(tr.path(name), &st); err != nil {
		return sys.Ret{}, fmt.Errorf("look at %s: %w", name, err)
	}
	return sys.Ret{Ino: tr.place.Ino(&st, true)}, nil
}

// found returns the lock that F_GETLK tells of.
func (tr *tracer) found(t *task) (sys.Ret, error) {
	c := &t.gate.call
	if c.Flags != sys.F_GETLK && c.Flags != sys.F_OFD_GETLK {
		return sys.OK(), nil
	}
	var buf [32]byte
	if err := t.read(*t.regs.arg(2), buf[:]); err != nil {
		return sys.Ret{}, err
	}
	r := sys.Record{
		Type:  int16(binary.NativeEndian.Uint16(buf[:])),
		Start: int64(binary.NativeEndian.Uint64(buf[8:])),
		Len:   int64(binary.NativeEndian.Uint64(buf[16:])),
	}
	if r.Type == sys.F_UNLCK {
		return sys.Ret{Record: sys.Record{Type: r.Type, Start: r.Start, Len: r.Len}}, nil
	}
	r.PID = sys.OFD
	holder := int(int32(binary.NativeEndian.Uint32(buf[24:])))
	for _, p := range tr.programs {
		if slices.ContainsFunc(p.tasks, func(t *task) bool { return t.process.pid == holder }) {
			r.PID = sys.PIDOf(p.proc)
		}
	}
	return sys.Ret{Record: r}, nil
}

// settleTimes sets the mtimes that the task's call has moved to virtual time.
func (tr *tracer) settleTimes(t *task) error {
	if err := tr.place.Settle(tr.now.Wall); err != nil {
		return err
	}
	var st unix.Stat_t
	link := fmt.Sprintf("/proc/%d/fd/%d", t.tid, t.gate.call.FD)
	if t.gate.call.FD > 0 && unix.Stat(link, &st) == nil && st.Nlink == 0 {
		return tr.place.SettleFile(link, tr.now.Wall)
	}
	return nil
}

// closesOnExec reports whether the descriptor is one that exec closes.
func closesOnExec(tid int, fd string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", tid, fd))
	if err != nil {
		return false
	}
	for line := range bytes.Lines(text) {
		if octal, ok := bytes.CutPrefix(line, []byte("flags:")); ok {
			flags, err := strconv.ParseInt(string(bytes.TrimSpace(octal)), 8, 64)
			return err == nil && flags&unix.O_CLOEXEC != 0
		}
	}
	return false
}
