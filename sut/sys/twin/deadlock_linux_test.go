package twin_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// What the twin takes the simulated kernel's word for: when Linux answers
// EDEADLK. Here processes really block, and the same scripts hold.
func TestLinuxRefusesToDeadlock(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/kernel/record-deadlock*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("found no scripts", err)
	}
	for _, file := range append(files, "../../../testdata/kernel/record-waits.txt") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := trial.ParseScript(file, text)
			if err != nil {
				t.Fatal(err)
			}
			k := &blockingKernel{t: t}
			if err := s.Run(k.boot); err != nil {
				t.Error(err)
			}
		})
	}
}

// A blockingKernel makes the calls in real processes, which really wait. It
// knows as little of inodes as these scripts need: a path is a setup's file.
type blockingKernel struct {
	t       *testing.T
	files   map[string]sys.Ino
	procs   []*blocker
	pending map[sys.TID]*asked
}

// boot makes the files and starts the processes.
func (k *blockingKernel) boot(setup sys.Setup) (sys.Kernel, error) {
	dir := k.t.TempDir()
	k.files, k.pending = map[string]sys.Ino{}, map[sys.TID]*asked{}
	for i, e := range setup.Files {
		k.files[e.Name] = sys.Ino{Num: uint16(i + 1)}
		if err := os.WriteFile(filepath.Join(dir, e.Name), nil, 0o600); err != nil {
			return nil, err
		}
	}
	for range setup.Procs {
		b, err := startBlocker(dir)
		if err != nil {
			return nil, err
		}
		k.t.Cleanup(b.kill)
		k.procs = append(k.procs, b)
	}
	return k, nil
}

// Ready reports true: the real kernel is asked and waits by itself.
func (k *blockingKernel) Ready(sys.TID, sys.Call) bool { return true }

// Do makes the call if it is not being made already, and waits until it is
// over or blocks.
func (k *blockingKernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpKill {
		k.procs[c.N].kill()
		maps.DeleteFunc(k.pending, func(id sys.TID, _ *asked) bool { return int64(id.Proc) == c.N })
		return sys.OK(), nil
	}
	a, ok := k.pending[id]
	if !ok {
		a = k.procs[id.Proc].ask(c)
		k.pending[id] = a
	}
	if err := k.rest(a); err != nil {
		return sys.Ret{}, fmt.Errorf("%s: %w", c, err)
	}
	if len(a.answer) == 0 {
		return sys.Ret{Wait: true}, nil
	}
	delete(k.pending, id)
	r, err := sys.ParseRet(c.Op, <-a.answer)
	if c.Op == sys.OpOpen {
		r.Ino = k.files[c.Path]
	}
	return r, err
}

// A blocker is a process that makes calls, each in a thread of its own.
type blocker struct {
	cmd *exec.Cmd
	in  io.Writer

	mu    sync.Mutex
	asked []*asked
}

// An asked call is one that a blocker was told to make.
type asked struct {
	pid    int
	thread chan string // the thread that makes it
	answer chan string
	tid    string
}

// blockerEnv makes the test binary a blocker that works in that directory.
const blockerEnv = "GHOSTLOCK_TEST_BLOCKER"

func startBlocker(dir string) (*blocker, error) {
	b := &blocker{cmd: exec.Command("/proc/self/exe")}
	b.cmd.Env = append(os.Environ(), blockerEnv+"=1")
	b.cmd.Dir, b.cmd.Stderr = dir, os.Stderr
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	go b.hear(out)
	return b, nil
}

// hear hands what the process says to whoever asked for it.
func (b *blocker) hear(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.SplitN(lines.Text(), " ", 3)
		n, _ := strconv.Atoi(words[0])
		b.mu.Lock()
		a := b.asked[n]
		b.mu.Unlock()
		if words[1] == "thread" {
			a.thread <- words[2]
		} else {
			a.answer <- words[2]
		}
	}
}

