//go:build linux && (amd64 || arm64)

package linux

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

const lockOnce = `
	p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
	p0 flock(3, LOCK_EX|LOCK_NB) = 0`

func TestFlockExcludesBetweenWorkers(t *testing.T) {
	for name, dir := range dirs(t) {
		t.Run(name, func(t *testing.T) {
			play(t, boot(t, openWorkers(t, dir), 3), lockOnce+`
				p1 open("l", O_RDWR) = 3<A>
				p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
				p1 flock(3, LOCK_EX) = ?
				p0 flock(3, LOCK_UN) = 0
				p1 flock(3, LOCK_EX) = 0
				p0 flock(3, LOCK_SH) = ?
				p1 close(3) = 0
				p0 flock(3, LOCK_SH) = 0
				p2 open("l", O_RDWR) = 3<A>
				p2 flock(3, LOCK_SH|LOCK_NB) = 0`)
		})
	}
}

// A conversion that has to wait gives the old lock up first: two upgrades do
// not wait for each other.
func TestConversionGivesUpTheOldLock(t *testing.T) {
	play(t, boot(t, openWorkers(t, ""), 3), `
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 open("l", O_RDWR) = 3<A>
		p2 open("l", O_RDWR) = 3<A>
		p0 flock(3, LOCK_SH) = 0
		p1 flock(3, LOCK_SH) = 0
		p0 flock(3, LOCK_EX) = ?
		p2 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
		p1 flock(3, LOCK_EX) = 0
		p0 flock(3, LOCK_EX) = ?
		p1 flock(3, LOCK_UN) = 0
		p0 flock(3, LOCK_EX) = 0`)
}

// A worker that is stopped while it has files open is noticed by Boot, and a
// stopped one does not keep Close from ending it.
func TestBootAndCloseEndAStoppedWorker(t *testing.T) {
	w := openWorkers(t, "")
	play(t, boot(t, w, 2), lockOnce)
	w.Timeout = 50 * time.Millisecond
	sendTo(t, w.workers[0].pid, unix.SIGSTOP)
	k := boot(t, w, 2)
	w.Timeout = 10 * time.Second
	play(t, k, lockOnce)
	sendTo(t, w.workers[0].pid, unix.SIGSTOP)
}

// Nobody asks anything of a worker without open files before the next trial.
func TestBootNoticesAnIdleWorkersDeath(t *testing.T) {
	w := openWorkers(t, "")
	boot(t, w, 2)
	pid := w.workers[1].pid
	fd := pidfd(t, pid)
	sendTo(t, pid, unix.SIGKILL)
	ended(t, pid, fd)
	play(t, boot(t, w, 2), strings.ReplaceAll(lockOnce, "p0", "p1"))
}

func TestStoppedZygoteIsReplaced(t *testing.T) {
	w := openWorkers(t, "")
	play(t, boot(t, w, 1), lockOnce)
	sendTo(t, w.nursery.process.Pid, unix.SIGSTOP)
	w.nursery.timeout, w.Timeout = 50*time.Millisecond, 50*time.Millisecond
	if _, err := w.Boot(sys.Setup{Procs: 2}); err != nil {
		// Where the machine is loaded a new zygote may need longer than that.
		t.Log(err)
	}
	w.Timeout = 10 * time.Second
	play(t, boot(t, w, 2), lockOnce)
}

// The death of a parent sends SIGHUP to a process group that has a stopped
// member: the zygote must not die of it before its work is done.
func TestStoppedWorkersDoNotOutliveTheCoordinator(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), coordinatorEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var dir string
	var pids [3]int
	if _, err := fmt.Sscan(line, &dir, &pids[0], &pids[1], &pids[2]); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var fds []int
	for _, pid := range pids {
		fds = append(fds, pidfd(t, pid))
	}
	sendTo(t, pids[2], unix.SIGSTOP)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, fd := range fds {
		ended(t, pids[i], fd)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory %s is still there: %v", dir, err)
	}
}

// The zygote is let start and forbidden to fork.
func TestNoForkLeft(t *testing.T) {
	w := openWorkers(t, "")
	pid := w.nursery.process.Pid
	var old unix.Rlimit
	// Root may fork beyond RLIMIT_NPROC, but no process may receive more
	// descriptors than RLIMIT_NOFILE.
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Max: old.Max}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.Boot(sys.Setup{Procs: 1})
	if err == nil || !strings.Contains(err.Error(), "boot: start worker p0: ") {
		t.Errorf("no descriptor left: found error %v", err)
	}
	if os.Getuid() == 0 {
		t.Log("SKIPPED for root: RLIMIT_NPROC does not bind root")
		return
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &old, nil); err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NPROC, &unix.Rlimit{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = w.Boot(sys.Setup{Procs: 1})
	if wanted := "boot: start worker p0: clone: resource temporarily unavailable"; err == nil || err.Error() != wanted {
		t.Errorf("no process left: found error %v, wanted %s", err, wanted)
	}
}

// As nobody, where this is root, for the two things that root is spared.
func TestAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can become another user")
	}
	tmp, err := os.MkdirTemp("", "ghostlock-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	bin := tmp + "/linux.test"
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(bin, self, 0o755), os.Chmod(bin, 0o755), os.Chmod(tmp, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-test.run=TestNoForkLeft|TestUnwritableDirectory|TestEveryCall|TestBoot", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("SKIPPED for root, who may write everywhere; see TestAsAnotherUser")
	}
	for _, open := range []func() error{
		func() error { _, err := OpenWorkers("/"); return err },
		func() error { _, err := OpenDirect("/"); return err },
	} {
		if err := open(); err == nil || err.Error() != "make a directory in /: permission denied" {
			t.Errorf("found error %v", err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can mount a small file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("small", dir, "tmpfs", 0, "size=4096,nr_inodes=8"); err != nil {
		t.Skipf("SKIPPED: mount a small tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	for name, m := range map[string]sys.Machine{"workers": openWorkers(t, dir), "direct": openDirect(t, dir)} {
		full := strings.Repeat("x", 4096)
		play(t, boot(t, m, 1), fmt.Sprintf(`
			p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
			p0 write(3, %q) = 4096
			p0 write(3, "x") = -1 ENOSPC`, full))
		if _, err := m.Boot(sys.Setup{Procs: 1, Files: []sys.Entry{{Name: "l", Content: full + "x"}}}); err == nil {
			t.Errorf("%s: a setup that does not fit was made", name)
		} else if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: found error %v", name, err)
		}
		play(t, boot(t, m, 1), lockOnce)
		boot(t, m, 1)
	}
}

func sendTo(t *testing.T, pid int, sig unix.Signal) {
	t.Helper()
	if err := unix.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}
