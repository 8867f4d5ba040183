//go:build linux && (amd64 || arm64)

package trace

import (
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestASleepIsAStepAndCostsNoTime(t *testing.T) {
	for name, call := range map[string]string{
		"nanosleep":            `syscall(SYS_nanosleep, &hour, 0)`,
		"clock_nanosleep":      `clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, 0)`,
		"until an instant":     `clock_gettime(CLOCK_MONOTONIC, &now); now.tv_sec += 3600; clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, 0)`,
		"until a time of day":  `clock_gettime(CLOCK_REALTIME, &now); now.tv_sec += 3600; clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &now, 0)`,
		"poll of nothing":      `poll(0, 0, 3600000)`,
		"poll of a pipe":       `struct pollfd p = {pipes[0], POLLIN}; if (poll(&p, 1, 3600000) != 0) say("failed poll\n")`,
		"select":               `fd_set s; FD_ZERO(&s); FD_SET(pipes[0], &s); struct timeval tv = {3600}; if (select(pipes[0] + 1, &s, 0, 0, &tv) != 0 || FD_ISSET(pipes[0], &s)) say("failed select\n")`,
		"epoll":                `int e = epoll_create1(0); struct epoll_event ev; if (epoll_wait(e, &ev, 1, 3600000) != 0) say("failed epoll\n")`,
		"futex":                `int word = 0; if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, &hour, 0, 0) != -1 || errno != ETIMEDOUT) say("failed futex\n")`,
		"a condition variable": `clock_gettime(CLOCK_REALTIME, &now); now.tv_sec += 3600; pthread_mutex_lock(&m); if (pthread_cond_timedwait(&c, &m, &now) != ETIMEDOUT) say("failed cond\n")`,
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			p := run(t, in(compileC(t, `
				static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
				static pthread_cond_t c = PTHREAD_COND_INITIALIZER;`, `
				struct timespec hour = {3600}, now, a, b;
				int pipes[2];
				pipe(pipes);
				mkdir(argv[1], 0755);
				clock_gettime(CLOCK_MONOTONIC, &a);
				`+call+`;
				clock_gettime(CLOCK_MONOTONIC, &b);
				if (b.tv_sec - a.tv_sec != 3600 || b.tv_nsec != a.tv_nsec) say("failed clock\n");
				rmdir(argv[1])`), "{lock}"))
			p.wants(t, `
				p0 mkdir("l", 0755) = 0
				time +3600s
				p0 sleep(3600s) = 0
				p0 rmdir("l") = 0`)
			if d := time.Since(begin); d > time.Minute {
				t.Errorf("an hour has cost %s", d)
			}
		})
	}
}

func TestAProgramSeesHowOldAFileIs(t *testing.T) {
	p := set{start: []sys.Entry{{Name: "l", Age: 31 * time.Second}}}.run(t, in(inC(t, `
		struct stat st;
		struct timespec now;
		struct timeval tv;
		stat(argv[1], &st);
		clock_gettime(CLOCK_REALTIME, &now);
		gettimeofday(&tv, 0);
		if (time(0) - st.st_mtime != 31) SAY("failed time says %ld\n", time(0) - st.st_mtime);
		if (now.tv_sec - st.st_mtime != 31 || now.tv_nsec != st.st_mtim.tv_nsec) SAY("failed clock_gettime says %ld\n", now.tv_sec - st.st_mtime);
		if (tv.tv_sec - st.st_mtime != 31) SAY("failed gettimeofday says %ld\n", tv.tv_sec - st.st_mtime);
		int fd = open(argv[1], O_RDWR);
		sleep(5);
		write(fd, "x", 1);
		fstat(fd, &st);
		if (st.st_mtime != now.tv_sec + 5) SAY("failed write at %ld\n", st.st_mtime - now.tv_sec);
		close(fd);
		say("acquired\n")`), "{lock}"))
	p.wants(t, `
		p0 stat("l") = {A, size=0, nlink=1, mtime=@-31s}
		p0 open("l", O_RDWR) = 3<A>
		time +5s
		p0 sleep(5s) = 0
		p0 write(3, "x") = 1
		p0 fstat(3) = {A, size=1, nlink=1, mtime=@5s}
		p0 close(3) = 0
		p0 inside() = 0`)
}

func TestASleepThatIsTooShortForAStepIsAwaited(t *testing.T) {
	p := run(t, in(inC(t, `
		mkdir(argv[1], 0755);
		for (int i = 0; i < 20; i++) usleep(200);
		rmdir(argv[1])`), "{lock}"))
	p.wants(t, `
		p0 mkdir("l", 0755) = 0
		p0 rmdir("l") = 0`)
}

func TestASignalEndsASleep(t *testing.T) {
	p := run(t, in(compileC(t, `static void caught(int s) { }`, `
		chdir(argv[1]);
		int parent = getpid();
		if (fork() == 0) {
			struct timespec s = {5};
			nanosleep(&s, 0);
			kill(parent, SIGUSR1);
			_exit(0);
		}
		struct sigaction a = {.sa_handler = caught};
		sigaction(SIGUSR1, &a, 0);
		struct timespec hour = {3600}, rest = {0};
		if (nanosleep(&hour, &rest) == 0 || errno != EINTR) say("failed not interrupted\n");
		if (rest.tv_sec != 3595) SAY("failed %ld s were left\n", (long)rest.tv_sec);
		wait(0);
		touch("l")`), "{dir}"))
	p.wants(t, `
		time +5s
		p0 sleep(5s) = 0
		p0 open("l", O_WRONLY|O_CREAT, 0644) = 3<A>
		p0 close(3) = 0`)
}

func TestAStoppedProgramSleepsOnWhenItIsContinued(t *testing.T) {
	p := run(t, in(inC(t, `
		int child = fork();
		if (child == 0) { pause(); _exit(0); }
		kill(child, SIGSTOP);
		int status;
		waitpid(child, &status, WUNTRACED);
		if (!WIFSTOPPED(status)) say("failed not stopped\n");
		mkdir(argv[1], 0755);
		kill(child, SIGCONT);
		waitpid(child, &status, WCONTINUED);
		if (!WIFCONTINUED(status)) say("failed not continued\n");
		rmdir(argv[1]);
		kill(child, SIGKILL);
		wait(0)`), "{lock}"))
	p.wants(t, `
		p0 mkdir("l", 0755) = 0
		p0 rmdir("l") = 0`)
}
