//go:build amd64 || arm64

package twin_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// A fileSystem is one to make calls on.
type fileSystem struct {
	name    string
	missing func() string           // why it is not to be had here; "" where it is
	dir     func(*testing.T) string // a directory on it; it may skip the test
}

// The first two are what tests find. The others are mounted where root runs the
// tests, in a mount namespace that nobody else sees and that ends with them.
var fileSystems = []fileSystem{
	{"disk", func() string { return "" }, func(t *testing.T) string { return t.TempDir() }},
	{"shm", unwritable("/dev/shm"), func(t *testing.T) string { return "/dev/shm" }},
	{"ext4", noTool("mkfs.ext4"), image("mkfs.ext4", "-q", "-E", "nodiscard")},
	{"xfs", noTool("mkfs.xfs"), image("mkfs.xfs", "-q", "-K")},
	{"btrfs", noTool("mkfs.btrfs"), image("mkfs.btrfs", "-q", "-K")},
	{"overlayfs", noTool("mount"), overlay},
}

// open returns a machine on the file system, or skips the test. The test's
// thread is of no other use afterwards: machine and thread keep to one
// processor, and the mounts are the thread's.
func (f fileSystem) open(t *testing.T) *linux.Workers {
	if reason := f.missing(); reason != "" {
		t.Skipf("SKIPPED: %s", reason)
	}
	runtime.LockOSThread()
	w, err := linux.OpenWorkers(f.dir(t))
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	// Tests of several packages run at once: not all on the first processor.
	if err := w.Pin(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	return w
}

func unwritable(dir string) func() string {
	return func() string {
		if err := unix.Access(dir, unix.W_OK); err != nil {
			return fmt.Sprintf("write to %s: %v", dir, err)
		}
		return ""
	}
}

// noTool says why nothing can be mounted that needs the tool.
func noTool(tool string) func() string {
	return func() string {
		if os.Geteuid() != 0 {
			return "only root can mount a file system"
		}
		if _, err := exec.LookPath(tool); err != nil {
			return err.Error()
		}
		return ""
	}
}

// imageSize is enough for any: mkfs.xfs asks for 300 MB. It is sparse, in
// memory.
const imageSize = 512 << 20

// image makes a file system in a file and mounts it.
func image(mkfs ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		memory := private(t)
		file, dir := filepath.Join(memory, "image"), filepath.Join(memory, "dir")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, imageSize); err != nil {
			t.Fatal(err)
		}
		try(t, append(mkfs, file)...)
		mount(t, dir, "-o", "loop", file)
		return dir
	}
}

// overlay mounts two directories as one. The upper one is changed.
func overlay(t *testing.T) string {
	memory := private(t)
	for _, dir := range []string{"lower", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(memory, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(memory, "dir")
	mount(t, dir, "-t", "overlay", "-o", fmt.Sprintf("lowerdir=%s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", memory), "none")
	return dir
}

// private gives this thread mounts of its own, and a directory in memory.
func private(t *testing.T) string {
	dir := t.TempDir()
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err != nil {
		t.Skipf("SKIPPED: make a private mount namespace: %v", err)
	}
	mount(t, dir, "-t", "tmpfs", "none")
	return dir
}

// mount mounts something on the directory, with these arguments of mount(8).
func mount(t *testing.T, dir string, args ...string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	try(t, append(append([]string{"mount"}, args...), dir)...)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}

// try runs a command. The test is skipped where that fails: a machine may have
// the tool and not the module.
func try(t *testing.T, command ...string) {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %s: %v: %s", command, err, out)
	}
}
