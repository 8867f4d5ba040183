//go:build linux && (amd64 || arm64)

package trace

import (
	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A class is why a call is stopped.
type class uint8

const (
	names   class = iota + 1 // its arguments are paths
	files                    // or descriptors
	waits                    // it may wait for a time
	clocks                   // it asks for the time
	ends                     // the task, its process or its program ends
	refuse                   // what it makes could not be stopped
	numbers                  // it asks who the task is
)

// A spec says of a system call how it is read.
//
// Each letter of args is an argument: d a directory's descriptor, to which the
// path after it is relative, p a path, f a descriptor, o flags of open, m a mode,
// s a text, b a buffer and n its length behind it, v a list of buffers and n
// theirs, i a number, - what is of no interest.
type spec struct {
	name  string
	class class
	args  string
	op    sys.Op    // 0: OpForeign
	when  condition // under which it is stopped; nil: always
	limit limit     // of a wait: where its time-out is
}

// specs has the calls that both processors know; old has those that are there on
// one alone.
var specs = func() map[int]*spec {
	all := map[int]*spec{
		unix.SYS_OPENAT:     {name: "openat", class: names, args: "dpom", op: sys.OpOpen},
		unix.SYS_OPENAT2:    {name: "openat2", class: names, args: "dph", op: sys.OpOpen},
		unix.SYS_NEWFSTATAT: {name: "fstatat", class: names, args: "dp-i", op: sys.OpStat},
		unix.SYS_STATX:      {name: "statx", class: names, args: "dpi", op: sys.OpStat},
		unix.SYS_FACCESSAT:  {name: "access", class: names, args: "dpi"},
		unix.SYS_FACCESSAT2: {name: "access", class: names, args: "dpi"},
		unix.SYS_UNLINKAT:   {name: "unlink", class: names, args: "dpi", op: sys.OpUnlink},
		unix.SYS_RENAMEAT2:  {name: "rename", class: names, args: "dpdpi", op: sys.OpRename},
		unix.SYS_LINKAT:     {name: "link", class: names, args: "dpdp-", op: sys.OpLink},
		unix.SYS_SYMLINKAT:  {name: "symlink", class: names, args: "sdp", op: sys.OpSymlink},
		unix.SYS_READLINKAT: {name: "readlink", class: names, args: "dpb-", op: sys.OpReadlink},
		unix.SYS_MKDIRAT:    {name: "mkdir", class: names, args: "dpm", op: sys.OpMkdir},
		unix.SYS_MKNODAT:    {name: "mknod", class: names, args: "dpi"},
		unix.SYS_FCHMODAT:   {name: "chmod", class: names, args: "dpi"},
		unix.SYS_FCHOWNAT:   {name: "chown", class: names, args: "dpii"},
		unix.SYS_TRUNCATE:   {name: "truncate", class: names, args: "pi"},
		unix.SYS_UTIMENSAT:  {name: "utimensat", class: names, args: "dp-"},
		unix.SYS_STATFS:     {name: "statfs", class: names, args: "p-", op: sys.OpStatfs},

		unix.SYS_INOTIFY_ADD_WATCH: {name: "inotify_add_watch", class: names, args: "-p"},

		unix.SYS_READ:       {name: "read", class: files, args: "fb-", op: sys.OpRead},
		unix.SYS_PREAD64:    {name: "read", class: files, args: "fb--", op: sys.OpRead},
		unix.SYS_READV:      {name: "read", class: files, args: "fv-", op: sys.OpRead},
		unix.SYS_PREADV:     {name: "read", class: files, args: "fv--", op: sys.OpRead},
		unix.SYS_WRITE:      {name: "write", class: files, args: "fbn", op: sys.OpWrite},
		unix.SYS_PWRITE64:   {name: "write", class: files, args: "fbn-", op: sys.OpWrite},
		unix.SYS_WRITEV:     {name: "write", class: files, args: "fvn", op: sys.OpWrite},
		unix.SYS_PWRITEV:    {name: "write", class: files, args: "fvn-", op: sys.OpWrite},
		unix.SYS_CLOSE:      {name: "close", class: files, args: "f", op: sys.OpClose},
		unix.SYS_FSTAT:      {name: "fstat", class: files, args: "f-", op: sys.OpFstat},
		unix.SYS_FTRUNCATE:  {name: "ftruncate", class: files, args: "fi", op: sys.OpFtruncate},
		unix.SYS_FALLOCATE:  {name: "fallocate", class: files, args: "fiii"},
		unix.SYS_FSYNC:      {name: "fsync", class: files, args: "f", op: sys.OpFsync},
		unix.SYS_FDATASYNC:  {name: "fdatasync", class: files, args: "f", op: sys.OpFsync},
		unix.SYS_FLOCK:      {name: "flock", class: files, args: "fi", op: sys.OpFlock},
		unix.SYS_FCHMOD:     {name: "fchmod", class: files, args: "fm", op: sys.OpFchmod},
		unix.SYS_FCHOWN:     {name: "fchown", class: files, args: "fii"},
		unix.SYS_GETDENTS64: {name: "getdents", class: files, args: "f"},
		unix.SYS_FSTATFS:    {name: "fstatfs", class: files, args: "f-"},
		unix.SYS_SENDFILE:   {name: "sendfile", class: files, args: "ff-i"},
		unix.SYS_DUP3:       {name: "dup3", class: files, args: "ffi"},
		unix.SYS_FCNTL: {name: "fcntl", class: files, args: "fir", op: sys.OpFcntl,
			when: among(1, sys.F_GETLK, sys.F_SETLK, sys.F_SETLKW, sys.F_OFD_GETLK, sys.F_OFD_SETLK, sys.F_OFD_SETLKW)},
		unix.SYS_COPY_FILE_RANGE: {name: "copy_file_range", class: files, args: "f-f-"},
		unix.SYS_CLOSE_RANGE:     {name: "close_range", class: files, args: "iii"},

		unix.SYS_NANOSLEEP:       {name: "nanosleep", class: waits, limit: limit{at: 0, kind: timespec, sleeps: true}},
		unix.SYS_CLOCK_NANOSLEEP: {name: "clock_nanosleep", class: waits, limit: limit{at: 2, kind: timespec, sleeps: true, clock: 1}},
		unix.SYS_PPOLL:           {name: "ppoll", class: waits, when: given(2), limit: limit{at: 2, kind: timespec}},
		unix.SYS_PSELECT6:        {name: "pselect", class: waits, when: given(4), limit: limit{at: 4, kind: timespec}},
		unix.SYS_EPOLL_PWAIT:     {name: "epoll_pwait", class: waits, when: positive(3), limit: limit{at: 3, kind: milliseconds}},
		unix.SYS_EPOLL_PWAIT2:    {name: "epoll_pwait2", class: waits, when: given(3), limit: limit{at: 3, kind: timespec}},
		unix.SYS_FUTEX:           {name: "futex", class: waits, when: futexWaits, limit: limit{at: 3, kind: futexTime}},

		unix.SYS_CLOCK_GETTIME: {name: "clock_gettime", class: clocks, when: among(0,
			unix.CLOCK_REALTIME, unix.CLOCK_MONOTONIC, unix.CLOCK_MONOTONIC_RAW, unix.CLOCK_REALTIME_COARSE, unix.CLOCK_MONOTONIC_COARSE, unix.CLOCK_BOOTTIME, unix.CLOCK_TAI)},
		unix.SYS_GETTIMEOFDAY: {name: "gettimeofday", class: clocks},

		unix.SYS_EXIT:       {name: "exit", class: ends},
		unix.SYS_EXIT_GROUP: {name: "exit_group", class: ends, args: "i"},
		unix.SYS_EXECVE:     {name: "execve", class: ends},
		unix.SYS_EXECVEAT:   {name: "execve", class: ends},

		unix.SYS_GETPID: {name: "getpid", class: numbers},

		unix.SYS_IO_URING_SETUP: {name: "io_uring_setup", class: refuse},
	}
	for nr, s := range old {
		all[nr] = s
	}
	return all
}()
