package lock

import (
	"errors"
	"io/fs"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The locks of the flock family whose file is removed: by their holders, by a
// janitor, or by waiters to whom it looks abandoned.
var flockRemovedEntries = []Entry{
	{
		Name:   "flock-unlock-unlink",
		About:  "flock; the release unlocks, closes and then removes the file",
		Source: "python-simpleflock; portalocker up to 3, TemporaryFileLock",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockUnlockUnlink) },
	},
	{
		Name:   "flock-unlink-unlock",
		About:  "flock; the release removes the file while it holds the lock",
		Source: "textbook",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockUnlinkUnlock) },
	},
	{
		Name:   "flock-recheck",
		About:  "as flock-unlink-unlock, but who has it checks that the path leads to its file",
		Source: "portalocker 4, TemporaryFileLock; Tor's fslock-guard",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockRecheck) },
	},
	{
		Name:   "flock-nlink",
		About:  "as flock-recheck, but the check is that the file has a name",
		Source: "Python filelock 3.20.4 to 3.29.4; Lix",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockNlink) },
	},
	{
		Name:   "flock-recheck-late",
		About:  "as flock-recheck, but the release unlocks first and removes the file last",
		Source: "textbook",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockRecheckLate) },
	},
	{
		Name:    "flock-janitor",
		About:   "flock on a file that a janitor removes; who has it checks that it has a name",
		Source:  "werf/lockgate, pkg/file_lock",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Readers: true,
		Waits:   true,
		Setting: Setting{Beside: "clean"},
		New:     func(Config) Lock { return Func(flockJanitor) },
	},
	{
		Name:    "flock-janitor-plain",
		About:   "flock-persist, beside a janitor that removes the file when nobody has it",
		Source:  "textbook: a cron job that tidies up",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Readers: true,
		Waits:   true,
		Setting: Setting{Beside: "clean"},
		New:     func(Config) Lock { return Func(flockPersist) },
	},
	{
		Name:   "flock-marker",
		About:  "flock; the release removes the file and writes into it that it is gone",
		Source: "Nix, src/libstore/pathlocks.cc",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockMarker) },
	},
	{
		Name:   "flock-marker-first",
		About:  "as flock-marker, but the release writes before it removes",
		Source: "textbook: Nix's the other way round",
		Claims: []string{"exclusion", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return Func(flockMarkerFirst) },
	},
	{
		Name:   "flock-data",
		About:  "flock on the data file itself, which a rename replaces at the release",
		Source: "textbook",
		Claims: []string{"exclusion", "update", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return flockData{flockTake} },
	},
	{
		Name:   "flock-data-recheck",
		About:  "as flock-data, but who has it checks that the path leads to its file",
		Source: "textbook",
		Claims: []string{"exclusion", "update", "honesty", "recovery"},
		Waits:  true,
		New:    func(Config) Lock { return flockData{flockTakeRechecked} },
	},
	{
		Name:     "filelock-lifetime",
		About:    "as flock-nlink, but polls, and each time moves a file of 30 s or older away first",
		Source:   "Python filelock 3.25, lifetime on a native lock; the 30 s are ours",
		Claims:   []string{"exclusion", "honesty", "recovery"},
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: 50 * time.Millisecond},
		New:      func(c Config) Lock { return filelockLifetime{c} },
	},
}

func flockUnlockUnlink(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTake(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return flockRemovingLast(f, path), nil
}

func flockUnlinkUnlock(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTake(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return flockRemovingFirst(f, path), nil
}

func flockRecheck(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeRechecked(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return flockRemovingFirst(f, path), nil
}

func flockNlink(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeChecked(p, path, How{Try: how.Try}, flockHasName)
	if err != nil {
		return nil, err
	}
	return flockRemovingFirst(f, path), nil
}

func flockRecheckLate(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeRechecked(p, path, How{Try: how.Try})
	if err != nil {
		return nil, err
	}
	return flockRemovingLast(f, path), nil
}

// flockJanitor leaves the file to the janitor. lockgate gives up after ten files
// that were removed under it, and polls.
func flockJanitor(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeChecked(p, path, how, flockHasName)
	if err != nil {
		return nil, err
	}
	return flockUnlocking(f), nil
}

// flockMarker ignores an error of unlink; Nix calls it an optimization. An
// error of write leaves the descriptor open.
func flockMarker(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeChecked(p, path, How{Try: how.Try}, flockUnmarked)
	if err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error {
		_ = p.Unlink(path)
		if err := p.Write(f, "d"); err != nil {
			return err
		}
		_ = p.Close(f)
		return nil
	}, nil
}

func flockMarkerFirst(p *sys.Proc, path string, how How) (Release, error) {
	f, err := flockTakeChecked(p, path, How{Try: how.Try}, flockUnmarked)
	if err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error {
		if err := p.Write(f, "d"); err != nil {
			return err
		}
		_ = p.Unlink(path)
		_ = p.Close(f)
		return nil
	}, nil
}

// flockRemovingFirst removes whatever is at the path, and unlocks and closes
// even if it cannot.
func flockRemovingFirst(f sys.File, path string) Release {
	return func(p *sys.Proc) error {
		err := p.Unlink(path)
		_ = p.Flock(f, sys.LOCK_UN)
		_ = p.Close(f)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
}

// flockRemovingLast removes whatever is at the path when it has nothing to do
// with it any more. That it may fail is ignored.
func flockRemovingLast(f sys.File, path string) Release {
	return func(p *sys.Proc) error {
		if err := p.Flock(f, sys.LOCK_UN); err != nil {
			return err
		}
		if err := p.Close(f); err != nil {
			return err
		}
		_ = p.Unlink(path)
		return nil
	}
}
