#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
int main(int argc, char **argv) {
	int fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (flock(fd, LOCK_EX) == 0) write(1, "acquired\n", 9);
	close(fd);
	return write(1, "released\n", 9) < 0;
}
