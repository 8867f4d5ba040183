//go:build linux && (amd64 || arm64)

package trace

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// stayer ignores what would end it, and has children of all kinds that stay too.
func stayer(t testing.TB) trial.Command {
	return in(compileC(t, `static void *body(void *x) { for (;;) pause(); }`, `
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		pthread_t thread;
		pthread_create(&thread, 0, body, 0);
		if (fork() == 0) for (;;) pause();
		if (fork() == 0) { setsid(); if (fork() == 0) { setpgid(0, 0); for (;;) pause(); } _exit(0); }
		wait(0);
		touch(argv[1]);
		for (;;) pause()`), "{lock}")
}

func TestNothingIsLeftRunningAfterClose(t *testing.T) {
	p := run(t, stayer(t), stayer(t)) // run checks it
	if p.err != nil || p.End != interleave.Stuck {
		t.Errorf("found the run %v, %v, wanted it stuck", p.End, p.err)
	}
}

func TestAKillLeavesNothingOfAProgram(t *testing.T) {
	traceable(t)
	c := stayer(t)
	m, err := Open("", []trial.Command{c})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	k, err := m.Boot(sys.Setup{Procs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Do(sys.Outside, sys.Call{Op: sys.OpKill}); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t)
}

// traceForEver is what a child of the next test does: it says that it traces the
// command, and stays.
func traceForEver(command string) {
	c, err := trial.ParseCommand(command)
	if err != nil {
		panic(err)
	}
	m, err := Open("", []trial.Command{c})
	if err == nil {
		_, err = m.Boot(sys.Setup{Procs: 1})
	}
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(m.place.Path() + "\n")
	for {
		_ = unix.Pause()
	}
}

func TestNothingIsLeftRunningWhenTheTracerIsKilled(t *testing.T) {
	traceable(t)
	child := exec.Command(os.Args[0])
	own := "killed" + strconv.Itoa(os.Getpid())
	child.Env = append(os.Environ(), mark+"_CHILD="+stayer(t).String(), mark+"="+own)
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var line [200]byte
	n, err := out.Read(line[:])
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(strings.TrimSpace(string(line[:n])))
	if n := len(marked(own)); n < 4 {
		t.Errorf("found %d processes before the kill, wanted the tracer and three more at least", n)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	until(t, "the programs end with their tracer", func() bool { return len(marked(own)) == 0 })
}

func TestNoDescriptorIsLeftOpenByTrials(t *testing.T) {
	traceable(t)
	c := in(inC(t, `touch(argv[1]); if (fork() == 0) { usleep(2000); _exit(0); } wait(0)`), "{lock}")
	m, err := Open("", []trial.Command{c, c})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	count := func() int {
		for range 3 {
			set{}.on(t, m, c, c)
		}
		if err := m.end(); err != nil {
			t.Fatal(err)
		}
		list, _ := os.ReadDir("/proc/self/fd")
		return len(list)
	}
	if before, after := count(), count(); after > before {
		t.Errorf("found %d descriptors, wanted %d as before", after, before)
	}
}

func TestAMachineIsForTheGoroutineThatOpenedIt(t *testing.T) {
	m, err := Open("", []trial.Command{{"/bin/true"}})
	if err != nil {
		t.Skip(err)
	}
	defer m.Close()
	told := make(chan error)
	go func() { _, err := m.Boot(sys.Setup{Procs: 1}); told <- err }()
	if err := <-told; err == nil || !strings.Contains(err.Error(), "another goroutine") {
		t.Errorf("found error %v, wanted one that says so", err)
	}
}
