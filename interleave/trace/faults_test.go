//go:build linux && (amd64 || arm64)

package trace

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestWhatIsOddOfAProgramIsNoted(t *testing.T) {
	for name, test := range map[string]struct{ body, notes string }{
		"exits early":           {`exit(3)`, "p0 ended with exit status 3\np0 has ended without a call on the trial's directory"},
		"says why":              {`touch(argv[1]); fprintf(stderr, "first\nno such lock\n"); exit(1)`, "p0 ended with exit status 1\np0 wrote to its standard error: no such lock"},
		"crashes":               {`touch(argv[1]); *(volatile int *)1 = 2`, "p0 was ended by SIGSEGV"},
		"ends itself":           {`touch(argv[1]); raise(SIGTERM)`, "p0 was ended by SIGTERM"},
		"a child crashes":       {`touch(argv[1]); if (fork() == 0) abort(); wait(0)`, "p0 its process {p0.2} was ended by SIGABRT"},
		"prints half a line":    {`touch(argv[1]); say("acqu")`, `p0 wrote "acqu" without an end of line, wanted whole lines`},
		"uses io_uring":         {`touch(argv[1]); char params[200] = {0}; if (syscall(SYS_io_uring_setup, 1, params) != -1 || errno != ENOSYS) abort()`, "p0 was refused io_uring_setup (ENOSYS), for calls that are made that way could not be stopped"},
		"forks a daemon":        {`touch(argv[1]); if (fork() == 0) { setsid(); if (fork() == 0) { touch(argv[1]); pause(); } _exit(0); } wait(0)`, "p0 has left processes behind when it ended; they count as it does"},
		"is quiet":              {`touch(argv[1])`, ""},
		"ends by a bad address": {`touch((char *)1); touch(argv[1])`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := run(t, in(inC(t, test.body), "{lock}"))
			if p.err != nil {
				t.Fatal(p.err)
			}
			if p.notes != test.notes {
				t.Errorf("found notes\n%s\nwanted\n%s\nsteps:\n%s", p.notes, test.notes, p.steps)
			}
		})
	}
}

func TestWhatCannotBeJudgedIsAnError(t *testing.T) {
	defer func(was time.Duration) { patience = was }(patience)
	for name, test := range map[string]struct{ body, err string }{
		"says nonsense":        {`touch(argv[1]); say("hello\n"); touch(argv[1])`, `p0 says "hello", wanted acquired, released, busy, timeout, failed MESSAGE, invoke acquire or invoke release, a line each; the rest belongs to standard error`},
		"says bad JSON":        {`touch(argv[1]); say("{\"say\": 1}\n"); touch(argv[1])`, `p0 says "{\"say\": 1}": json: cannot unmarshal number`},
		"floods its output":    {`touch(argv[1]); for (;;) say("busy\n")`, `p0 has written more than 1048576 bytes to its outputs, wanted it to tell of its lock and little else`},
		"floods its errors":    {`touch(argv[1]); for (;;) write(2, argv, 1000)`, `p0 has written more than 1048576 bytes to its outputs, wanted it to tell of its lock and little else`},
		"computes for ever":    {`for (volatile int i;;) i++`, `p0 has not come to a step for 1s: it is computing`},
		"calls for ever":       {`for (;;) touch("/dev/null")`, `p0 has not come to a step for 1s: it is computing`},
		"looks at the clock":   {`for (long end = time(0) + 5; time(0) < end;) ;`, `p0 has not come to a step for 1s: it is computing, or waits for a clock to move by looking at it`},
		"waits in a call":      {`chdir(argv[1]); mkfifo("f", 0600); open("f", O_RDONLY)`, `p0's open("f", O_RDONLY) has not returned for 1s`},
		"releases what it did": {`touch(argv[1]); say("released\n")`, `p0 says that it has released the lock, wanted it to say before that it has acquired it`},
	} {
		t.Run(name, func(t *testing.T) {
			patience = time.Minute
			if strings.Contains(test.err, " for 1s") {
				patience = time.Second
			}
			p := run(t, in(inC(t, test.body), "{dir}"))
			if p.err == nil || !strings.HasPrefix(p.err.Error(), test.err) || strings.Contains(p.err.Error(), "\n") {
				t.Errorf("found error %v\nwanted      %s", p.err, test.err)
			}
		})
	}
}

