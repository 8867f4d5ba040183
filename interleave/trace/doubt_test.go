//go:build linux && (amd64 || arm64)

package trace

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

func TestTheSameChoicesLeadToTheSameSteps(t *testing.T) {
	const python = `
import fcntl, os, sys, time
f = open(sys.argv[1], 'a')
fcntl.flock(f, fcntl.LOCK_EX)
os.write(1, b'acquired\n')
time.sleep(0.01)
fcntl.flock(f, fcntl.LOCK_UN)
os.write(1, b'released\n')`
	const node = `
const fs = require('fs'), path = process.argv[1]
function attempt() {
  fs.open(path, 'wx', (err, fd) => {
    if (err) return setTimeout(attempt, 10)
    fs.writeSync(1, 'acquired\n')
    fs.unlink(path, () => { fs.writeSync(1, 'released\n') })
  })
}
attempt()`
	for name, c := range map[string]func(t *testing.T) trial.Command{
		"C": func(t *testing.T) trial.Command {
			return in(inC(t, strings.Replace(locker, "%", "flock(fd, LOCK_EX)", 1)), "{lock}")
		},
		"sh": func(t *testing.T) trial.Command {
			return in("/bin/sh", "-c", `until mkdir $0 2>&-; do sleep 0.1; done; echo acquired; rmdir $0; echo released`, "{lock}")
		},
		"python": func(t *testing.T) trial.Command { return in(installed(t, "/usr/bin/python3"), "-c", python, "{lock}") },
		"node":   func(t *testing.T) trial.Command { return in(installed(t, "node"), "-e", node, "{lock}") },
	} {
		t.Run(name, func(t *testing.T) {
			c := c(t)
			seeded := func() set { return set{chooser: interleave.NewRandom(rand.New(rand.NewPCG(7, 7)))} }
			first := seeded().run(t, c, c)
			if first.err != nil || first.End != interleave.Finished || !strings.Contains(first.steps, "inside") {
				t.Fatalf("%v %v %s\n%s", first.End, first.err, first.notes, first.steps)
			}
			for range 3 {
				if again := seeded().run(t, c, c); again.steps != first.steps {
					t.Fatalf("found these steps:\n%swanted again:\n%s%v", again.steps, first.steps, again.err)
				}
			}
		})
	}
}

func TestAThreadThatRunsAnotherProgramTakesItsProcessOver(t *testing.T) {
	p := run(t, in(compileC(t, `
		static char **args;
		static void *body(void *x) { execl(args[0], args[0], args[1], "again", (char *)0); return 0; }
		static void *stay(void *x) { for (;;) pause(); }`, `
		args = argv;
		if (argc > 2) { rmdir(argv[1]); return 0; }
		pthread_t other;
		int fd = open(argv[1], O_RDONLY | O_CLOEXEC | O_CREAT, 0644);
		unlink(argv[1]);
		mkdir(argv[1], 0755);
		pthread_create(&other, 0, stay, 0);
		pthread_create(&other, 0, body, 0);
		struct timespec hour = {3600};
		nanosleep(&hour, 0)`), "{lock}"))
	p.wants(t, `
		p0 open("l", O_RDONLY|O_CREAT|O_CLOEXEC, 0644) = 3<A>
		p0 unlink("l") = 0
		p0 mkdir("l", 0755) = 0
		p0 execve() = 0
		p0 rmdir("l") = 0`)
}

func TestAProgramMayHaveFiftyThreads(t *testing.T) {
	c := in(compileC(t, `
		static char *dir;
		static void *body(void *i) { char name[20]; sprintf(name, "%d", (int)(long)i); touch(name); return 0; }`, `
		chdir(argv[1]);
		pthread_t all[50];
		for (long i = 0; i < 50; i++) pthread_create(&all[i], 0, body, (void *)i);
		for (long i = 0; i < 50; i++) pthread_join(all[i], 0)`), "{dir}")
	p := run(t, c)
	if p.err != nil || p.End != interleave.Finished || len(p.Steps) != 100 {
		t.Errorf("found %d steps, wanted 100: %v %v %s", len(p.Steps), p.End, p.err, p.notes)
	}
}

func TestAProgramMayLoseProcessesAndThreadsAnywhere(t *testing.T) {
	c := in(compileC(t, `
		static void *body(void *dir) { chdir(dir); for (;;) { touch("/dev/null"); if (fork() == 0) _exit(0); wait(0); } }`, `
		for (int i = 0; i < 20; i++) {
			int child = fork();
			if (child == 0) {
				pthread_t t;
				for (int k = 0; k < 3; k++) pthread_create(&t, 0, body, argv[1]);
				for (;;) touch("/dev/zero");
			}
			for (volatile int k = 0; k < i * 10000; k++) ;
			kill(child, SIGKILL);
			waitpid(child, 0, 0);
		}
		chdir(argv[1]);
		touch("l");
		exit(0)`), "{dir}")
	p := run(t, c)
	if p.err != nil || p.End != interleave.Finished || !strings.Contains(p.steps, `open("l"`) {
		t.Errorf("%v %v %s\n%s", p.End, p.err, p.notes, p.steps)
	}
}

func TestAFirstThreadMayEndBeforeTheOthers(t *testing.T) {
	p := run(t, in(compileC(t, `static void *body(void *path) { usleep(3000); touch(path); return 0; }`, `
		pthread_t other;
		pthread_create(&other, 0, body, argv[1]);
		pthread_exit(0)`), "{lock}"))
	p.wants(t, `
		time +3ms
		p0 sleep(3ms) = 0
		p0 open("l", O_WRONLY|O_CREAT, 0644) = 3<A>
		p0 close(3) = 0`)
}

func TestSignalsThatComeWhileCallsAreInjectedAreNotLost(t *testing.T) {
	p := run(t, in(compileC(t, `
		static volatile int seen;
		static void caught(int s, siginfo_t *i, void *c) { if (i->si_value.sival_int == 42) seen++; }`, `
		struct sigaction a = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
		sigaction(SIGRTMIN, &a, 0);
		chdir(argv[1]);
		union sigval v = {42};
		if (fork() == 0) {
			for (int i = 0; i < 20; i++) sigqueue(getppid(), SIGRTMIN, v);
			_exit(0);
		}
		int fd = open("l", O_CREAT | O_RDWR, 0644);
		while (wait(0) < 0) ;
		if (seen != 20) SAY("failed saw %d of 20\n", seen);
		close(fd)`), "{dir}"))
	p.wants(t, `
		p0 open("l", O_RDWR|O_CREAT, 0644) = 3<A>
		p0 close(3) = 0`)
}

func TestABlockedSignalStopsNoInjectedCall(t *testing.T) {
	traceable(t)
	m, err := Open("", []trial.Command{in(inC(t, `pause()`))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.tracer = m.newTracer()
	if err := m.tracer.spawn(0, m.paths[0], m.commands[0]); err != nil {
		t.Fatal(err)
	}
	task := m.tracer.programs[0].tasks[0]
	for _, s := range []unix.Signal{unix.SIGUSR1, unix.SIGSTOP} {
		if err := unix.Kill(task.tid, s); err != nil {
			t.Fatal(err)
		}
	}
	err = task.undisturbed(func() error {
		n, err := task.inject(unix.SYS_GETPID)
		if n != int64(task.tid) {
			t.Errorf("found the answer %d, wanted %d", n, task.tid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !task.signalled() {
		t.Error("found no signal pending, wanted both")
	}
}
