package lock

import "github.com/ghostlock/ghostlock/sut/sys"

// flockData locks the data file itself, in the way that take does, and commits
// by putting a new file in its place: what others have waited for is then the
// old one.
type flockData struct {
	take func(p *sys.Proc, path string, how How) (sys.File, error)
}

func (l flockData) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	f, err := l.take(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return &flockDataHeld{f: f, path: path}, nil
}

// A flockDataHeld is the locked data file and what its release will commit.
type flockDataHeld struct {
	f      sys.File
	path   string
	data   string
	loaded bool // data is what was read or written
}

// Read implements Guard. It reads the file that is locked.
func (h *flockDataHeld) Read(p *sys.Proc) (string, error) {
	if h.loaded {
		return h.data, nil
	}
	data, err := p.Read(h.f)
	if err != nil {
		return "", err
	}
	h.data, h.loaded = data, true
	return data, nil
}

// Write implements Guard.
func (h *flockDataHeld) Write(_ *sys.Proc, data string) error {
	h.data, h.loaded = data, true
	return nil
}

// Release commits even where nothing was written, as a program does that always
// saves. What close returns is ignored.
func (h *flockDataHeld) Release(p *sys.Proc) error {
	err := h.commit(p)
	_ = p.Close(h.f)
	return err
}

func (h *flockDataHeld) commit(p *sys.Proc) error {
	data, err := h.Read(p)
	if err != nil {
		return err
	}
	tmp := h.path + "." + p.Getpid().String()
	if err := flockDataSave(p, tmp, data); err != nil {
		return err
	}
	return p.Rename(tmp, h.path, 0)
}

// flockDataSave makes the file, which must not be there. When it fails, a file
// that it made stays.
func flockDataSave(p *sys.Proc, path, data string) error {
	f, err := p.Open(path, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	err = p.Write(f, data)
	if closing := p.Close(f); err == nil {
		err = closing
	}
	return err
}
