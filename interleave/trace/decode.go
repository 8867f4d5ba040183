//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func foreignCall(name, data string) sys.Call {
	return sys.Call{Op: sys.OpForeign, Path: name, Data: data}
}

// A reader reads a call's arguments.
type reader struct {
	tr     *tracer
	t      *task
	inside bool // something of the trial's directory is among them

	dir     int      // that the next path is relative to
	empty   bool     // a path was empty: the directory itself is meant
	paths   []string // as schedules have them
	printed []string
	g       gate
}

// decode makes the call that the task is about to make its gate. It reports false
// where that is not about the trial's directory.
func (tr *tracer) decode(t *task) (bool, error) {
	r := &reader{tr: tr, t: t, dir: unix.AT_FDCWD}
	for i, kind := range t.spec.args {
		if err := r.look(i, kind); err != nil {
			return false, nil // what cannot be read is not there: the call will fail
		}
	}
	if !r.inside {
		return false, nil
	}
	r.g.call.Op = t.spec.op
	for i, kind := range t.spec.args {
		if err := r.argument(i, kind); err != nil {
			return false, err
		}
	}
	r.shape()
	t.gate = r.g
	return true, nil
}

// look finds the paths, and whether the call is about the trial.
func (r *reader) look(i int, kind rune) error {
	arg := *r.t.regs.arg(i)
	switch kind {
	case 'd':
		r.dir = int(int32(arg))
	case 'f':
		r.inside = r.inside || r.tr.leads(r.t, int(int32(arg)))
	case 'p':
		text, err := r.t.text(arg)
		if err != nil {
			return err
		}
		path, inside, err := r.tr.resolve(r.t, r.dir, text)
		if err != nil {
			return err
		}
		r.empty = text == ""
		r.inside = r.inside || inside
		r.paths = append(r.paths, path)
		if r.dir >= 0 {
			r.g.call.FD = r.dir
		}
		r.dir = unix.AT_FDCWD
	}
	return nil
}

// resolve returns the path as schedules have it, relative to the trial's directory
// where it is inside.
func (tr *tracer) resolve(t *task, dir int, path string) (string, bool, error) {
	if !filepath.IsAbs(path) {
		link := fmt.Sprintf("/proc/%d/cwd", t.tid)
		if dir >= 0 {
			link = fmt.Sprintf("/proc/%d/fd/%d", t.tid, dir)
		}
		base, err := readlink(link)
		if err != nil {
			return "", false, err
		}
		path = base + "/" + path
	}
	path = filepath.Clean(path)
	rest, inside := strings.CutPrefix(path+"/", tr.place.Path()+"/")
	if !inside {
		return path, false, nil
	}
	if rest = strings.TrimSuffix(rest, "/"); rest == "" {
		rest = "."
	}
	return tr.public(rest), true, nil
}

// leads reports whether the task's descriptor leads into the trial's directory.
func (tr *tracer) leads(t *task, fd int) bool {
	if fd < 0 {
		return false
	}
	path, err := readlink(fmt.Sprintf("/proc/%d/fd/%d", t.tid, fd))
	return err == nil && tr.inside(path)
}

func (tr *tracer) inside(path string) bool {
	return strings.HasPrefix(path, tr.place.Path()+"/") || path == tr.place.Path()
}

func readlink(path string) (string, error) {
	var buf [maxText]byte
	n, err := unix.Readlink(path, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// closes reports whether the kernel will close descriptors of the trial's when the
// task ends its process, or runs another program in it.
func (tr *tracer) closes(t *task) bool {
	if !t.process.files {
		return false
	}
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", t.tid))
	if err != nil {
		return false
	}
	defer dir.Close()
	list, err := dir.Readdirnames(-1)
	return err == nil && slices.ContainsFunc(list, func(fd string) bool {
		path, err := readlink(dir.Name() + "/" + fd)
		return err == nil && tr.inside(path) && (t.spec.name != "execve" || closesOnExec(t.tid, fd))
	})
}

// argument adds one to the call.
func (r *reader) argument(i int, kind rune) error {
	arg, c := *r.t.regs.arg(i), &r.g.call
	var err error
	switch kind {
	case 'p':
		path := r.paths[0]
		r.paths = r.paths[1:]
		if c.Path == "" {
			c.Path = path
		} else {
			c.Path2 = path
		}
		r.print(strconv.Quote(path))
	case 's':
		c.Path2, err = r.t.text(arg)
		r.print(strconv.Quote(c.Path2))
	case 'f':
		c.FD = int(int32(arg))
		r.print(strconv.Itoa(c.FD))
	case 'o':
		c.Flags = int(uint32(arg))
	case 'h':
		err = r.how(arg)
	case 'm':
		c.Mode = uint32(arg) & 0o7777
		r.print(fmt.Sprintf("%04o", c.Mode))
	case 'i':
		c.Flags = int(int32(arg))
		c.N = int64(arg)
		r.print(strconv.FormatInt(int64(arg), 10))
	case 'r':
		err = r.record(arg)
	case 'b', 'v':
		err = r.buffer(i, kind)
	}
	return err
}

func (r *reader) print(text string) { r.printed = append(r.printed, text) }

// how reads struct open_how.
func (r *reader) how(at uint64) error {
	flags, err := r.t.word(at, 0)
	if err != nil {
		return err
	}
	mode, err := r.t.word(at, 1)
	r.g.call.Flags, r.g.call.Mode = int(flags), uint32(mode)&0o7777
	return err
}

// record reads struct flock.
func (r *reader) record(at uint64) error {
	var buf [32]byte
	if err := r.t.read(at, buf[:]); err != nil {
		return err
	}
	r.g.call.Record = sys.Record{
		Type:  int16(binary.NativeEndian.Uint16(buf[:])),
		Start: int64(binary.NativeEndian.Uint64(buf[8:])),
		Len:   int64(binary.NativeEndian.Uint64(buf[16:])),
	}
	return nil
}

// buffer reads what is written, or notes where what is read will be.
func (r *reader) buffer(i int, kind rune) error {
	at, n := *r.t.regs.arg(i), *r.t.regs.arg(i + 1)
	if r.t.spec.op != sys.OpWrite {
		r.g.buffer = at
		if kind == 'v' {
			r.g.vectors = n
		}
		return nil
	}
	var data []byte
	var err error
	if kind == 'b' {
		data, err = r.t.data(at, int64(n))
	} else {
		data, err = r.t.gathered(at, n, maxData+1)
	}
	text := shown(data)
	r.g.call.Data = r.tr.public(text)
	r.g.grown = len(r.g.call.Data) - len(text)
	return err
}

// shown returns what a schedule shows of data.
func shown(data []byte) string {
	if len(data) <= maxData {
		return strings.ToValidUTF8(string(data), "\uFFFD")
	}
	return strings.ToValidUTF8(string(data[:maxData]), "\uFFFD") + "…"
}
