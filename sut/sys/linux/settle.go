//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A change is the last that became of an inode. Its ctime cannot be set: what it
// stands for is remembered.
type change struct {
	real, virtual unix.Timespec
}

// Settle sets the mtime of whatever a call has touched in the directory to the
// virtual time, by the file server's clock, and takes note of what was changed.
func (p *Place) Settle(wall time.Duration) error {
	now := p.trial.real(wall + p.trial.skew)
	if err := p.settleAll(p.room.fd, &now); err != nil {
		return fmt.Errorf("set times in %s: %w", p.room.path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.room.fd, &st); err == nil && touched(&st) {
		p.trial.changed = wall + p.trial.skew
		return p.settleRoot(now)
	}
	return nil
}

// SettleFile does the same for one file that has no name any more. The path is one
// below /proc.
func (p *Place) SettleFile(path string, wall time.Duration) error {
	now := p.trial.real(wall + p.trial.skew)
	if err := p.settleEntry(unix.AT_FDCWD, path, 0, &now); err != nil {
		return fmt.Errorf("set the time of %s: %w", path, err)
	}
	return nil
}

// Changed returns the ctime that the file has by the trial's clock, once it was
// settled.
func (p *Place) Changed(st *unix.Stat_t) unix.Timespec {
	if c, known := p.changes[st.Ino]; known {
		return c.virtual
	}
	return st.Mtim
}

// touched reports whether the file's mtime is the kernel's, and no trial's.
func touched(st *unix.Stat_t) bool { return st.Mtim.Sec >= fresh }

func (p *Place) settleRoot(now unix.Timespec) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, p.room.path, mtime(now), 0)
}

// mtime is what utimensat(2) takes to set it alone.
func mtime(t unix.Timespec) []unix.Timespec { return []unix.Timespec{{Nsec: unix.UTIME_OMIT}, t} }

// settleAll settles what is in the directory. Where no time is given its files are
// those of the start: each has been changed last when it was touched.
func (p *Place) settleAll(dir int, now *unix.Timespec) error {
	if _, err := unix.Seek(dir, 0, unix.SEEK_SET); err != nil {
		return err
	}
	return eachName(dir, make([]byte, 4<<10), func(name string) error {
		return p.settleEntry(dir, name, unix.AT_SYMLINK_NOFOLLOW, now)
	})
}

func (p *Place) settleEntry(dir int, name string, flags int, now *unix.Timespec) error {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, flags); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		if err := p.settleBelow(dir, name, now); err != nil {
			return err
		}
	}
	if p.changes[st.Ino].real == st.Ctim && !touched(&st) {
		return nil
	}
	at := st.Mtim
	if now != nil {
		at = *now
	}
	if touched(&st) {
		if err := unix.UtimesNanoAt(dir, name, mtime(at), flags); err != nil {
			return err
		}
		if err := unix.Fstatat(dir, name, &st, flags); err != nil {
			return err
		}
	}
	p.changes[st.Ino] = change{real: st.Ctim, virtual: at}
	return nil
}

func (p *Place) settleBelow(dir int, name string, now *unix.Timespec) error {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.EACCES {
		return nil // nobody else sees into it either
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return p.settleAll(fd, now)
}
