//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestDescriptorsRunOutAsInAProcess(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		k := boot(t, m, 1)
		for fd := firstFD; fd <= lastFD; fd++ {
			play(t, k, fmt.Sprintf(`p0 open("l", O_RDWR|O_CREAT, 0600) = %d<A>`, fd))
		}
		play(t, k, `
			p0 open("l", O_RDWR) = -1 EMFILE
			p0 open("new", O_RDWR|O_CREAT, 0600) = -1 EMFILE
			p0 dup(77) = -1 EMFILE
			p0 lstat("new") = -1 ENOENT
			p0 close(77) = 0
			p0 close(300) = 0
			p0 open("l", O_RDWR) = 77<A>
			p0 open("l", O_RDWR) = 300<A>`)
		play(t, boot(t, m, 1), `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`)
	})
}

func TestReadOfALargeFileIsAnError(t *testing.T) {
	onEach(t, func(t *testing.T, m sys.Machine) {
		k := boot(t, m, 1, sys.Entry{Name: "l", Content: strings.Repeat("x", frameBuf)})
		play(t, k, `p0 open("l", O_RDONLY) = 3<A>`)
		if _, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpRead, FD: 3}); err == nil {
			t.Error("wanted an error")
		}
	})
}
