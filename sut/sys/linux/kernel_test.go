//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestEveryCallOnEachCarrier(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		k := boot(t, m, 1, sys.Entry{Name: "old", Content: "17", Age: 31 * time.Second},
			sys.Entry{Name: "d", Kind: sys.Directory, Age: time.Hour},
			sys.Entry{Name: "d/in", Age: time.Minute})
		play(t, k, `
			p0 stat("old") = {A, size=2, nlink=1, mtime=@-31s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@-3600s}
			p0 stat("d/in") = {C, size=0, nlink=1, mtime=@-60s}
			p0 open("old", O_RDONLY) = 3<A>
			p0 read(3) = "17"
			p0 read(3) = ""
			p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = 4<D>
			p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST
			p0 open("none", O_RDWR) = -1 ENOENT
			p0 close(3) = 0
			p0 close(3) = -1 EBADF
			p0 open("l", O_WRONLY|O_APPEND) = 3<D>
			p0 write(3, "x\x00y") = 3
			p0 read(3) = -1 EBADF
			p0 read(4) = "x\x00y"
			p0 ftruncate(4, 1) = 0
			p0 fstat(4) = {D, size=1, nlink=1, mtime=@0s}
			p0 fsync(4) = 0
			p0 fchmod(4, 0400) = 0
			p0 flock(4, LOCK_EX) = 0
			p0 flock(3, LOCK_SH|LOCK_NB) = -1 EAGAIN
			p0 flock(3, LOCK_SH) = ?
			p0 flock(4, LOCK_UN) = 0
			p0 flock(3, LOCK_SH) = 0
			p0 flock(3, 0x3) = -1 EINVAL
			p0 fcntl(4, F_SETLK, {F_WRLCK, start=0, len=0}) = 0
			p0 fcntl(4, F_GETLK, {F_WRLCK, start=0, len=0}) = {F_UNLCK, start=0, len=0}
			p0 fcntl(3, F_OFD_GETLK, {F_RDLCK, start=7, len=2}) = {F_WRLCK, start=0, len=0, p0}
			p0 fcntl(3, F_OFD_SETLK, {F_WRLCK, start=0, len=0}) = -1 EAGAIN
			p0 fcntl(3, F_OFD_SETLKW, {F_WRLCK, start=0, len=0}) = ?
			p0 fcntl(3, F_SETLKW, {F_RDLCK, start=0, len=0}) = -1 EBADF
			p0 interrupt() = 0
			p0 dup(4) = 5<D>
			p0 dup(5) = 6<D>
			p0 close(5) = 0
			p0 close(6) = 0
			p0 dup(6) = -1 EBADF
			p0 link("l", "l2") = 0
			p0 fstat(4) = {D, size=1, nlink=2, mtime=@0s}
			p0 renameat2("l2", "l3", 0) = 0
			p0 renameat2("l3", "old", RENAME_NOREPLACE) = -1 EEXIST
			p0 renameat2("l3", "old", RENAME_EXCHANGE) = 0
			p0 lstat("old") = {D, size=1, nlink=2, mtime=@0s}
			p0 lstat("l3") = {A, size=2, nlink=1, mtime=@-31s}
			p0 symlink("old", "s") = 0
			p0 readlink("s") = "old"
			p0 readlink("old") = -1 EINVAL
			p0 lstat("s") = {E, symlink, size=3, nlink=1, mtime=@0s}
			p0 stat("s") = {D, size=1, nlink=2, mtime=@0s}
			p0 open("s", O_RDONLY|O_NOFOLLOW) = -1 ELOOP
			p0 mkdir("d2", 0700) = 0
			p0 lstat("d2") = {F, dir, size=0, nlink=0, mtime=@0s}
			p0 open("d2", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 5<F>
			p0 open("old", O_RDONLY|O_DIRECTORY) = -1 ENOTDIR
			p0 flock_held("old") = yes
			p0 flock_held("l3") = no
			p0 flock_held("none") = -1 ENOENT
			p0 getpid() = p0
			p0 alive(p0) = yes
			p0 alive(p1) = no
			p0 load("none") = ""
			p0 store("data", "12") = 0
			p0 lstat("data") = {G, size=2, nlink=1, mtime=@0s}
			p0 store("data", "3") = 0
			p0 load("data") = "3"
			p0 utimes("data", -5s) = 0
			p0 lstat("data") = {G, size=1, nlink=1, mtime=@-5s}
			p0 utimes("none", 0s) = -1 ENOENT
			p0 rmdir("d2") = 0
			p0 rmdir("d") = -1 ENOTEMPTY
			p0 unlink("d/in") = 0
			p0 unlink("old") = 0
			p0 fstat(4) = {D, size=1, nlink=1, mtime=@0s}
			p0 open("", O_RDONLY) = -1 ENOENT
			p0 fstat(99) = -1 EBADF
			p0 close(1) = -1 EBADF
			p0 close(500) = -1 EBADF
			p0 close(-1) = -1 EBADF`)
		magic := map[string]string{"ext4": "0xef53", "tmpfs": "0x1021994"}[m.Profile()]
		if magic == "" {
			t.Skipf("SKIPPED: statfs on profile %s", m.Profile())
		}
		play(t, k, `p0 statfs(".") = `+magic+`
			p0 statfs("none") = -1 ENOENT`)
	})
}

