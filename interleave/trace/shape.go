//go:build linux && (amd64 || arm64)

package trace

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// shape makes the call what it comes to, and leaves out what is not of its kind.
func (r *reader) shape() {
	c := &r.g.call
	was := *c
	*c = sys.Call{Op: was.Op, Path: was.Path}
	switch was.Op {
	case sys.OpOpen:
		c.Flags = was.Flags
		if r.t.spec.name == "creat" {
			c.Flags = sys.O_CREAT | unix.O_WRONLY | unix.O_TRUNC
		}
		if c.Flags&sys.O_CREAT != 0 {
			c.Mode = was.Mode
		}
	case sys.OpStat:
		switch {
		case r.empty && was.Flags&unix.AT_EMPTY_PATH != 0:
			*c = sys.Call{Op: sys.OpFstat, FD: was.FD}
		case was.Flags&unix.AT_SYMLINK_NOFOLLOW != 0:
			c.Op = sys.OpLstat
		}
	case sys.OpUnlink:
		if was.Flags&unix.AT_REMOVEDIR != 0 {
			c.Op = sys.OpRmdir
		}
	case sys.OpRename:
		c.Path2, c.Flags = was.Path2, was.Flags
	case sys.OpLink:
		c.Path2 = was.Path2
	case sys.OpSymlink:
		c.Path, c.Path2 = was.Path, r.tr.public(was.Path2)
	case sys.OpMkdir:
		c.Mode = was.Mode
	case sys.OpRead, sys.OpClose, sys.OpFstat, sys.OpFsync:
		*c = sys.Call{Op: was.Op, FD: was.FD}
	case sys.OpWrite:
		*c = sys.Call{Op: was.Op, FD: was.FD, Data: was.Data}
	case sys.OpFtruncate:
		*c = sys.Call{Op: was.Op, FD: was.FD, N: was.N}
	case sys.OpFchmod:
		*c = sys.Call{Op: was.Op, FD: was.FD, Mode: was.Mode}
	case sys.OpFlock:
		*c = sys.Call{Op: was.Op, FD: was.FD, Flags: was.Flags}
		r.g.waits = was.Flags&(sys.LOCK_NB|sys.LOCK_UN) == 0
	case sys.OpFcntl:
		*c = sys.Call{Op: was.Op, FD: was.FD, Flags: was.Flags, Record: was.Record}
		r.g.waits = was.Flags == sys.F_SETLKW || was.Flags == sys.F_OFD_SETLKW
	case 0:
		*c = foreignCall(r.t.spec.name, strings.Join(r.printed, ", "))
	}
}

// opens reports whether the call gives the task a descriptor.
func (g *gate) opens() bool { return g.call.Op == sys.OpOpen }

// public returns a text with the names of processes in the place of their numbers,
// which are others in each run.
func (tr *tracer) public(text string) string {
	var out strings.Builder
	for rest := text; rest != ""; {
		i := strings.IndexFunc(rest, isDigit)
		if i < 0 {
			out.WriteString(rest)
			break
		}
		out.WriteString(rest[:i])
		digits := rest[i:]
		if j := strings.IndexFunc(digits, func(r rune) bool { return !isDigit(r) }); j >= 0 {
			digits = digits[:j]
		}
		rest = rest[i+len(digits):]
		if n, err := strconv.Atoi(digits); err == nil && tr.named[n] != "" {
			digits = tr.named[n]
		}
		out.WriteString(digits)
	}
	return out.String()
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
