//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// flockHeld reports whether a process of the trial's holds a flock on the file
// with that inode. It looks where /proc/PID/fdinfo tells of each descriptor's
// locks: /proc/locks, which lock code would read, is empty in a new pid
// namespace and names other devices on btrfs. What tells of a lock reads
//
//	lock:	1: FLOCK  ADVISORY  WRITE 4242 fe:00:131 0 EOF
func (t *trial) flockHeld(inode uint64) (bool, error) {
	suffix := fmt.Sprintf(":%d", inode)
	for _, pid := range t.pids {
		dir := fmt.Sprintf("/proc/%d/fdinfo", pid)
		infos, err := os.ReadDir(dir)
		if isGone(err) {
			continue // a process that has ended
		}
		if err != nil {
			return false, err
		}
		for _, e := range infos {
			info, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil && !isGone(err) {
				return false, err
			}
			if tellsOfFlock(string(info), suffix) {
				return true, nil
			}
		}
	}
	return false, nil
}

func isGone(err error) bool {
	why := cause(err)
	return why == unix.ENOENT || why == unix.ESRCH
}

func tellsOfFlock(info, suffix string) bool {
	for line := range strings.Lines(info) {
		f := strings.Fields(line)
		if len(f) > 6 && f[0] == "lock:" && f[2] == "FLOCK" && strings.HasSuffix(f[6], suffix) {
			return true
		}
	}
	return false
}
