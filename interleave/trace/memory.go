//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxText is the longest path that the kernel takes.
const maxText = 4096

// page is the least at which what is mapped and what is not can lie side by side.
const page = 4096

// read fills buf from the task's memory.
func (t *task) read(at uint64, buf []byte) error {
	local := []unix.Iovec{{Base: &buf[0], Len: uint64(len(buf))}}
	n, err := unix.ProcessVMReadv(t.tid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(buf)}}, 0)
	if err == nil && n < len(buf) {
		err = unix.EFAULT
	}
	if err != nil {
		return fmt.Errorf("read memory of process %d: %w", t.tid, err)
	}
	return nil
}

// write fills the task's memory, also where it may not write itself.
func (t *task) write(at uintptr, data []byte) error {
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/mem", t.tid), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		var n int
		if n, err = unix.Pwrite(fd, data, int64(at)); err == nil && n < len(data) {
			err = unix.ESRCH // its memory is gone
		}
		unix.Close(fd)
	}
	if err != nil {
		return fmt.Errorf("write memory of process %d: %w", t.tid, err)
	}
	return nil
}

// put fills the task's memory as the kernel would for it.
func (t *task) put(at uint64, data []byte) error {
	local := []unix.Iovec{{Base: &data[0], Len: uint64(len(data))}}
	n, err := unix.ProcessVMWritev(t.tid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(data)}}, 0)
	if err == nil && n < len(data) {
		err = unix.EFAULT
	}
	return err
}

// text returns the text at that address, up to its zero.
func (t *task) text(at uint64) (string, error) {
	var out []byte
	var buf [256]byte
	for len(out) < maxText {
		n := min(len(buf), int(page-(at+uint64(len(out)))%page))
		if err := t.read(at+uint64(len(out)), buf[:n]); err != nil {
			return "", err
		}
		if i := bytes.IndexByte(buf[:n], 0); i >= 0 {
			return string(append(out, buf[:i]...)), nil
		}
		out = append(out, buf[:n]...)
	}
	return string(out), nil
}

// word returns the i-th of the words at that address.
func (t *task) word(at uint64, i int) (uint64, error) {
	var buf [8]byte
	err := t.read(at+8*uint64(i), buf[:])
	return binary.NativeEndian.Uint64(buf[:]), err
}

// maxData is how much of what is read or written a schedule shows.
const maxData = 200

// data returns up to n bytes at that address, or as many as are shown.
func (t *task) data(at uint64, n int64) ([]byte, error) {
	if n <= 0 {
		return nil, nil
	}
	buf := make([]byte, min(n, maxData+1))
	return buf, t.read(at, buf)
}

// gathered returns what a list of n buffers holds, up to size bytes.
func (t *task) gathered(list, n uint64, size int64) ([]byte, error) {
	var out []byte
	for i := 0; i < int(n) && int64(len(out)) < min(size, maxData+1); i++ {
		base, err := t.word(list, 2*i)
		if err != nil {
			return nil, err
		}
		length, err := t.word(list, 2*i+1)
		if err != nil {
			return nil, err
		}
		part, err := t.data(base, min(int64(length), size-int64(len(out))))
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}
