//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func readProc(t *testing.T, pid int, file string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Forked processes are other processes, which the zygote can wait for; exec
// really runs a program, in the same process.
func TestForkAndExecAreReal(t *testing.T) {
	w := openWorkers(t, "")
	play(t, boot(t, w, 1), `
		p0 fork() = p1
		p1 exec() = 0
		p1 fork() = p2
		p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
		p1 open("l", O_RDWR) = 3<A>
		p2 open("l", O_RDWR) = 3<A>
		p2 exec() = 0
		p2 exec() = 0
		p2 open("l", O_RDWR) = 4<A>`)
	parent := fmt.Sprintf("PPid:\t%d\n", w.nursery.process.Pid)
	for p, again := range []bool{false, true, true} {
		pid := w.workers[p].pid
		if status := readProc(t, pid, "status"); !strings.Contains(status, parent) {
			t.Errorf("p%d is no child of the zygote's: found\n%s", p, status)
		}
		if line := readProc(t, pid, "cmdline"); strings.Contains(line, againArg) != again {
			t.Errorf("p%d: found command line %q, ran anew: %v", p, line, again)
		}
	}
}

// No trial sees what another has forked or run, and what was forked is used
// again.
func TestTrialsThatForkLeaveNothing(t *testing.T) {
	w := openWorkers(t, "")
	for n := range 20 {
		k := boot(t, w, 1+n%3)
		play(t, k, fmt.Sprintf(`
			p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>
			p0 flock(3, LOCK_EX|LOCK_NB) = 0
			p0 fork() = p%d
			out kill(p0) = 0`, 1+n%3))
		if n%4 == 0 {
			play(t, k, fmt.Sprintf(`
				p%[1]d exec() = 0
				p%[1]d flock(3, LOCK_EX|LOCK_NB) = 0`, 1+n%3))
		}
	}
	if len(w.workers) > 4 {
		t.Errorf("found %d workers, and no trial had more than 4 processes", len(w.workers))
	}
}

func TestForkAndExecWithAllDescriptorsOpen(t *testing.T) {
	k := boot(t, openWorkers(t, ""), 1)
	for fd := firstFD; fd <= lastFD; fd++ {
		play(t, k, fmt.Sprintf(`p0 open("l", O_RDWR|O_CREAT, 0600) = %d<A>`, fd))
	}
	play(t, k, `
		p0 fork() = p1
		p1 open("l", O_RDWR) = -1 EMFILE
		p1 close(77) = 0
		p1 dup(3) = 77<A>
		p1 exec() = 0
		p1 dup(3) = -1 EMFILE
		p1 close(300) = 0
		p1 open("l", O_RDWR) = 300<A>
		p0 open("l", O_RDWR) = -1 EMFILE
		p0 exec() = 0
		p0 dup(3) = -1 EMFILE`)
}

// Workers that others have made end with the zygote, as all do, and with the
// machine.
func TestForkedWorkersDoNotOutliveTheMachine(t *testing.T) {
	for name, end := range map[string]func(*Workers){
		"zygote killed":  func(w *Workers) { sendTo(t, w.nursery.process.Pid, unix.SIGKILL) },
		"machine closed": func(w *Workers) { _ = w.Close() },
	} {
		w := openWorkers(t, "")
		play(t, boot(t, w, 1), `
			p0 fork() = p1
			p1 exec() = 0
			p1 fork() = p2`)
		fds := map[int]int{}
		for _, p := range w.workers {
			fds[p.pid] = pidfd(t, p.pid)
		}
		if len(fds) != 3 {
			t.Fatalf("%s: found processes %v, wanted 3", name, fds)
		}
		end(w)
		for pid, fd := range fds {
			ended(t, pid, fd)
		}
	}
}

func TestWhatNoWorkerCanDo(t *testing.T) {
	k := boot(t, openWorkers(t, ""), 1)
	for _, op := range []sys.Op{sys.OpFork, sys.OpExec, sys.OpExit} {
		if _, err := k.Do(sys.Outside, sys.Call{Op: op}); err == nil {
			t.Errorf("%s: the environment is no process", op)
		}
	}
	play(t, k, `p0 exit() = 0`)
	if _, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpFork}); err == nil {
		t.Error("a process that has ended forked")
	}
}
