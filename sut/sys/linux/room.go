//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// closedDir is in the place of the descriptor of a room that is not open.
const closedDir = -1

// A room is a machine's private directory: a trial's whole world, emptied and
// used again for the next.
type room struct {
	path  string
	fd    int
	magic int64
	inode uint64
	list  []byte // what getdents fills
}

// openRoom makes a directory in dir, or where dir is "" in os.TempDir.
func openRoom(dir string) (*room, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(dir, "ghostlock-")
	if err != nil {
		return nil, fmt.Errorf("make a directory in %s: %w", dir, cause(err))
	}
	r := &room{path: path, fd: -1, list: make([]byte, 8<<10)}
	if err := r.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("use directory %s: %w", path, err), r.close())
	}
	return r, nil
}

func (r *room) open() (err error) {
	if r.fd, err = unix.Open(r.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return err
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(r.fd, &fs); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(r.fd, &st); err != nil {
		return err
	}
	r.magic, r.inode = fs.Type, st.Ino
	return nil
}

// close removes the directory. A second close does nothing.
func (r *room) close() error {
	if r.fd >= 0 {
		// RemoveAll would not enter a directory of mode 0; what this leaves it
		// reports.
		_ = empty(r.fd, r.list)
		unix.Close(r.fd)
		r.fd = -1
	}
	if err := os.RemoveAll(r.path); err != nil {
		return fmt.Errorf("remove directory %s: %w", r.path, cause(err))
	}
	return nil
}

// profile names the directory's file system.
func (r *room) profile() string {
	switch r.magic {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	}
	return fmt.Sprintf("%#x", r.magic)
}

// furnish empties the directory and makes the setup's files. In the trial they
// are met in the setup's order.
func (r *room) furnish(setup *sys.Setup, t *trial) error {
	t.begin()
	t.skew = setup.Skew
	t.root = r.inode
	if err := empty(r.fd, r.list); err != nil {
		return fmt.Errorf("empty directory %s: %w", r.path, err)
	}
	for i := range setup.Files {
		if err := r.make(&setup.Files[i], t); err != nil {
			return fmt.Errorf("make %s in %s: %w", setup.Files[i].Name, r.path, err)
		}
	}
	// Afterwards, because files move their directory's mtime.
	for _, e := range setup.Files {
		times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, t.real(setup.Skew - e.Age)}
		if err := unix.UtimesNanoAt(r.fd, e.Name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("set the time of %s in %s: %w", e.Name, r.path, err)
		}
	}
	return nil
}

func (r *room) make(e *sys.Entry, t *trial) error {
	if err := checkPath(sys.OpOpen, e.Name); err != nil {
		return err
	}
	var st unix.Stat_t
	if e.Link != "" {
		return unix.Linkat(r.fd, e.Link, r.fd, e.Name, 0)
	}
	if e.Kind != sys.Regular {
		if err := r.makeOther(e); err != nil {
			return err
		}
		if err := unix.Fstatat(r.fd, e.Name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		t.name(st.Ino, true)
		return nil
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	fd, err := unix.Openat(r.fd, e.Name, flags, 0o644)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	t.name(st.Ino, true)
	if e.Content == "" {
		return nil
	}
	n, err := unix.Write(fd, []byte(e.Content))
	if err == nil && n < len(e.Content) {
		err = unix.ENOSPC
	}
	return err
}

// makeOther makes what is no regular file.
func (r *room) makeOther(e *sys.Entry) error {
	switch e.Kind {
	case sys.Directory:
		return unix.Mkdirat(r.fd, e.Name, 0o755)
	case sys.Symlink:
		return unix.Symlinkat(e.Content, r.fd, e.Name)
	}
	return errors.New("a setup has regular files, directories and symbolic links only")
}

// empty removes everything that is in the directory; list is its scratch.
func empty(dir int, list []byte) error {
	if _, err := unix.Seek(dir, 0, unix.SEEK_SET); err != nil {
		return err
	}
	return eachName(dir, list, func(name string) error { return remove(dir, name) })
}

// eachName calls do with the name of each file in the directory, as far as it was
// not yet read; list is its scratch.
func eachName(dir int, list []byte, do func(string) error) error {
	for {
		n, err := unix.Getdents(dir, list)
		if n <= 0 || err != nil {
			return err
		}
		for rest := list[:n]; len(rest) > 0; {
			entry := (*unix.Dirent)(unsafe.Pointer(&rest[0]))
			name := unix.ByteSliceToString(rest[unsafe.Offsetof(entry.Name):entry.Reclen])
			rest = rest[entry.Reclen:]
			if name == "." || name == ".." {
				continue
			}
			if err := do(name); err != nil {
				return err
			}
		}
	}
}

// remove removes the file, or the directory and what is in it.
func remove(dir int, name string) error {
	err := unix.Unlinkat(dir, name, 0)
	if err != unix.EISDIR && err != unix.EPERM {
		return err
	}
	if err = unix.Unlinkat(dir, name, unix.AT_REMOVEDIR); err != unix.ENOTEMPTY && err != unix.EACCES {
		return err
	}
	// A trial may have made it with any mode.
	if err := unix.Fchmodat(dir, name, 0o700, 0); err != nil {
		return err
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := empty(fd, make([]byte, 4<<10)); err != nil {
		return err
	}
	return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
}

// cause strips the path and the operation that the caller's message has.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
