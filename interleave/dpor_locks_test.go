package interleave_test

import (
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// The locks of tinyPrograms: each is as small as what it is to show allows.

// attempting is the code with so many tries.
func attempting(code tiny, tries int) tiny {
	return func(p *sys.Proc, how lock.How) (release lock.Release, err error) {
		for range tries {
			if release, err = code(p, how); err == nil {
				break
			}
		}
		return release, err
	}
}

// apart looks at a file that nobody changes.
func apart(p *sys.Proc, _ lock.How) (lock.Release, error) {
	_, _ = p.Stat("f")
	return func(p *sys.Proc) error {
		_, _ = p.Stat("f")
		return nil
	}, nil
}

// sharing is flocking for readers and writers.
func sharing(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	mode := sys.LOCK_EX
	if how.Shared {
		mode = sys.LOCK_SH
	}
	if how.Try {
		mode |= sys.LOCK_NB
	}
	if err := p.Flock(f, mode); err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Flock(f, sys.LOCK_UN) }, nil
}

// converting reads and then writes; readers go the other way.
func converting(try bool) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		modes := []int{sys.LOCK_SH, sys.LOCK_EX}
		if how.Shared {
			modes = []int{sys.LOCK_EX, sys.LOCK_SH}
		}
		for _, mode := range modes {
			if try {
				mode |= sys.LOCK_NB
			}
			if err := p.Flock(f, mode); err != nil {
				return nil, lock.ErrBusy
			}
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
}

func exclusive(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error {
		_ = p.Close(f)
		return p.Unlink(trial.Path)
	}, nil
}

// waitingOrphan waits for a flock and removes the file before it gives it up.
func waitingOrphan(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_EX); err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error {
		_ = p.Unlink(trial.Path)
		return p.Close(f)
	}, nil
}

// meddling opens and locks as a writer; readers close what the writer opened.
func meddling(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if how.Shared {
		_ = p.Close(f)
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
	if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// recording takes a record lock on all of the file.
func recording(cmd int) tiny {
	return func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		if err := p.FcntlFlock(f, cmd, &sys.Record{Type: sys.F_WRLCK}); err != nil {
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
}

// circling takes a record lock on two bytes, readers in the other order. One of
// two is told of the circle and goes on without.
func circling(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	bytes := []int64{0, 1}
	if how.Shared {
		bytes = []int64{1, 0}
	}
	for _, b := range bytes {
		_ = p.FcntlFlock(f, sys.F_SETLKW, &sys.Record{Type: sys.F_WRLCK, Start: b, Len: 1})
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// doubled locks by one descriptor and gives up by closing both.
func doubled(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	g, err := p.Dup(f)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error {
		_ = p.Close(f)
		return p.Close(g)
	}, nil
}

// helped has a thread of its own wait for the flock.
func helped(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	p.Join(p.Go("x", func(p *sys.Proc) { _ = p.Flock(f, sys.LOCK_EX) }))
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// abandoning leaves a thread that waits for the flock and then looks at it.
func abandoning(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err == nil {
		return func(p *sys.Proc) error { return p.Close(f) }, nil
	}
	p.Go("x", func(p *sys.Proc) { _ = p.Flock(f, sys.LOCK_EX) })
	return nil, lock.ErrBusy
}

// patient tries every second, three times.
func patient(p *sys.Proc, how lock.How) (lock.Release, error) {
	for range 2 {
		release, err := exclusive(p, how)
		if err == nil {
			return release, nil
		}
		p.Sleep(time.Second)
	}
	return nil, lock.ErrTimeout
}

// aging takes over a file that is old.
func aging(p *sys.Proc, how lock.How) (lock.Release, error) {
	if st, err := p.Stat(trial.Path); err == nil && p.Older(st.Mtime, 30*time.Second) {
		_ = p.Unlink(trial.Path)
	}
	return exclusive(p, how)
}

// linking makes a file of its own and gives it the lock's name.
func linking(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open("own", sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	err = p.Link("own", trial.Path)
	if st, _ := p.Fstat(f); err != nil || st.Nlink != 2 {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Unlink(trial.Path) }, nil
}

func renaming(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open("own", sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return nil, lock.ErrBusy
	}
	_ = p.Write(f, "me")
	if err := p.Rename("own", trial.Path, sys.RENAME_NOREPLACE); err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Rename(trial.Path, "gone", 0) }, nil
}

func directory(p *sys.Proc, _ lock.How) (lock.Release, error) {
	if err := p.Mkdir(trial.Path, 0o700); err != nil {
		return nil, lock.ErrBusy
	}
	_, _ = p.Open(trial.Path+"/who", sys.O_CREAT|sys.O_RDWR, 0o600)
	return func(p *sys.Proc) error {
		_ = p.Unlink(trial.Path + "/who")
		return p.Rmdir(trial.Path)
	}, nil
}

func symbolic(p *sys.Proc, _ lock.How) (lock.Release, error) {
	if err := p.Symlink("me", trial.Path); err != nil {
		_, _ = p.Readlink(trial.Path)
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Unlink(trial.Path) }, nil
}
