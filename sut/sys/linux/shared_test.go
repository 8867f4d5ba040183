//go:build linux && (amd64 || arm64)

package linux

import (
	"os"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// Two that share a directory see each other's files and are kept out by each
// other's locks; neither a start nor a close removes anything.
func TestADirectoryIsShared(t *testing.T) {
	dir := t.TempDir()
	var both [2]*Free
	for i := range both {
		f, err := OpenShared(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Start(sys.Setup{}); err != nil {
			t.Fatal(err)
		}
		f.Number([]int{0, os.Getpid()})
		both[i] = f
	}
	a, b := both[0], both[1]
	fd := int(do(t, a, sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT | sys.O_EXCL, Mode: 0o600}).N)
	do(t, a, sys.Call{Op: sys.OpFlock, FD: fd, Flags: sys.LOCK_EX})
	first := do(t, a, sys.Call{Op: sys.OpFstat, FD: fd}).Stat
	if at := first.Mtime.At; at < -time.Second || at > time.Minute {
		t.Errorf("a file made just now has mtime @%s", at)
	}
	other := int(do(t, b, sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR}).N)
	if r, err := b.Do(sys.Call{Op: sys.OpFlock, FD: other, Flags: sys.LOCK_EX | sys.LOCK_NB}); err != nil || r.Err != sys.EWOULDBLOCK {
		t.Errorf("found %s, %v, wanted the lock refused", r.Format(sys.OpFlock), err)
	}
	do(t, a, sys.Call{Op: sys.OpMkdir, Path: "d", Mode: 0o700})
	do(t, a, sys.Call{Op: sys.OpRename, Path: "l", Path2: "d/l"})
	if s := do(t, a, sys.Call{Op: sys.OpStat, Path: "d/l"}).Stat; !sys.SameFile(s, first) {
		t.Errorf("found %s at the new name, wanted %s", s.Ino, first.Ino)
	}
	if n := do(t, b, sys.Call{Op: sys.OpGetpid}).N; n != 1 {
		t.Errorf("found process %d, wanted 1", n)
	}
	for _, f := range both {
		if _, err := f.Start(sys.Setup{}); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dir + "/d/l"); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
}
