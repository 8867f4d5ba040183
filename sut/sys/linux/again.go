//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// againArg tells a worker that it was one before exec.
const againArg = "worker-again"

// An again is what exec is called with.
type again struct {
	path *byte
	args [3]*byte
	env  [5]*byte
}

// newAgain prepares another run of this binary as a worker. Go's runtime is to
// keep no descriptor open, as it does to follow the limit of its control group.
func newAgain(dir string) (again, error) {
	var a again
	for at, text := range map[**byte]string{
		&a.path:    "/proc/self/exe",
		&a.args[0]: "ghostlock",
		&a.args[1]: againArg,
		&a.env[0]:  zygoteEnv + "=" + dir,
		&a.env[1]:  "GOMAXPROCS=1",
		&a.env[2]:  "GOGC=off",
		&a.env[3]:  "GODEBUG=containermaxprocs=0",
	} {
		p, err := unix.BytePtrFromString(text)
		if err != nil {
			return again{}, fmt.Errorf("%q: %w", text, err)
		}
		*at = p
	}
	return a, nil
}

// newSeed prepares all that workers will need and cannot make for themselves.
func newSeed(dir string, fd, parent int) (*seed, error) {
	s := &seed{parent: parent}
	s.dir, s.fix = int32(fd), true
	s.connect()
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &s.wide); err != nil {
		return nil, fmt.Errorf("getrlimit: %w", err)
	}
	s.wide.Cur = s.wide.Max
	s.limit = unix.Rlimit{Cur: lastFD + 1, Max: s.wide.Max}
	var err error
	s.again, err = newAgain(dir)
	return s, err
}

// serveAgain goes on as the worker that this process was before exec, and
// answers for it. Signals are still blocked.
func serveAgain() {
	runtime.LockOSThread()
	s, err := newSeed(os.Getenv(zygoteEnv), workerDir, os.Getppid())
	if err != nil {
		unix.Exit(2)
	}
	s.sock = workerSock
	s.keep(unix.FD_CLOEXEC)
	s.frame.op = sys.OpExec
	s.frame.errno = s.limitTo(&s.limit)
	for s.serves() {
		if !s.lives() {
			s.perform(&s.frame)
		}
	}
	unix.Exit(0)
}
