//go:build amd64 || arm64

package twin_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A sight is what is seen of the real kernel by other eyes than the trial's
// calls.
type sight struct {
	walk    *walk
	workers *linux.Workers
	named   map[uint64]sys.Ino // inodes by their real numbers
	linked  map[uint64]bool    // those that have a name
	locked  map[string]bool    // lines of locks, as fdinfo tells them
	lines   []string
}

// realState returns the state of the real kernel. Only the names of inodes,
// and what stat(2) tells of them, are asked for by calls; these are compared as
// all others are.
func realState(w *walk, workers *linux.Workers) ([]string, error) {
	s := &sight{
		walk: w, workers: workers,
		named: map[uint64]sys.Ino{}, linked: map[uint64]bool{}, locked: map[string]bool{},
	}
	root := workers.Dir()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		return s.file(path, path[len(root)+1:], e)
	})
	if err != nil {
		return nil, err
	}
	for p := range w.procs {
		if err := s.process(p); err != nil {
			return nil, err
		}
	}
	return s.lines, s.procLocks()
}

// file notes a file that has a name.
func (s *sight) file(path, name string, e fs.DirEntry) error {
	var raw unix.Stat_t
	if err := unix.Lstat(path, &raw); err != nil {
		return err
	}
	st, err := s.ask(sys.Outside, sys.Call{Op: sys.OpLstat, Path: name}, raw.Ino)
	if err != nil {
		return err
	}
	s.linked[raw.Ino] = true
	s.lines = append(s.lines, fmt.Sprintf("%s -> %s", name, st))
	switch e.Type() {
	case fs.ModeSymlink:
		_, err = s.walk.kernel.Do(sys.Outside, sys.Call{Op: sys.OpReadlink, Path: name})
	case 0:
		var content []byte
		content, err = os.ReadFile(path)
		s.lines = append(s.lines, contentLine(name, string(content)))
	}
	return err
}

// ask makes a call that tells of the file with that real number. A number has
// one name, and a name one number.
func (s *sight) ask(id sys.TID, c sys.Call, raw uint64) (sys.Stat, error) {
	r, err := s.walk.kernel.Do(id, c)
	if err != nil || r.Err != 0 {
		return sys.Stat{}, fmt.Errorf("p%d %s = %s, %w", id.Proc, c, r.Format(c.Op), err)
	}
	for number, name := range s.named {
		if (number == raw) != (name == r.Stat.Ino) {
			return sys.Stat{}, fmt.Errorf("p%d %s: inode %d is %s, inode %d is %s", id.Proc, c, raw, r.Stat.Ino, number, name)
		}
	}
	s.named[raw] = r.Stat.Ino
	return r.Stat, nil
}

// process notes what a process has open, as /proc tells it.
func (s *sight) process(p int) error {
	pid := s.workers.PID(p)
	if pid == 0 {
		s.lines = append(s.lines, fmt.Sprintf("p%d dead", p))
		return nil
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return err
	}
	for _, e := range open {
		// What lies lower or higher is no descriptor of the trial's.
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 && fd < 500 {
			if err := s.descriptor(p, pid, fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sight) descriptor(p, pid, fd int) error {
	var raw unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), &raw); err != nil {
		return err
	}
	// By a thread of its own: who waits goes on waiting.
	st, err := s.ask(sys.TID{Proc: uint8(p), Thread: 1}, sys.Call{Op: sys.OpFstat, FD: fd}, raw.Ino)
	if err != nil {
		return err
	}
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return err
	}
	s.lines = append(s.lines, fmt.Sprintf("p%d %d<%s>", p, fd, st.Ino)+s.locks(p, st.Ino, string(info)))
	if !s.linked[raw.Ino] && st.Ino != (sys.Ino{}) {
		s.lines = append(s.lines, "(unlinked) -> "+st.Ino.String())
	}
	return nil
}

// locks notes the record locks in a file of /proc/PID/fdinfo, and returns the
// text of the flock(2) lock. Its lines are
//
//	lock:	1: FLOCK  ADVISORY  WRITE 4242 fe:00:131 0 EOF
//	lock:	2: POSIX  ADVISORY  READ 4242 fe:00:131 5 9
//	lock:	3: OFDLCK ADVISORY  WRITE -1 fe:00:131 0 EOF
func (s *sight) locks(p int, ino sys.Ino, info string) (flock string) {
	for line := range strings.Lines(info) {
		f := strings.Fields(line)
		if f[0] != "lock:" {
			continue
		}
		s.locked[strings.Join(f[2:], " ")] = true
		writes := f[4] == "WRITE"
		switch {
		case f[2] == "FLOCK" && writes:
			flock = " LOCK_EX"
		case f[2] == "FLOCK":
			flock = " LOCK_SH"
		default:
			s.lines = append(s.lines, fmt.Sprintf("%s %s", ino, recordOf(p, f[2] == "OFDLCK", writes, f[7], f[8])))
		}
	}
	return flock
}

// recordOf returns the lock with these first and last bytes.
func recordOf(p int, ofd, writes bool, first, last string) sys.Record {
	r := sys.Record{Type: sys.F_RDLCK, PID: sys.PIDOf(p)}
	if ofd {
		r.PID = sys.OFD
	}
	if writes {
		r.Type = sys.F_WRLCK
	}
	r.Start, _ = strconv.ParseInt(first, 10, 64)
	if end, err := strconv.ParseInt(last, 10, 64); err == nil { // and not EOF
		r.Len = end - r.Start + 1
	}
	return r
}

// procLocks looks in /proc/locks for locks of the trial's processes that none
// of their descriptors tells of. It proves nothing where that is empty, as in a
// new pid namespace.
func (s *sight) procLocks() error {
	all, err := os.ReadFile("/proc/locks")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(all)) {
		f := strings.Fields(line)
		for p := range s.walk.procs {
			pid := s.workers.PID(p)
			if pid != 0 && slices.Contains(f, strconv.Itoa(pid)) && !s.locked[strings.Join(f[1:], " ")] {
				return fmt.Errorf("p%d has a lock that none of its descriptors tells of: %s", p, line)
			}
		}
	}
	return nil
}