func TestAProgramOf32BitsIsAnError(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: only amd64 has a second way to call the kernel")
	}
	p := run(t, in(inC(t, `long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20))`)))
	const want = "p0 makes a call of another kind of machine, as 32-bit programs do, wanted a program of this one"
	if p.err == nil || p.err.Error() != want {
		t.Errorf("found error %v, wanted %s", p.err, want)
	}
}

func TestAProgramThatCannotBeRunIsAnErrorOfOpenOrBoot(t *testing.T) {
	traceable(t)
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	elf32 := "\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x03\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x34\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for path, want := range map[string]string{
		"no-such-program":                        ": executable file not found in $PATH",
		dir + "/missing":                         ": no such file or directory",
		dir:                                      ": is a directory",
		file("plain", "#!/bin/sh\n", 0o644):      ": permission denied",
		file("setuid", "x", 0o755|os.ModeSetuid): ": it is setuid or setgid, and who is traced gets no rights by that: wanted another program",
		file("setgid", "x", 0o755|os.ModeSetgid): ": it is setuid or setgid, and who is traced gets no rights by that: wanted another program",
		file("elf32", elf32, 0o755):              ": it is a 32-bit program, wanted a 64-bit one",
		file("text", "echo hello\n", 0o755):      ": exec format error: it is no program, and no script whose first line is #! and an interpreter",
		file("script", "#!/no/such/sh\n", 0o755): ": no such file or directory: its interpreter is missing, or it was removed just now",
	} {
		m, err := Open("", []trial.Command{{"/bin/true"}, {path}})
		if err == nil {
			_, err = m.Boot(sys.Setup{Procs: 2})
			nothingLeft(t) // also before Close
			m.Close()
		}
		if err == nil || err.Error() != "run "+path+want {
			t.Errorf("%s: found error %v, wanted run %s%s", path, err, path, want)
		}
	}
}

func TestWherePtraceIsForbiddenBootSaysSo(t *testing.T) {
	traceable(t)
	told := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := forbidPtrace(); err != nil {
			told <- err
			return
		}
		m, err := Open("", []trial.Command{{"/bin/true"}})
		if err == nil {
			_, err = m.Boot(sys.Setup{Procs: 1})
			m.Close()
		}
		told <- err
	}()
	err := <-told
	if err == nil || !strings.HasPrefix(err.Error(), "run /bin/true: operation not permitted (ptrace is forbidden here: ") {
		t.Errorf("found error %v, wanted one that says what is forbidden", err)
	}
	nothingLeft(t)
}

// forbidPtrace has ptrace(2) answer EPERM to the calling thread and who it makes.
func forbidPtrace() error {
	f := []unix.SockFilter{
		load(dataNumber), jump(unix.BPF_JEQ, unix.SYS_PTRACE, 0, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}, tell(false, 0),
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

func TestATrialOfOtherProcessesThanProgramsIsAnError(t *testing.T) {
	m, err := Open("", []trial.Command{{"/bin/true"}})
	if err != nil {
		t.Skip(err)
	}
	defer m.Close()
	if _, err := m.Boot(sys.Setup{Procs: 2}); err == nil || err.Error() != "found a trial of 2 processes, wanted 1: one for each program" {
		t.Errorf("found error %v", err)
	}
}

func TestAKilledProgramHoldsNothing(t *testing.T) {
	c := in(inC(t, `flock(open(argv[1], O_CREAT | O_RDWR, 0644), LOCK_EX); say("acquired\n"); touch("/dev/null"); pause()`), "{lock}")
	p := set{budget: trial.Budget{Kills: 1}, chooser: killer{}}.run(t, c, c)
	p.wants(t, `
		p0 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
		p0 flock(3, LOCK_EX) = 0
		p0 inside() = 0
		p1 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
		kill p0
		p1 flock(3, LOCK_EX) = 0
		p1 inside() = 0`)
}

// killer kills a program once nothing else can go on.
type killer struct{ inOrder }

func (killer) Choose(m *interleave.Menu) (int, error) {
	if m.Threads > 0 {
		return 0, nil
	}
	if m.Options[0].Proc != 0 {
		return 0, interleave.ErrStop
	}
	return 0, nil
}
