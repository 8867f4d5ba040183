package lock

import "github.com/ghostlock/ghostlock/sut/sys"

// gitLockfile is git's: it is held while the lock file exists, and the lock
// file is the new data file in the making. The original derives the lock's path
// from the data file's by adding ".lock"; here the data file's from the lock's.
// There is one attempt, as for the index; for references there may be more.
type gitLockfile struct{}

func (gitLockfile) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o666)
	if err != nil {
		return nil, exclRefused(err)
	}
	return &gitHeld{path: path, file: f, open: true}, nil
}

// A gitHeld is a struct lock_file.
type gitHeld struct {
	path    string
	file    sys.File
	open    bool
	written bool // all of text is in the lock file
	text    string
}

func (h *gitHeld) data() string { return h.path + ".data" }

// Read returns what will be there after the release: what was written, or else
// the data file.
func (h *gitHeld) Read(p *sys.Proc) (string, error) {
	if h.written {
		return h.text, nil
	}
	return p.Load(h.data())
}

// Write puts the data into the lock file. A second one begins it anew, as
// reopen_lock_file does, which forgets O_CLOEXEC.
func (h *gitHeld) Write(p *sys.Proc, data string) error {
	if h.written {
		h.written = false
		if err := h.close(p); err != nil {
			return err
		}
		f, err := p.Open(h.path, sys.O_WRONLY|sys.O_TRUNC, 0)
		if err != nil {
			return err
		}
		h.file, h.open = f, true
	}
	if err := p.Write(h.file, data); err != nil {
		return err
	}
	h.text, h.written = data, true
	return nil
}

// Release is commit_lock_file where all that was to be written is, and
// rollback_lock_file where it is not or where nothing was.
func (h *gitHeld) Release(p *sys.Proc) error {
	if !h.written {
		h.remove(p)
		return nil
	}
	if err := h.close(p); err != nil {
		h.remove(p)
		return err
	}
	if err := p.Rename(h.path, h.data(), 0); err != nil {
		h.remove(p)
		return err
	}
	return nil
}

// remove is delete_tempfile, which only warns.
func (h *gitHeld) remove(p *sys.Proc) {
	_ = h.close(p)
	_ = p.Unlink(h.path)
}

func (h *gitHeld) close(p *sys.Proc) error {
	if !h.open {
		return nil
	}
	h.open = false
	return p.Close(h.file)
}
