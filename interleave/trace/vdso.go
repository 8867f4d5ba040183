//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A vdso is the library that the kernel maps into every process, in which programs
// ask for the time without a call. All processes have the same one.
//
// It is replaced where it is mapped: its functions are led to code of ours, which
// answers with times that are written beside it. That code, and what is passed to
// the kernel, has its place behind the library's own, where sections were that
// nobody loads.
type vdso struct {
	spare     uintptr            // what is behind is in nobody's use, up to the end of the page
	functions map[string]uintptr // those that tell the time, by their names
}

// findVDSO returns this process's, which is the programs' too, or nil where it is
// not as it should be: then it is hidden from programs.
func findVDSO() *vdso {
	image, err := mappedVDSO()
	if err != nil {
		return nil
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil
	}
	text := file.Section(".text")
	symbols, err := file.DynamicSymbols()
	if text == nil || err != nil {
		return nil
	}
	v := &vdso{spare: uintptr(text.Offset+text.Size+15) &^ 15, functions: map[string]uintptr{}}
	for _, s := range symbols {
		v.functions[s.Name] = uintptr(s.Value)
	}
	if uintptr(len(image)) < v.spare+clockSize+trapSize+maxFilter || !v.replaceable() {
		return nil
	}
	return v
}

// maxFilter is more than the largest filter takes.
const maxFilter = 2 << 10

// mappedVDSO returns what is mapped.
func mappedVDSO() ([]byte, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		if !strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return nil, err
		}
		memory, err := os.Open("/proc/self/mem")
		if err != nil {
			return nil, err
		}
		defer memory.Close()
		image := make([]byte, to-from)
		_, err = memory.ReadAt(image, from)
		return image, err
	}
	return nil, unix.ENOENT
}

// times returns what the code answers with: seconds, nanoseconds and microseconds of
// the wall clock, seconds and nanoseconds of the monotonic one.
func times(wall, mono unix.Timespec) []byte {
	var out []byte
	for _, n := range []int64{wall.Sec, wall.Nsec, wall.Nsec / 1000, mono.Sec, mono.Nsec} {
		out = binary.NativeEndian.AppendUint64(out, uint64(n))
	}
	return out
}

// replaceVDSO puts our code into the library that is mapped at that address.
func (tr *tracer) replaceVDSO(t *task, at uintptr) error {
	for offset, code := range tr.vdso.patches() {
		if err := t.write(at+offset, code); err != nil {
			return err
		}
	}
	t.process.clock = at + tr.vdso.spare
	t.process.scratch = t.process.clock + clockSize
	return tr.setClock(t)
}

// setClock has the task's process find the trial's time.
func (tr *tracer) setClock(t *task) error {
	t.process.told = tr.now
	return t.write(t.process.clock, times(tr.place.Real(tr.now.Wall), unix.NsecToTimespec(int64(monotonicStart+tr.now.Mono))))
}

// setClocks does that for all processes of the program.
func (tr *tracer) setClocks(p *program) error {
	for _, t := range p.tasks {
		// A thread that has ended has no memory, though its number may stay.
		if t.process.clock != 0 && t.process.told != tr.now && !t.exits {
			if err := tr.setClock(t); err != nil {
				return err
			}
		}
	}
	return nil
}
