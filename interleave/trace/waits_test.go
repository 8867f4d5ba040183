//go:build linux && (amd64 || arm64)

package trace

import (
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// locker takes a lock by the call, tells of it, and releases it.
const locker = `
	int fd = open(argv[1], O_CREAT | O_RDWR, 0644);
	struct flock l = {.l_type = F_WRLCK};
	%;
	say("acquired\n");
	close(fd);
	say("released\n")`

func TestAWaitForALockDoesNotStopTheOthers(t *testing.T) {
	for name, call := range map[string]string{
		"flock":       `flock(fd, LOCK_EX)`,
		"F_SETLKW":    `fcntl(fd, F_SETLKW, &l)`,
		"F_OFD_SETLK": `fcntl(fd, F_OFD_SETLKW, &l)`,
	} {
		t.Run(name, func(t *testing.T) {
			c := in(inC(t, strings.Replace(locker, "%", call, 1)), "{lock}")
			p := set{chooser: &interleave.RoundRobin{}}.run(t, c, c, c)
			if p.err != nil || p.End != interleave.Finished {
				t.Fatalf("%v %v\n%s", p.End, p.err, p.steps)
			}
			if n := strings.Count(p.steps, "inside"); n != 3 {
				t.Errorf("found %d of 3 inside\n%s", n, p.steps)
			}
		})
	}
}

// granter lets all open the lock, and then takes the last that can go on.
type granter struct{ inOrder }

func (granter) Choose(m *interleave.Menu) (int, error) {
	for i := range m.Options[:m.Threads] {
		if m.Call(i).Op == sys.OpOpen {
			return i, nil
		}
	}
	return max(m.Threads-1, 0), nil
}

func TestAnyOfThoseThatWaitMayBeNext(t *testing.T) {
	c := in(inC(t, strings.Replace(locker, "%", "flock(fd, LOCK_EX)", 1)), "{lock}")
	p := set{chooser: granter{}}.run(t, c, c, c)
	var order string
	for _, s := range p.Steps {
		if s.Call.Op == sys.OpFlock && !s.Ret.Wait {
			order += s.Thread + " "
		}
	}
	if p.err != nil || order != "p1 p2 p0 " {
		t.Errorf("found the lock given to %s, wanted p1, p2, p0: %v\n%s", order, p.err, p.steps)
	}
}

func TestAConversionGivesTheOldLockUpBeforeItWaits(t *testing.T) {
	reader := in(inC(t, `
		int fd = open(argv[1], O_CREAT | O_RDWR, 0644);
		flock(fd, LOCK_SH);
		flock(fd, LOCK_EX)`), "{lock}")
	p := set{chooser: &interleave.RoundRobin{}}.run(t, reader, reader)
	p.wants(t, `
		p0 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
		p1 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
		p0 flock(3, LOCK_SH) = 0
		p1 flock(3, LOCK_SH) = 0
		p0 flock(3, LOCK_EX) = ?
		p1 flock(3, LOCK_EX) = 0
		p1 exit_group() = 0
		p0 flock(3, LOCK_EX) = 0
		p0 exit_group() = 0`)
}

func TestWhoHoldsALockForEverLeavesTheOthersStuck(t *testing.T) {
	holder := in(inC(t, `flock(open(argv[1], O_CREAT | O_RDWR, 0644), LOCK_EX); pause()`), "{lock}")
	p := run(t, holder, holder)
	if p.err != nil || p.End != interleave.Stuck {
		t.Errorf("found the run %v, %v, wanted it stuck", p.End, p.err)
	}
}

func TestASignalEndsAWaitForALock(t *testing.T) {
	holder := in(inC(t, `flock(open(argv[1], O_CREAT | O_RDWR, 0644), LOCK_EX); pause()`), "{lock}")
	for signal, then := range map[string]struct{ step, notes string }{
		"SIGTERM": {"", "p1 its process {p1.2} was ended by SIGTERM"},
		"SIGUSR1": {"p1 exit_group() = 0\n", ""}, // its handler ends it
	} {
		p := run(t, holder, in(compileC(t, `static void caught(int s) { _exit(0); }`, `
			int child = fork();
			if (child == 0) {
				signal(SIGUSR1, caught);
				flock(open(argv[1], O_RDWR), LOCK_EX);
				say("nobody gets here\n");
			}
			usleep(5000);
			mkdir(argv[2], 0755);
			kill(child, `+signal+`);
			wait(0);
			rmdir(argv[2])`), "{lock}", "{dir}/d"))
		p.wants(t, `
			p0 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
			p0 flock(3, LOCK_EX) = 0
			p1 open("l", O_RDWR) = 3<A>
			time +5ms
			p1 sleep(5ms) = 0
			p1 mkdir("d", 0755) = 0
			p1 flock(3, LOCK_EX) = -1 EINTR
			`+then.step+`p1 rmdir("d") = 0`)
		if p.notes != then.notes {
			t.Errorf("found notes %q, wanted %q", p.notes, then.notes)
		}
	}
}