func TestMovedTimesAreVirtual(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		k := boot(t, m, 1, sys.Entry{Name: "l", Content: "x", Age: time.Hour},
			sys.Entry{Name: "d", Kind: sys.Directory, Age: time.Hour})
		play(t, k, `
			at 1s
			p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
			p0 fstat(3) = {A, size=1, nlink=1, mtime=@-3600s}
			p0 write(3, "") = 0
			p0 ftruncate(3, -1) = -1 EINVAL
			p0 fchmod(3, 0644) = 0
			p0 flock(3, LOCK_EX) = 0
			p0 fstat(3) = {A, size=1, nlink=1, mtime=@-3600s}
			p0 ftruncate(3, 1) = 0
			p0 fstat(3) = {A, size=1, nlink=1, mtime=@1s}
			at 2s
			p0 ftruncate(3, 0) = 0
			p0 stat("l") = {A, size=0, nlink=1, mtime=@2s}
			at 3s
			p0 write(3, "y") = 1
			p0 stat("l") = {A, size=1, nlink=1, mtime=@3s}
			at 1500ms
			p0 open("l", O_RDWR|O_CREAT|O_TRUNC, 0600) = 4<A>
			p0 stat("l") = {A, size=0, nlink=1, mtime=@1.5s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@-3600s}
			at 4s
			p0 open("d/f", O_RDWR|O_CREAT|O_TRUNC, 0600) = 5<C>
			p0 fstat(5) = {C, size=0, nlink=1, mtime=@4s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@4s}
			at 5s
			p0 open("d/f", O_RDWR|O_CREAT, 0600) = 6<C>
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@4s}
			p0 link("l", "d/l") = 0
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@5s}
			p0 stat("l") = {A, size=0, nlink=2, mtime=@1.5s}
			at 6s
			p0 mkdir("d/e/", 0755) = 0
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@6s}
			p0 stat("d/e") = {D, dir, size=0, nlink=0, mtime=@6s}
			at 7s
			p0 renameat2("d/f", "d/e/f", 0) = 0
			p0 stat("d/e/f") = {C, size=0, nlink=1, mtime=@4s}
			p0 stat("d/e") = {D, dir, size=0, nlink=0, mtime=@7s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@7s}
			at 8s
			p0 unlink("d/e/f") = 0
			p0 stat("d/e") = {D, dir, size=0, nlink=0, mtime=@8s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@7s}
			at 9s
			p0 symlink("nowhere", "d/s") = 0
			p0 lstat("d/s") = {E, symlink, size=7, nlink=1, mtime=@9s}
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@9s}
			at 10s
			p0 rmdir("d/e") = 0
			p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@10s}
			at 11s
			out unlink("d/l") = 0
			out stat("d") = {B, dir, size=0, nlink=0, mtime=@11s}
			p0 stat(".") = {?, dir, size=0, nlink=0, mtime=@0s}
			p0 renameat2("d/s", "s", 0) = 0
			p0 stat(".") = {?, dir, size=0, nlink=0, mtime=@11s}`)
	})
}

func TestInodesAreNamedInOrderOfCreation(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		for range 2 { // a trial knows nothing of the one before
			k := boot(t, m, 1, sys.Entry{Name: "z"}, sys.Entry{Name: "a"})
			play(t, k, `
				p0 stat("a") = {B, size=0, nlink=1, mtime=@0s}
				p0 open("n", O_WRONLY|O_CREAT, 0600) = 3<C>
				p0 open("z", O_RDONLY) = 4<A>
				p0 mkdir("m", 0700) = 0
				p0 symlink("x", "s") = 0
				p0 open("e", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5<F>
				p0 lstat("m") = {D, dir, size=0, nlink=0, mtime=@0s}
				p0 lstat("s") = {E, symlink, size=1, nlink=1, mtime=@0s}`)
		}
	})
}

// On ext4 a new file takes the number of the one that went just before, unless
// somebody else takes it first. In either case it is another file.
func TestANewFileIsNeverTakenForTheOneBefore(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		for _, flags := range []int{0, sys.O_EXCL, sys.O_TRUNC} {
			k := boot(t, m, 1, sys.Entry{Name: "l"})
			old := sys.Ino{Num: 1}
			for range 5 {
				play(t, k, `p0 unlink("l") = 0`)
				r, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT | flags, Mode: 0o600})
				if err != nil || r.Err != 0 || r.Ino == old {
					t.Fatalf("flags %#x: found %s, %v, wanted another file than %s", flags, r.Format(sys.OpOpen), err, old)
				}
				old = r.Ino
			}
		}
	})
}

