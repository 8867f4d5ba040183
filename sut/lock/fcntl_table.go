package lock

import (
	"errors"
	"fmt"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The fcntl-table locks keep a table of the paths that the process has locked,
// as a record lock does not exclude the process's own threads. They never wait.

var errFcntlTaken = errors.New("already held by process")

// fcntlEnter puts the path into the table, and reports false where it is there.
func fcntlEnter(p *sys.Proc, path string) bool { return p.Swap(path, "taken") == "" }

func fcntlLeave(p *sys.Proc, path string) { p.Swap(path, "") }

// fcntlTableAfter is LevelDB's: the table is asked when the file is open, so
// that who finds the path in it closes a descriptor of a file that its process
// has locked.
type fcntlTableAfter struct{}

func (fcntlTableAfter) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	f, err := p.Open(path, fcntlFlags, 0o644)
	if err != nil {
		return nil, err
	}
	if !fcntlEnter(p, path) {
		_ = p.Close(f)
		return nil, fmt.Errorf("%w: lock %s: %w", ErrBusy, path, errFcntlTaken)
	}
	if err := fcntlLock(p, f, sys.F_SETLK); err != nil {
		_ = p.Close(f)
		fcntlLeave(p, path)
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		// Where it fails the file stays open, and its path in the table.
		if err := fcntlUnlock(p, f, sys.F_SETLK); err != nil {
			return err
		}
		fcntlLeave(p, path)
		_ = p.Close(f)
		return nil
	}), nil
}

// fcntlTableBefore is RocksDB's: the table is asked before the file is opened.
//
// The original has a mutex around the whole of either operation, and so takes
// the path out of the table first of all when it unlocks. Here there is none,
// and it is taken out last: at no time is it missing while the file is open.
type fcntlTableBefore struct{}

func (fcntlTableBefore) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	if !fcntlEnter(p, path) {
		return nil, fmt.Errorf("%w: lock %s: %w", ErrBusy, path, errFcntlTaken)
	}
	f, err := fcntlTake(p, path, sys.F_SETLK)
	if err != nil {
		fcntlLeave(p, path)
		return nil, err
	}
	return Release(func(p *sys.Proc) error {
		err := fcntlUnlock(p, f, sys.F_SETLK)
		_ = p.Close(f)
		fcntlLeave(p, path)
		return err
	}), nil
}
