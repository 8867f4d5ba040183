//go:build linux && (amd64 || arm64)

package linux

import (
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Place is a private directory for trials whose calls are carried out by others.
// It is furnished for each trial, and what is in it is told as the carriers of this
// package tell it. It is for one goroutine.
type Place struct {
	room    *room
	trial   trial
	named   int // inodes that have a name
	changes map[uint64]change
}

// OpenPlace makes a directory in dir, or where dir is "" in os.TempDir.
func OpenPlace(dir string) (*Place, error) {
	room, err := openRoom(dir)
	if err != nil {
		return nil, err
	}
	if room.path, err = filepath.EvalSymlinks(room.path); err != nil {
		return nil, fmt.Errorf("resolve %s: %w", dir, err)
	}
	return &Place{room: room, trial: newTrial()}, nil
}

// Path returns the directory's path, in which no element is a symbolic link.
func (p *Place) Path() string { return p.room.path }

// Profile names the file system.
func (p *Place) Profile() string { return p.room.profile() }

// Furnish empties the directory and makes the setup's files.
func (p *Place) Furnish(setup *sys.Setup) error {
	if err := p.room.furnish(setup, &p.trial); err != nil {
		return err
	}
	p.named, p.changes = len(p.trial.known), map[uint64]change{}
	if err := p.settleRoot(p.trial.real(0)); err != nil {
		return fmt.Errorf("set the time of %s: %w", p.room.path, err)
	}
	return p.settleAll(p.room.fd, nil)
}

// Real returns the time of the real wall clock that stands for a virtual one.
func (p *Place) Real(wall time.Duration) unix.Timespec { return p.trial.real(wall) }

// Ino names the inode: created tells that it is a new file. Each file has a name of
// its own: whether a file system gives a number out again at once hangs on what
// else it has done.
func (p *Place) Ino(st *unix.Stat_t, created bool) sys.Ino {
	ino, met := p.trial.known[st.Ino]
	if st.Ino == p.trial.root || met && !created {
		return ino
	}
	p.named++
	ino = sys.Ino{Num: uint16(p.named)}
	p.trial.known[st.Ino] = ino
	return ino
}

// Stat tells of a file as a call's answer does.
func (p *Place) Stat(st *unix.Stat_t) sys.Stat {
	p.Ino(st, false)
	return p.trial.stat(&stat{ino: st.Ino, mode: st.Mode, nlink: uint32(st.Nlink), size: st.Size, mtime: st.Mtim})
}

// Close removes the directory.
func (p *Place) Close() error { return p.room.close() }