func TestANumberUsedAgainNamesAnotherFile(t *testing.T) {
	tr := newTrial()
	for _, step := range []struct {
		raw     uint64
		created bool
		want    string
	}{{70, true, "A"}, {71, true, "B"}, {70, false, "A"}, {70, true, "A'"}, {70, false, "A'"}, {70, true, "A'2"}, {72, false, "C"}} {
		if found := tr.name(step.raw, step.created).String(); found != step.want {
			t.Errorf("inode %d (created: %v): found %s, wanted %s", step.raw, step.created, found, step.want)
		}
	}
}

func TestBootLeavesNothingOfTheTrialBefore(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		before := boot(t, m, 1)
		play(t, before, `
			p0 mkdir("d", 0755) = 0
			p0 mkdir("d/e", 0755) = 0
			p0 open("d/e/f", O_RDWR|O_CREAT, 0000) = 3<C>
			p0 mkdir("closed", 0000) = 0
			p0 symlink("d", "s") = 0
			p0 open("l", O_RDWR|O_CREAT, 0600) = 4<F>
			p0 flock(4, LOCK_EX) = 0`)
		k := boot(t, m, 1, sys.Entry{Name: "l"})
		play(t, k, `
			p0 lstat("d") = -1 ENOENT
			p0 lstat("s") = -1 ENOENT
			p0 fstat(3) = -1 EBADF
			p0 open("l", O_RDWR) = 3<A>
			p0 flock(3, LOCK_EX|LOCK_NB) = 0`)
		if _, err := before.Do(sys.TID{}, sys.Call{Op: sys.OpClose, FD: 3}); err == nil {
			t.Error("a call of the trial before succeeded")
		}
	})
}

func TestCallsThatNoKernelCarries(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		k := boot(t, m, 1)
		for _, c := range []sys.Call{
			{Op: sys.OpSleep}, {Op: sys.OpOlder}, {Op: sys.OpInside}, {Op: sys.OpGo}, {}, {Op: 200},
			{Op: sys.OpOpen, Path: "/etc/passwd"}, {Op: sys.OpUnlink, Path: "../x"},
			{Op: sys.OpRename, Path: "x", Path2: "../../x"}, {Op: sys.OpSymlink, Path: "x", Path2: "/etc"},
			{Op: sys.OpStat, Path: "a\x00b"}, {Op: sys.OpWrite, FD: 3, Data: strings.Repeat("x", frameBuf)},
			{Op: sys.OpKill, N: 7}, {Op: sys.OpMutex, Path: "m"}, {Op: sys.OpSwap, Path: "c"},
		} {
			if r, err := k.Do(sys.TID{}, c); err == nil {
				t.Errorf("%.40s = %s, wanted an error", c, r.Format(c.Op))
			}
		}
		if _, err := k.Do(sys.TID{Proc: 3}, sys.Call{Op: sys.OpStat, Path: "x"}); err == nil {
			t.Error("a process that the trial has not made a call")
		}
		if _, err := k.Do(sys.Outside, sys.Call{Op: sys.OpOpen, Path: "x"}); err == nil {
			t.Error("the environment opened a file")
		}
	})
}

func TestDirectoryErrors(t *testing.T) {
	for _, dir := range []string{filepath.Join(t.TempDir(), "none"), "/proc"} {
		for name, open := range map[string]func(string) error{
			"workers": func(dir string) error { _, err := OpenWorkers(dir); return err },
			"direct":  func(dir string) error { _, err := OpenDirect(dir); return err },
			"free":    func(dir string) error { _, err := OpenFree(dir); return err },
		} {
			wanted := fmt.Sprintf("make a directory in %s: no such file or directory", dir)
			if err := open(dir); err == nil || err.Error() != wanted {
				t.Errorf("%s: found error %v, wanted %s", name, err, wanted)
			}
		}
	}
}

func TestDirectIsOneProcess(t *testing.T) {
	d := openDirect(t, "")
	if _, err := d.Boot(sys.Setup{Procs: 2}); err == nil || !strings.Contains(err.Error(), "wanted 1") {
		t.Errorf("two processes: found error %v", err)
	}
	k := boot(t, d, 1)
	for _, op := range []sys.Op{sys.OpKill, sys.OpFork, sys.OpExec, sys.OpExit, sys.OpDaemon} {
		if _, err := k.Do(sys.TID{}, sys.Call{Op: op}); err == nil {
			t.Errorf("%s: this process lives on and is alone", op)
		}
	}
	if _, err := os.Stat(d.room.path); err != nil {
		t.Error(err)
	}
}