func (b *blocker) ask(c sys.Call) *asked {
	a := &asked{pid: b.cmd.Process.Pid, thread: make(chan string, 1), answer: make(chan string, 1)}
	b.mu.Lock()
	b.asked = append(b.asked, a)
	n := len(b.asked) - 1
	b.mu.Unlock()
	fmt.Fprintln(b.in, n, c)
	return a
}

func (b *blocker) kill() {
	_ = b.cmd.Process.Kill()
	_, _ = b.cmd.Process.Wait()
}

// rest waits until the call is over, or no call that is being made goes on:
// whoever is woken may in turn wake others, or go to sleep again. So all are
// looked at twice: those that are in the same sleep then slept at once.
func (k *blockingKernel) rest(a *asked) error {
	deadline := time.Now().Add(30 * time.Second)
	var before map[sys.TID]string
	for ; len(a.answer) == 0; runtime.Gosched() {
		now := map[sys.TID]string{}
		for id, other := range k.pending {
			if sleep := other.resting(); sleep != "" {
				now[id] = sleep
			}
		}
		if len(now) == len(k.pending) && maps.Equal(before, now) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("of %d calls only these sleep or have returned: %v", len(k.pending), now)
		}
		before = now
	}
	return nil
}

// resting says which sleep the thread is in that waits for a lock, or that the
// call is over; it is empty while the call goes on.
//
// The kernel names a thread's system call only while it sleeps, but also of one
// that was woken and is on its way to another processor; it is in state S, but
// also while it waits for a processor on its way into the sleep. So both are
// asked. In fcntl(2) it may also sleep for an instant because somebody on this
// machine reads /proc/locks.
func (a *asked) resting() string {
	if len(a.answer) > 0 {
		return "returned"
	}
	if a.tid == "" {
		a.tid = <-a.thread
	}
	// An error says that the thread has ended, so its answer is on its way.
	task := fmt.Sprintf("/proc/%d/task/%s/", a.pid, a.tid)
	where, _ := os.ReadFile(task + "wchan")
	call, _ := os.ReadFile(task + "syscall")
	status, _ := os.ReadFile(task + "status")
	if !strings.HasPrefix(string(call), strconv.Itoa(unix.SYS_FCNTL)+" ") || strings.Contains(string(where), "percpu") ||
		!strings.Contains(string(status), "\nState:\tS ") {
		return ""
	}
	_, slept, _ := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
	return "asleep" + slept
}

// serveIfBlocker makes calls as they are read from standard input, and never
// returns in a process that startBlocker has started.
func serveIfBlocker() {
	if os.Getenv(blockerEnv) == "" {
		return
	}
	var mu sync.Mutex
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, text, _ := strings.Cut(lines.Text(), " ")
		c, err := sys.ParseCall(text)
		if err != nil {
			panic(err)
		}
		go func() {
			runtime.LockOSThread()
			say(n, "thread", unix.Gettid())
			say(n, "answer", blockingCall(c).Format(c.Op))
		}()
	}
	os.Exit(0)
}

// descriptors are a blocker's, as its calls name them.
var descriptors = map[int]int{}

// blockingCall makes the calls of these scripts. But for fcntl they are made
// one after the other, so descriptors needs no lock of its own: the other end
// waits for each answer.
func blockingCall(c sys.Call) sys.Ret {
	var err error
	var r sys.Ret
	switch c.Op {
	case sys.OpOpen:
		fd := 3
		for descriptors[fd] != 0 {
			fd++
		}
		r.N = int64(fd)
		descriptors[fd], err = unix.Open(c.Path, c.Flags|unix.O_CLOEXEC, 0o600)
	case sys.OpClose:
		err = unix.Close(descriptors[c.FD])
		delete(descriptors, c.FD)
	case sys.OpFcntl:
		lock := unix.Flock_t{Type: c.Record.Type, Start: c.Record.Start, Len: c.Record.Len}
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.FcntlFlock(uintptr(descriptors[c.FD]), c.Flags, &lock)
		}
	default:
		err = unix.ENOSYS
	}
	if errno, failed := err.(unix.Errno); failed {
		return sys.Fail(sys.Errno(errno))
	}
	return r
}
