package lock

import (
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// file_lock derives its lock file from the name of the file that it guards, the
// target, and how it does that has changed twice. Here are its three rules; all
// the rest of them is pactSidecar. The target of the path l is l.md.
//
// The rules differ only where the target is reached by two names, and there only
// if its last element is a symbolic link: of a directory, any name does, as the
// kernel finds the same lock file in it. So each rule comes with a link that is
// not the lock's but its arrangement's: it is made by whoever comes first. Where
// clients have different names for the target, odd processes have the other one.

// pactUnresolved is the rule of April 2026 (f1048947): the name that the caller
// has for the target, as it is. Odd processes have an alias.
type pactUnresolved struct{ Config }

func (l pactUnresolved) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	target, alias := path+".md", path+".alias.md"
	if pactOdd(p.Getpid()) {
		_ = p.Symlink(target, alias)
		target = alias
	}
	held, err := pactSidecar(l).Acquire(p, pactKey(target), how)
	if err != nil {
		return nil, err
	}
	return pactText{held, target}, nil
}

// pactLeaf is the rule of July 2026 (0be93d08): the target's name, all symbolic
// links resolved. Here the target is a link, by the one name that all clients
// have. A write replaces the link by a file, and who comes then resolves the same
// name to another.
type pactLeaf struct{ Config }

func (l pactLeaf) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	target := path + ".md"
	_ = p.Symlink(path+".real.md", target)
	held, err := pactSidecar(l).Acquire(p, pactKey(pactResolve(p, target)), how)
	if err != nil {
		return nil, err
	}
	return pactReplaced{pactText{held, target}, p.Getpid()}, nil
}

// pactParent is the rule of two days later (8ac78628), which is pactSidecar's:
// the directory resolved, the name in it as it is. The target is the same link as
// pactLeaf's, and odd processes write "./" before it. To resolve that directory
// takes no call: all that could be a link in its name is above the trial's own.
type pactParent struct{ Config }

func (l pactParent) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	leaf := path + ".md"
	_ = p.Symlink(path+".real.md", leaf)
	unique := p.Getpid()
	target := leaf
	if pactOdd(unique) {
		target = "./" + leaf
	}
	held, err := pactSidecar(l).Acquire(p, pactKey(leaf), how)
	if err != nil {
		return nil, err
	}
	return pactReplaced{pactText{held, target}, unique}, nil
}

// pactOdd reports whether the process has the other name of the target.
func pactOdd(pid sys.PID) bool { return pid%2 == 1 }

// pactKey returns the lock file of a target by that name.
func pactKey(target string) string { return "." + target + ".lock" }

// pactResolve is Path.resolve(), for a path of one element: what is not there or
// cannot be read is no link.
func pactResolve(p *sys.Proc, path string) string {
	st, err := p.Lstat(path)
	if err != nil || p.KindOf(st) != sys.Symlink {
		return path
	}
	target, err := p.Readlink(path)
	if err != nil {
		return path
	}
	return pactResolve(p, target)
}

// A pactText is the target under its lock, in the time of f1048947.
type pactText struct {
	Held
	target string
}

// Read is read_text(); a target that is not there is empty.
func (h pactText) Read(p *sys.Proc) (string, error) { return pactRead(p, h.target) }

// Write is write_text(): whoever is killed behind open leaves nothing of what
// there was.
func (h pactText) Write(p *sys.Proc, data string) error {
	f, err := p.Open(h.target, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC|sys.O_CLOEXEC, 0o666)
	if err != nil {
		return err
	}
	err = p.Write(f, data)
	if closing := p.Close(f); closing != nil {
		err = closing
	}
	return err
}

// A pactReplaced is the target under its lock, since 0be93d08.
type pactReplaced struct {
	pactText
	unique sys.PID // for the temporary name, which is random in the original
}

// Write is _atomic_write_text: it replaces what is in the target's place, a
// symbolic link too. It is 8ac78628's, whose look at what the directory is in is
// left out. 0be93d08 has chmod by name behind close in the place of fchmod.
func (h pactReplaced) Write(p *sys.Proc, data string) error {
	temporary := pactTemporary(h.target, h.unique)
	f, err := p.Open(temporary, sys.O_WRONLY|sys.O_CREAT|sys.O_EXCL|sys.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	err = pactFill(p, f, data)
	if closing := p.Close(f); closing != nil {
		err = closing
	}
	if err == nil {
		err = p.Rename(temporary, h.target, 0)
	}
	if err != nil {
		_ = p.Unlink(temporary)
	}
	return err
}

func pactFill(p *sys.Proc, f sys.File, data string) error {
	if err := p.Write(f, data); err != nil {
		return err
	}
	if err := p.Fchmod(f, 0o600); err != nil {
		return err
	}
	return p.Fsync(f)
}

// pactTemporary returns .NAME.UNIQUE.tmp, in the directory of the target.
func pactTemporary(target string, unique sys.PID) string {
	i := strings.LastIndexByte(target, '/') + 1
	return target[:i] + "." + target[i:] + "." + unique.String() + ".tmp"
}
