package sys

// A File is an open descriptor and the name it was opened by.
type File struct {
	fd   int
	name string
}

// Name returns the path that was given to Open.
func (f File) Name() string { return f.name }

// Open opens the file: open(2), with O_* flags and, where it is created, these
// permission bits less the umask.
func (p *Proc) Open(path string, flags int, mode uint32) (File, error) {
	r, err := p.path(Call{Op: OpOpen, Path: path, Flags: flags, Mode: mode})
	if err != nil {
		return File{}, err
	}
	return File{fd: int(r.N), name: path}, nil
}

// Close closes the descriptor, even if it returns an error.
func (p *Proc) Close(f File) error { return p.file(f, Call{Op: OpClose}) }

// Dup is dup(2): both descriptors lead to one open file description, with its
// offset and its locks, which lasts until both are closed.
func (p *Proc) Dup(f File) (File, error) {
	r, err := wrap(p.host.Call(Call{Op: OpDup, FD: f.fd}), OpDup, f.name)
	if err != nil {
		return File{}, err
	}
	return File{fd: int(r.N), name: f.name}, nil
}

// Flock is flock(2): LOCK_SH, LOCK_EX or LOCK_UN, and LOCK_NB. Without LOCK_NB
// it waits for its turn.
func (p *Proc) Flock(f File, how int) error { return p.file(f, Call{Op: OpFlock, Flags: how}) }

// Ftruncate sets the file's size, and its mtime to now even if the size stays.
func (p *Proc) Ftruncate(f File, size int64) error {
	return p.file(f, Call{Op: OpFtruncate, N: size})
}

// Fsync is fsync(2).
func (p *Proc) Fsync(f File) error { return p.file(f, Call{Op: OpFsync}) }

// Fchmod is fchmod(2).
func (p *Proc) Fchmod(f File, mode uint32) error {
	return p.file(f, Call{Op: OpFchmod, Mode: mode})
}

// Fstat is fstat(2).
func (p *Proc) Fstat(f File) (Stat, error) {
	r, err := wrap(p.host.Call(Call{Op: OpFstat, FD: f.fd}), OpFstat, f.name)
	return r.Stat, err
}

// Read returns what is between the descriptor's offset and the file's end, as
// one read(2) with a buffer large enough for any lock file does.
func (p *Proc) Read(f File) (string, error) {
	r, err := wrap(p.host.Call(Call{Op: OpRead, FD: f.fd}), OpRead, f.name)
	return r.Data, err
}

// Write writes the whole of data with one write(2), or fails.
func (p *Proc) Write(f File, data string) error {
	return p.file(f, Call{Op: OpWrite, Data: data})
}

// Stat is stat(2): it follows symbolic links.
func (p *Proc) Stat(path string) (Stat, error) {
	r, err := p.path(Call{Op: OpStat, Path: path})
	return r.Stat, err
}

// Lstat is lstat(2): it does not follow a symbolic link at the path's end.
func (p *Proc) Lstat(path string) (Stat, error) {
	r, err := p.path(Call{Op: OpLstat, Path: path})
	return r.Stat, err
}

// Unlink is unlink(2).
func (p *Proc) Unlink(path string) error { return p.op(Call{Op: OpUnlink, Path: path}) }

// Rename is renameat2(2) with RENAME_* flags; 0 makes it rename(2).
func (p *Proc) Rename(from, to string, flags int) error {
	return p.op(Call{Op: OpRename, Path: from, Path2: to, Flags: flags})
}

// Link is link(2): from gets the second name to.
func (p *Proc) Link(from, to string) error {
	return p.op(Call{Op: OpLink, Path: from, Path2: to})
}

// Symlink makes path a symbolic link to target.
func (p *Proc) Symlink(target, path string) error {
	return p.op(Call{Op: OpSymlink, Path: path, Path2: target})
}

// Readlink returns the target of a symbolic link.
func (p *Proc) Readlink(path string) (string, error) {
	r, err := p.path(Call{Op: OpReadlink, Path: path})
	return r.Data, err
}

// Mkdir is mkdir(2).
func (p *Proc) Mkdir(path string, mode uint32) error {
	return p.op(Call{Op: OpMkdir, Path: path, Mode: mode})
}

// Rmdir is rmdir(2).
func (p *Proc) Rmdir(path string) error { return p.op(Call{Op: OpRmdir, Path: path}) }

// Statfs returns the magic number of the file system that the path is on.
func (p *Proc) Statfs(path string) (int64, error) {
	r, err := p.path(Call{Op: OpStatfs, Path: path})
	return r.N, err
}

// file carries out a call on f's descriptor.
func (p *Proc) file(f File, c Call) error {
	c.FD = f.fd
	_, err := wrap(p.host.Call(c), c.Op, f.name)
	return err
}

// op carries out a call on c.Path that answers nothing but success.
func (p *Proc) op(c Call) error {
	_, err := p.path(c)
	return err
}
