package lock

import (
	"errors"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// filelockLifetime is filelock's acquire with a lifetime, which its authors
// have native locks ignore since 3.30: each round of its polling removes a
// file that is too old, whoever has it locked, and then tries.
type filelockLifetime struct{ Config }

func (l filelockLifetime) Acquire(p *sys.Proc, path string, how How) (Held, error) {
	attempt := func() (sys.File, error) {
		l.breakExpired(p, path)
		return flockTryChecked(p, path, How{Try: true}, flockHasName)
	}
	giveUp := func(err error) bool { return how.Try || !errors.Is(err, ErrBusy) }
	f, err := sys.Retry(p, sys.Backoff{Initial: l.Poll}, giveUp, attempt)
	if err != nil {
		return nil, err
	}
	return flockRemovingFirst(f, path), nil
}

// breakExpired goes by the path and looks at nothing again once it has the file
// aside. All its errors are ignored.
func (l filelockLifetime) breakExpired(p *sys.Proc, path string) {
	st, err := p.Stat(path)
	if err != nil || !p.Older(st.Mtime, l.Stale) {
		return
	}
	aside := path + ".break." + p.Getpid().String()
	if p.Rename(path, aside, 0) == nil {
		_ = p.Unlink(aside)
	}
}
