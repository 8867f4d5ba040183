//go:build linux

package trace

import (
	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

var old = map[int]*spec{
	unix.SYS_OPEN:      {name: "open", class: names, args: "pom", op: sys.OpOpen},
	unix.SYS_CREAT:     {name: "creat", class: names, args: "pm", op: sys.OpOpen},
	unix.SYS_STAT:      {name: "stat", class: names, args: "p-", op: sys.OpStat},
	unix.SYS_LSTAT:     {name: "lstat", class: names, args: "p-", op: sys.OpLstat},
	unix.SYS_ACCESS:    {name: "access", class: names, args: "pi"},
	unix.SYS_UNLINK:    {name: "unlink", class: names, args: "p", op: sys.OpUnlink},
	unix.SYS_RMDIR:     {name: "rmdir", class: names, args: "p", op: sys.OpRmdir},
	unix.SYS_RENAME:    {name: "rename", class: names, args: "pp", op: sys.OpRename},
	unix.SYS_RENAMEAT:  {name: "rename", class: names, args: "dpdp", op: sys.OpRename},
	unix.SYS_LINK:      {name: "link", class: names, args: "pp", op: sys.OpLink},
	unix.SYS_SYMLINK:   {name: "symlink", class: names, args: "sp", op: sys.OpSymlink},
	unix.SYS_READLINK:  {name: "readlink", class: names, args: "pb-", op: sys.OpReadlink},
	unix.SYS_MKDIR:     {name: "mkdir", class: names, args: "pm", op: sys.OpMkdir},
	unix.SYS_MKNOD:     {name: "mknod", class: names, args: "pi"},
	unix.SYS_CHMOD:     {name: "chmod", class: names, args: "pi"},
	unix.SYS_CHOWN:     {name: "chown", class: names, args: "pii"},
	unix.SYS_LCHOWN:    {name: "lchown", class: names, args: "pii"},
	unix.SYS_UTIME:     {name: "utime", class: names, args: "p-"},
	unix.SYS_UTIMES:    {name: "utimes", class: names, args: "p-"},
	unix.SYS_FUTIMESAT: {name: "utimes", class: names, args: "dp-"},

	unix.SYS_DUP2: {name: "dup2", class: files, args: "ff"},

	unix.SYS_POLL:       {name: "poll", class: waits, when: positive(2), limit: limit{at: 2, kind: milliseconds}},
	unix.SYS_SELECT:     {name: "select", class: waits, when: given(4), limit: limit{at: 4, kind: timeval}},
	unix.SYS_EPOLL_WAIT: {name: "epoll_wait", class: waits, when: positive(3), limit: limit{at: 3, kind: milliseconds}},

	unix.SYS_TIME: {name: "time", class: clocks},
}
