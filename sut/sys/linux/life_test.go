//go:build linux && (amd64 || arm64)

package linux

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// coordinatorEnv makes the test binary a coordinator that can be killed.
const coordinatorEnv = "GHOSTLOCK_TEST_COORDINATOR"

// coordinate opens a machine, tells on standard output who it consists of, and
// waits to be killed.
func coordinate() {
	w, err := OpenWorkers("")
	if err == nil {
		_, err = w.Boot(sys.Setup{Procs: 2, Files: []sys.Entry{{Name: "l"}}})
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(w.room.path, w.nursery.process.Pid, w.workers[0].pid, w.workers[1].pid)
	for { // in select{} Go would see a deadlock, and end the process itself
		_ = unix.Pause()
	}
}

func TestAKilledProcessHoldsNothingWhenKillReturns(t *testing.T) {
	for name, dir := range dirs(t) {
		t.Run(name, func(t *testing.T) {
			m := openWorkers(t, dir)
			for range 200 {
				k := boot(t, m, 2)
				play(t, k, `
					p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
					p0 flock(3, LOCK_EX) = 0
					p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
					p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
					out kill(p0) = 0
					p1 flock(3, LOCK_EX|LOCK_NB) = 0`)
			}
		})
	}
}

func TestACallOfAKilledProcessIsAnErrorThatNamesIt(t *testing.T) {
	k := boot(t, openWorkers(t, ""), 2)
	play(t, k, `out kill(p0) = 0`)
	_, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpUnlink, Path: "l"})
	if err == nil || !strings.Contains(err.Error(), "p0") {
		t.Errorf("found %v, wanted an error that names p0", err)
	}
}

func TestAWorkerThatHangsEndsTheTrialAndNotTheMachine(t *testing.T) {
	m := openWorkers(t, "")
	m.Timeout = 50 * time.Millisecond
	k := boot(t, m, 1)
	pid := m.workers[0].pid
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpUnlink, Path: "l"})
	want := fmt.Sprintf(`worker p0 (pid %d) gave no answer to unlink("l") for 50ms`, pid)
	if err == nil || err.Error() != want {
		t.Errorf("found %v, wanted %s", err, want)
	}
	play(t, boot(t, m, 1), `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`)
	gone(t, pid)
}

func TestAWorkerThatDiesEndsTheTrialAndNotTheMachine(t *testing.T) {
	m := openWorkers(t, "")
	k := boot(t, m, 1)
	pid := m.workers[0].pid
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpUnlink, Path: "l"})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("worker p0 (pid %d) died during unlink", pid)) {
		t.Errorf("found %v, wanted an error that says who died in which call", err)
	}
	play(t, boot(t, m, 1), `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`)
}

func TestADeadZygoteIsReplacedAtTheNextBoot(t *testing.T) {
	m := openWorkers(t, "")
	boot(t, m, 2)
	zygote, workers := m.nursery.process.Pid, []int{m.workers[0].pid, m.workers[1].pid}
	if err := unix.Kill(zygote, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, workers...)
	play(t, boot(t, m, 2), `p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`)
}

func TestNothingOutlivesACoordinatorThatIsKilled(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), coordinatorEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(line)
	if len(words) != 4 {
		t.Fatalf("the coordinator said %q", line)
	}
	var pids []int
	var fds []int
	for _, w := range words[1:] {
		pid, err := strconv.Atoi(w)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
		fds = append(fds, pidfd(t, pid))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
	for i, fd := range fds {
		ended(t, pids[i], fd)
	}
	if _, err := os.Stat(words[0]); !os.IsNotExist(err) {
		t.Errorf("directory %s: %v, wanted it gone", words[0], err)
	}
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	before := openFDs(t)
	m, err := OpenWorkers("")
	if err != nil {
		t.Fatal(err)
	}
	k := boot(t, m, 3)
	play(t, k, `p0 mkdir("d", 0700) = 0
		p0 open("d/x", O_RDWR|O_CREAT, 0600) = 3<B>
		out kill(p1) = 0`)
	path, pids := m.room.path, []int{m.nursery.process.Pid, m.workers[0].pid, m.workers[2].pid}
	var fds []int
	for _, pid := range pids {
		fds = append(fds, pidfd(t, pid))
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for i, fd := range fds {
		ended(t, pids[i], fd)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("directory %s: %v, wanted it gone", path, err)
	}
	if after := openFDs(t); after != before {
		t.Errorf("found %d descriptors, before it was %d", after, before)
	}
}

func TestAThousandTrialsLeakNoDescriptor(t *testing.T) {
	m := openWorkers(t, "")
	trial := func(n int) {
		k := boot(t, m, 2, sys.Entry{Name: "l", Age: time.Minute})
		play(t, k, `p0 open("l", O_RDWR) = 3<A>
			p1 open("l", O_RDWR) = 3<A>`)
		if n%50 == 0 {
			play(t, k, `out kill(p1) = 0`)
		}
	}
	trial(1)
	before := openFDs(t)
	for n := range 1000 {
		trial(n)
	}
	trial(1)
	if after := openFDs(t); after != before {
		t.Errorf("found %d descriptors, before it was %d", after, before)
	}
}

func TestWithoutForksLeftTheErrorSaysSo(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can run a coordinator as a user who may have no more processes")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), coordinatorEnv+"=1", limitEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64999, Gid: 64999}}
	out, err := cmd.Output()
	if err == nil || !strings.Contains(string(out), "start zygote") || !strings.Contains(string(out), unix.EAGAIN.Error()) {
		t.Errorf("found %q, %v, wanted that starting the zygote failed for want of resources", out, err)
	}
}

// limitEnv has a coordinator allow itself no more processes.
const limitEnv = "GHOSTLOCK_TEST_NPROC"

func init() {
	if os.Getenv(limitEnv) != "" && os.Getenv(zygoteEnv) == "" {
		_ = unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{})
	}
}

// gone waits until the processes have ended; one that is unknown has.
func gone(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			ended(t, pid, fd)
		}
	}
}

func pidfd(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	return fd
}

// ended waits until the process of the pidfd has ended, which the kernel tells.
func ended(t *testing.T, pid, fd int) {
	t.Helper()
	defer unix.Close(fd)
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(polled, 5000)
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("process %d still runs: %v", pid, err)
		}
		return
	}
}

func openFDs(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
