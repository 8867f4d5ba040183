//go:build linux

package trace

// clockSize: there is no code of ours for this machine. The library is hidden.
const clockSize = 0

func (v *vdso) replaceable() bool { return false }

func (v *vdso) patches() map[uintptr][]byte { return nil }
