//go:build !unix

package cost

import "syscall"

// apart does nothing: there is no bench on this system.
func apart() *syscall.SysProcAttr { return nil }
