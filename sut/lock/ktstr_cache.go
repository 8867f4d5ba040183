package lock

import (
	"errors"
	"io/fs"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// ktstrCache is the kernel cache: whoever stores an entry has its key's lock
// alone, test machines that run the entry share it. An entry is a directory,
// which is staged and then put in its place in one step.
//
// A reader of the original waits for 10 s and a writer for 60; here both wait for
// what the setting says. Other processes' leftovers, which a store looks for in
// the cache's directory, are left alone; so are all files of an entry but one.
type ktstrCache struct{ Config }

func (l ktstrCache) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	held, err := ktstrTimeout{l.Config, ktstrHolders}.Acquire(p, path, how)
	if err != nil {
		return nil, err
	}
	return ktstrEntry{held, path}, nil
}

// A ktstrEntry is a cache entry under its key's lock.
type ktstrEntry struct {
	Held
	path string
}

func (h ktstrEntry) directory() string { return h.path + ".entry" }

// Read is the lookup, which is made anew under the lock.
func (h ktstrEntry) Read(p *sys.Proc) (string, error) {
	return ktstrReadFile(p, ktstrMetadata(h.directory()))
}

// Write is the store: a staging directory of the process's own, which is made
// anew where it was left behind, is filled and put in its place. What is in the
// staging directory at the end, if it is still there, is removed.
func (h ktstrEntry) Write(p *sys.Proc, data string) error {
	staging := h.path + ".tmp-" + p.Getpid().String()
	if _, err := p.Stat(staging); err == nil {
		if err := ktstrRemoveAll(p, staging); err != nil {
			return err
		}
	}
	if err := p.Mkdir(staging, 0o777); err != nil {
		return err
	}
	err := ktstrWriteFile(p, ktstrMetadata(staging), data)
	if err == nil {
		err = ktstrInstall(p, staging, h.directory())
	}
	_ = ktstrRemoveAll(p, staging)
	return err
}

// ktstrInstall renames the directory; where there is an entry already, the two
// are exchanged.
func ktstrInstall(p *sys.Proc, staging, entry string) error {
	err := p.Rename(staging, entry, 0)
	if errors.Is(err, sys.ENOTEMPTY) || errors.Is(err, sys.EEXIST) {
		return p.Rename(staging, entry, sys.RENAME_EXCHANGE)
	}
	return err
}

func ktstrMetadata(entry string) string { return entry + "/metadata.json" }

// ktstrRemoveAll is remove_dir_all of what there can be in such a directory.
func ktstrRemoveAll(p *sys.Proc, directory string) error {
	if err := p.Unlink(ktstrMetadata(directory)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.Rmdir(directory)
}
