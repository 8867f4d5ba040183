package mutate

import (
	"unsafe"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// hostOf returns the host that the Proc hands its calls to. It is the Proc's only
// field, and a Proc has no way to tell it; that it is so is tested.
func hostOf(p *sys.Proc) sys.Host { return *(*sys.Host)(unsafe.Pointer(p)) }
