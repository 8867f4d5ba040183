package sys

import (
	"fmt"
	"io/fs"
)

// An Errno is an error number of Linux, the same on every machine that
// Ghostlock is built for. It matches fs.ErrExist, fs.ErrNotExist and
// fs.ErrPermission under errors.Is, as syscall.Errno does.
type Errno uint8

// The error numbers that file locks meet; the values are those of
// asm-generic/errno.h.
const (
	EPERM     Errno = 1
	ENOENT    Errno = 2
	ESRCH     Errno = 3
	EINTR     Errno = 4
	EIO       Errno = 5
	EBADF     Errno = 9
	EAGAIN    Errno = 11
	ENOMEM    Errno = 12
	EACCES    Errno = 13
	EBUSY     Errno = 16
	EEXIST    Errno = 17
	EXDEV     Errno = 18
	ENOTDIR   Errno = 20
	EISDIR    Errno = 21
	EINVAL    Errno = 22
	ENFILE    Errno = 23
	EMFILE    Errno = 24
	EFBIG     Errno = 27
	ENOSPC    Errno = 28
	EROFS     Errno = 30
	EMLINK    Errno = 31
	EDEADLK   Errno = 35
	ENAMETOOL Errno = 36
	ENOLCK    Errno = 37
	ENOSYS    Errno = 38
	ENOTEMPTY Errno = 39
	ELOOP     Errno = 40
	EOVERFLOW Errno = 75
	EOPNOTSUP Errno = 95
	ESTALE    Errno = 116
	EDQUOT    Errno = 122

	// EWOULDBLOCK is EAGAIN by another name, the one that flock(2) uses.
	EWOULDBLOCK = EAGAIN
)

var errnos = map[Errno]struct{ name, text string }{
	EPERM:     {"EPERM", "operation not permitted"},
	ENOENT:    {"ENOENT", "no such file or directory"},
	ESRCH:     {"ESRCH", "no such process"},
	EINTR:     {"EINTR", "interrupted system call"},
	EIO:       {"EIO", "input/output error"},
	EBADF:     {"EBADF", "bad file descriptor"},
	EAGAIN:    {"EAGAIN", "resource temporarily unavailable"},
	ENOMEM:    {"ENOMEM", "cannot allocate memory"},
	EACCES:    {"EACCES", "permission denied"},
	EBUSY:     {"EBUSY", "device or resource busy"},
	EEXIST:    {"EEXIST", "file exists"},
	EXDEV:     {"EXDEV", "invalid cross-device link"},
	ENOTDIR:   {"ENOTDIR", "not a directory"},
	EISDIR:    {"EISDIR", "is a directory"},
	EINVAL:    {"EINVAL", "invalid argument"},
	ENFILE:    {"ENFILE", "too many open files in system"},
	EMFILE:    {"EMFILE", "too many open files"},
	EFBIG:     {"EFBIG", "file too large"},
	ENOSPC:    {"ENOSPC", "no space left on device"},
	EROFS:     {"EROFS", "read-only file system"},
	EMLINK:    {"EMLINK", "too many links"},
	EDEADLK:   {"EDEADLK", "resource deadlock avoided"},
	ENAMETOOL: {"ENAMETOOLONG", "file name too long"},
	ENOLCK:    {"ENOLCK", "no locks available"},
	ENOSYS:    {"ENOSYS", "function not implemented"},
	ENOTEMPTY: {"ENOTEMPTY", "directory not empty"},
	ELOOP:     {"ELOOP", "too many levels of symbolic links"},
	EOVERFLOW: {"EOVERFLOW", "value too large for defined data type"},
	EOPNOTSUP: {"EOPNOTSUPP", "operation not supported"},
	ESTALE:    {"ESTALE", "stale file handle"},
	EDQUOT:    {"EDQUOT", "disk quota exceeded"},
}

// Error describes the error as strerror(3) does.
func (e Errno) Error() string {
	if known, ok := errnos[e]; ok {
		return known.text
	}
	return fmt.Sprintf("errno %d", int(e))
}

// Name returns the error's symbol, "ENOENT".
func (e Errno) Name() string {
	if known, ok := errnos[e]; ok {
		return known.name
	}
	return fmt.Sprintf("E#%d", int(e))
}

// ErrnoByName returns the error with that symbol.
func ErrnoByName(name string) (Errno, bool) {
	for e, known := range errnos {
		if known.name == name {
			return e, true
		}
	}
	var n int
	if _, err := fmt.Sscanf(name, "E#%d", &n); err == nil && n > 0 && n < 256 && Errno(n).Name() == name {
		return Errno(n), true
	}
	return 0, false
}

// Is makes errors.Is see the portable errors of io/fs.
func (e Errno) Is(target error) bool {
	switch target {
	case fs.ErrPermission:
		return e == EACCES || e == EPERM
	case fs.ErrExist:
		return e == EEXIST || e == ENOTEMPTY
	case fs.ErrNotExist:
		return e == ENOENT
	}
	return false
}
