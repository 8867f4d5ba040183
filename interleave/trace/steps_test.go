//go:build linux && (amd64 || arm64)

package trace

import (
	"testing"
)

func TestStepsAreTheCallsOnTheTrialsDirectoryAlone(t *testing.T) {
	p := run(t, in(inC(t, `
		struct stat st;
		stat("/etc/passwd", &st);
		close(open("/dev/null", O_RDONLY));
		int fd = open(argv[1], O_CREAT | O_RDWR | O_EXCL, 0600);
		write(fd, "hello", 5);
		int null = open("/dev/null", O_WRONLY);
		write(null, "nobody sees this", 16);
		fstat(fd, &st);
		close(null);
		close(fd);
		stat(argv[1], &st);
		link(argv[1], "/etc/no-such-directory/x");
		unlink(argv[1])`), "{lock}"))
	p.wants(t, `
		p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = 3<A>
		p0 write(3, "hello") = 5
		p0 fstat(3) = {A, size=5, nlink=1, mtime=@0s}
		p0 close(3) = 0
		p0 stat("l") = {A, size=5, nlink=1, mtime=@0s}
		p0 link("l", "/etc/no-such-directory/x") = -1 ENOENT
		p0 unlink("l") = 0`)
}

func TestPathsAreResolvedRelativeToWhereTheProgramIs(t *testing.T) {
	p := run(t, in(inC(t, `
		int dir = open(argv[1], O_RDONLY | O_DIRECTORY);
		mkdirat(dir, "sub", 0755);
		chdir(argv[1]);
		touch("a");
		chdir("sub");
		touch("../b");
		unlinkat(dir, "./sub/../a", 0);
		chdir("/");
		renameat(dir, "b", dir, "sub/c")`), "{dir}"))
	p.wants(t, `
		p0 open(".", O_RDONLY|O_DIRECTORY) = 3<?>
		p0 mkdir("sub", 0755) = 0
		p0 open("a", O_WRONLY|O_CREAT, 0644) = 4<B>
		p0 close(4) = 0
		p0 open("b", O_WRONLY|O_CREAT, 0644) = 4<C>
		p0 close(4) = 0
		p0 unlink("a") = 0
		p0 renameat2("b", "sub/c", 0) = 0
		p0 exit_group() = 0`)
}

func TestChildrenAndThreadsCountToTheirProgram(t *testing.T) {
	p := run(t, in(compileC(t, `
		static char *dir;
		static void *body(void *name) { chdir(dir); touch(name); return 0; }`, `
		if (argc > 2) { touch(argv[2]); return 0; }
		dir = argv[1];
		pthread_t a;
		pthread_create(&a, 0, body, "thread");
		pthread_join(a, 0);
		if (fork() == 0) { touch("child"); _exit(0); }
		wait(0);
		if (vfork() == 0) { execl(argv[0], argv[0], "/", "vfork", (char *)0); _exit(1); }
		wait(0);
		touch("parent")`), "{dir}"))
	p.wants(t, `
		p0 open("thread", O_WRONLY|O_CREAT, 0644) = 3<A>
		p0 close(3) = 0
		p0 open("child", O_WRONLY|O_CREAT, 0644) = 3<B>
		p0 close(3) = 0
		p0 open("vfork", O_WRONLY|O_CREAT, 0644) = 3<C>
		p0 close(3) = 0
		p0 open("parent", O_WRONLY|O_CREAT, 0644) = 3<D>
		p0 close(3) = 0`)
}

func TestTheNumbersOfProcessesAreNamed(t *testing.T) {
	p := run(t, in(inC(t, `
		chdir(argv[1]);
		char text[40];
		sprintf(text, "%d\n", getpid());
		int fd = open("pid", O_CREAT | O_RDWR, 0644);
		write(fd, text, strlen(text));
		pread(fd, text, 40, 0);
		int child = fork();
		if (child == 0) pause();
		sprintf(text, "pid.%d", child);
		touch(text);
		kill(child, SIGKILL)`), "{dir}"))
	if p.err != nil {
		t.Fatal(p.err)
	}
	p.wants(t, `
		p0 open("pid", O_RDWR|O_CREAT, 0644) = 3<A>
		p0 write(3, "{p0}\n") = 5
		p0 read(3) = "{p0}\n"
		p0 open("pid.{p0.2}", O_WRONLY|O_CREAT, 0644) = 4<B>
		p0 close(4) = 0
		p0 exit_group() = 0`)
}

func TestWhatTheKernelClosesIsAStep(t *testing.T) {
	p := run(t, in(inC(t, `
		int fd = open(argv[1], O_CREAT | O_RDWR | (argc > 2 ? 0 : O_CLOEXEC), 0644);
		flock(fd, LOCK_EX);
		execl("/bin/true", "true", (char *)0)`), "{lock}"))
	p.wants(t, `
		p0 open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3<A>
		p0 flock(3, LOCK_EX) = 0
		p0 execve() = 0`)
}

func TestCallsThatNoLockOfOursMakesAreStepsToo(t *testing.T) {
	p := run(t, in(inC(t, `
		chdir(argv[1]);
		symlink("nowhere", "s");
		char buf[20];
		readlink("s", buf, 20);
		access("s", F_OK);
		mkfifo("f", 0600);
		struct { char *base; size_t n; } v[] = {{"ab", 2}, {"cd", 2}};
		int fd = open("v", O_CREAT | O_RDWR, 0644);
		writev(fd, (void *)v, 2);
		ftruncate(fd, 3);
		fsync(fd);
		fchmod(fd, 0600);
		lseek(fd, 0, SEEK_SET);
		char a[2], b[2];
		struct { char *base; size_t n; } w[] = {{a, 2}, {b, 2}};
		readv(fd, (void *)w, 2)`), "{dir}"))
	p.wants(t, `
		p0 symlink("nowhere", "s") = 0
		p0 readlink("s") = "nowhere"
		p0 access("s", 0) = -1 ENOENT
		p0 mknod("f", 4480) = 0
		p0 open("v", O_RDWR|O_CREAT, 0644) = 3<B>
		p0 write(3, "abcd") = 4
		p0 ftruncate(3, 3) = 0
		p0 fsync(3) = 0
		p0 fchmod(3, 0600) = 0
		p0 read(3) = "abc"
		p0 exit_group() = 0`)
}
