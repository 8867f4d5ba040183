//go:build linux && (amd64 || arm64)

package linux

// Dir returns the directory that trials are in, for whoever looks at it with
// other eyes than the trial's calls.
func (w *Workers) Dir() string { return w.room.path }

// PID returns the real process that is the trial's process p, or 0 if that was
// killed. What it holds is told by /proc/PID/fdinfo.
func (w *Workers) PID(p int) int { return w.workers[p].pid }
