//go:build unix

package cost

import "syscall"

// apart puts a child into a session of its own: a terminal's signals are the
// bench's to handle.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
