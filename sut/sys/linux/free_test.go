//go:build linux && (amd64 || arm64)

package linux

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func openFree(t *testing.T, files ...sys.Entry) *Free {
	t.Helper()
	f, err := OpenFree("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := f.Start(sys.Setup{Procs: 1, Files: files}); err != nil {
		t.Fatal(err)
	}
	return f
}

func do(t *testing.T, f *Free, c sys.Call) sys.Ret {
	t.Helper()
	r, err := f.Do(c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Err != 0 {
		t.Fatalf("%s: %v", c, r.Err)
	}
	return r
}

func TestFreeTellsRealTimes(t *testing.T) {
	f := openFree(t, sys.Entry{Name: "old", Age: time.Hour})
	if at := do(t, f, sys.Call{Op: sys.OpStat, Path: "old"}).Stat.Mtime.At; at != -time.Hour {
		t.Errorf("a file made an hour before the start has mtime @%s", at)
	}
	fd := int(do(t, f, sys.Call{Op: sys.OpOpen, Path: "old", Flags: sys.O_RDWR | sys.O_CREAT}).N)
	do(t, f, sys.Call{Op: sys.OpFtruncate, FD: fd})
	s := do(t, f, sys.Call{Op: sys.OpFstat, FD: fd}).Stat
	if s.Mtime.At < -time.Second || s.Mtime.At > time.Minute {
		t.Errorf("a file truncated just now has mtime @%s", s.Mtime.At)
	}
	if s.Ino != (sys.Ino{Num: 1}) {
		t.Errorf("the file is %s, wanted A", s.Ino)
	}
}

// While one thread holds the lock the others block in the kernel: the kernel
// itself says so, in /proc/locks.
func TestFreeLocksBlock(t *testing.T) {
	for _, ask := range []sys.Call{
		{Op: sys.OpFlock, Flags: sys.LOCK_EX},
		{Op: sys.OpFcntl, Flags: sys.F_OFD_SETLKW, Record: sys.Record{Type: sys.F_WRLCK}},
	} {
		f := openFree(t, sys.Entry{Name: "l"})
		lock := func() int {
			c := ask
			c.FD = int(do(t, f, sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR}).N)
			do(t, f, c)
			return c.FD
		}
		held := lock()
		done := make(chan int)
		go func() { done <- lock() }()
		untilItBlocks(t, f.room.path+"/l", done)
		do(t, f, sys.Call{Op: sys.OpClose, FD: held})
		<-done
	}
}

// untilItBlocks returns when somebody waits for a lock on the file.
func untilItBlocks(t *testing.T, path string, done chan int) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	waiting := []byte(fmt.Sprintf(":%d 0 EOF", st.Ino))
	for blocked := false; !blocked; {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil || !bytes.Contains(locks, waiting) {
			t.Skipf("SKIPPED: /proc/locks does not show our lock (%v)", err)
		}
		for line := range bytes.Lines(locks) {
			blocked = blocked || bytes.Contains(line, []byte("->")) && bytes.Contains(line, waiting)
		}
		select {
		case <-done:
			t.Fatal("two threads hold the lock")
		default:
		}
	}
}

func TestFreeFromManyGoroutines(t *testing.T) {
	f := openFree(t)
	var wg sync.WaitGroup
	var inside atomic.Int32
	for range 8 {
		wg.Go(func() {
			for range 100 {
				r, err := f.Do(sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT, Mode: 0o600})
				fd := int(r.N)
				_, err1 := f.Do(sys.Call{Op: sys.OpFlock, FD: fd, Flags: sys.LOCK_EX})
				if err != nil || err1 != nil {
					t.Error(err, err1)
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d threads hold the lock", n)
				}
				inside.Add(-1)
				if _, err := f.Do(sys.Call{Op: sys.OpClose, FD: fd}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(f.files.real); n > 8 {
		t.Errorf("8 threads with one file each used %d descriptors", n)
	}
}

// What the threads of this process share: no two are between Lock and Unlock.
func TestFreeThreadsShareMemory(t *testing.T) {
	f := openFree(t, sys.Entry{Name: "l"})
	n := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				do(t, f, sys.Call{Op: sys.OpMutex, Path: "m"})
				n++
				do(t, f, sys.Call{Op: sys.OpUnmutex, Path: "m"})
			}
		})
	}
	all.Wait()
	if n != 800 {
		t.Errorf("found %d steps, wanted 800", n)
	}
	for _, step := range []struct {
		c      sys.Call
		wanted string
	}{
		{sys.Call{Op: sys.OpUnmutex, Path: "m"}, "-1 EPERM"},
		{sys.Call{Op: sys.OpSwap, Path: "c", Data: "1"}, `""`},
		{sys.Call{Op: sys.OpSwap, Path: "c"}, `"1"`},
		{sys.Call{Op: sys.OpGet, Path: "f"}, "-1 ENOENT"},
		{sys.Call{Op: sys.OpPut, Path: "f", FD: 5}, "0"},
		{sys.Call{Op: sys.OpGet, Path: "f"}, "5<?>"},
		{sys.Call{Op: sys.OpPut, Path: "f"}, "0"},
		{sys.Call{Op: sys.OpGet, Path: "f"}, "-1 ENOENT"},
	} {
		if r, err := f.Do(step.c); err != nil || r.Format(step.c.Op) != step.wanted {
			t.Errorf("%s: found %s, %v, wanted %s", step.c, r.Format(step.c.Op), err, step.wanted)
		}
	}
	if _, err := f.Start(sys.Setup{Procs: 1}); err != nil {
		t.Fatal(err)
	}
	do(t, f, sys.Call{Op: sys.OpMutex, Path: "m"})
}
