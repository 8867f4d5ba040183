package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// ctxDream is a pass of `ctx dream`, the other user of SafeTryLock: it looks
// first at what there is to do, then takes the lock and works from what it saw
// before. What it works through is counted in the state file beside the lock.
// Readers and waiting it has none of, so How is not looked at.
//
// Left out is what nobody else can see: the gate that asks whether a pass is
// due, the directory of the run, the program that does the work.
type ctxDream struct{}

func (ctxDream) Acquire(p *sys.Proc, path string, _ How) (Held, error) {
	state := path + ".state"
	seen, err := ctxReadFile(p, state)
	if err != nil {
		return nil, err
	}
	if err := ctxTryLock(p, path, 0o600); errors.Is(err, fs.ErrExist) {
		// It prints that it is locked, and exits with success.
		return nil, fmt.Errorf("%w: locked: %w", ErrBusy, fs.ErrExist)
	} else if err != nil {
		return nil, err
	}
	return ctxPass{Held: ctxRelease(path), state: state, seen: seen}, nil
}

// A ctxPass is a pass under the lock. What its release returns is discarded.
type ctxPass struct {
	Held
	state string
	seen  string // the state as it was before the lock was taken
}

// Read returns what the pass works from. It makes no call: the selection was
// made before the lock was taken.
func (h ctxPass) Read(*sys.Proc) (string, error) { return h.seen, nil }

// Write is SaveState, a write by rename. The original reads the state again and
// puts its own records into it; the counter is one of those, so that what is
// read again makes no difference, and is left out. The temporary name, which is
// random, is made of the process's number; chmod by name is no call here.
func (h ctxPass) Write(p *sys.Proc, data string) error {
	temporary := h.state + "." + p.Getpid().String() + ".tmp"
	f, err := p.Open(temporary, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	err = p.Write(f, data)
	if err == nil {
		err = p.Fsync(f)
	}
	if closing := p.Close(f); err == nil {
		err = closing
	}
	if err == nil {
		err = p.Rename(temporary, h.state, 0)
	}
	if err != nil {
		_ = p.Unlink(temporary)
	}
	return err
}

// ctxReadFile is os.ReadFile; of a file that is not there it returns nothing.
func ctxReadFile(p *sys.Proc, path string) (string, error) {
	f, err := p.Open(path, sys.O_RDONLY|sys.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := p.Read(f)
	_ = p.Close(f)
	return text, err
}

// ctxMoreEntries belong behind ctx-v0 (the first) and ctx-v2 (the second).
var ctxMoreEntries = []Entry{
	{
		Name:   "ctx-v1",
		About:  "the file's existence; O_EXCL makes it or fails; where close fails the file stays",
		Source: "ActiveMemory/ctx, internal/io SafeTryLock, 9e60ec8e (first commit of PR #113)",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return ctxV1{} },
	},
	{
		Name:    "ctx-dream",
		About:   "as ctx-v2, but what to work on is looked at before the lock is taken",
		Source:  "ActiveMemory/ctx, internal/cli/dream/core/pass, e71daf81",
		Claims:  []string{"exclusion", "honesty"},
		Setting: Setting{Acquisition: "lock read write unlock"},
		New:     func(Config) Lock { return ctxDream{} },
	},
}
