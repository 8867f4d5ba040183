//go:build linux

package trace

import (
	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

var old = map[int]*spec{
	unix.SYS_RENAMEAT: {name: "rename", class: names, args: "dpdp", op: sys.OpRename},
}
