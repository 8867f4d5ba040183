package explore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// keeping is an honest lock, and what the planted ones have instead of a part of
// it: it polls until it can make the file, and removes it.
type keeping struct {
	attempt func(*sys.Proc) error // made again and again
	giveUp  func(error) bool
	release func(*sys.Proc) error
}

func (k keeping) Acquire(p *sys.Proc, _ string, how lock.How) (lock.Held, error) {
	giveUp := k.giveUp
	if how.Try {
		giveUp = func(error) bool { return true }
	}
	if err := p.Retry(sys.Backoff{Initial: time.Second}, giveUp, func() error { return k.attempt(p) }); err != nil {
		return nil, fmt.Errorf("%w: %w", lock.ErrBusy, err)
	}
	if k.release == nil {
		return lock.Release(removes), nil
	}
	return lock.Release(k.release), nil
}

func removes(p *sys.Proc) error { return p.Unlink(trial.Path) }

// makes is the honest attempt.
func makes(p *sys.Proc) error {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return p.Close(f)
}

// after returns an attempt that removes the file first, from the n-th one on.
func after(n int) func(*sys.Proc) error {
	made := 0
	return func(p *sys.Proc) error {
		if made++; made >= n {
			_ = p.Unlink(trial.Path)
		}
		return makes(p)
	}
}

// planted are locks that break a rule of lock code, each by one thing that they
// keep, or take from elsewhere. What New makes is one process's.
var planted = []struct {
	name string
	new  func() keeping
	work string
	says string
}{
	{"counts its attempts", func() keeping { return keeping{attempt: after(3)} }, "lock inside unlock", "keeps state"},
	{"counts many attempts", func() keeping { return keeping{attempt: after(20)} }, "lock inside unlock", "keeps state"},
	{"counts the attempts to give up", func() keeping {
		failed := 0
		return keeping{attempt: makes, giveUp: func(error) bool { failed++; return failed > 4 }}
	}, "lock inside unlock", "keeps state"},
	{"leaks a descriptor into the next attempt", func() keeping {
		var last *sys.File
		return keeping{attempt: func(p *sys.Proc) error {
			if last != nil {
				_ = p.Close(*last)
			}
			f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
			last = &f
			if err == nil {
				err = p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
			}
			return err
		}}
	}, "lock inside unlock", "should have forgotten"},
	{"keeps a time from an earlier attempt", func() keeping {
		var seen *sys.Time
		return keeping{attempt: func(p *sys.Proc) error {
			if seen != nil && p.Older(*seen, time.Minute) {
				_ = p.Unlink(trial.Path)
			}
			if st, err := p.Stat(trial.Path); err == nil {
				seen = &st.Mtime
			}
			return makes(p)
		}}
	}, "lock inside unlock", "should have forgotten"},
	{"keeps an inode from an earlier attempt", func() keeping {
		var seen *sys.Stat
		return keeping{attempt: func(p *sys.Proc) error {
			st, err := p.Stat(trial.Path)
			if err == nil && seen != nil && p.SameFile(st, *seen) {
				_ = p.Unlink(trial.Path)
			}
			if err == nil {
				seen = &st
			}
			return makes(p)
		}}
	}, "lock inside unlock", "should have forgotten"},
	{"keeps an answer from an earlier attempt", func() keeping {
		empty := false
		return keeping{attempt: func(p *sys.Proc) error {
			st, err := p.Stat(trial.Path)
			if err != nil && empty {
				return nil // it was there, and is not: ours
			}
			empty = err == nil && p.Size(st) == 0
			return makes(p)
		}}
	}, "lock inside unlock", "keeps state"},
	{"opens anew only at first", func() keeping { return keeping{attempt: opensOnce(new(*sys.File))} }, "lock inside unlock", "should have forgotten"},
	{"tells how often it tried", func() keeping {
		n := 0
		return keeping{attempt: func(p *sys.Proc) error {
			n++
			if err := makes(p); err != nil {
				return fmt.Errorf("attempt %d: %w", n, err)
			}
			return nil
		}, release: func(p *sys.Proc) error {
			_ = p.Unlink(trial.Path)
			return fmt.Errorf("it took %d attempts", n)
		}}
	}, "lock inside unlock", "keeps state"},

	{"counts its acquires", func() keeping {
		n := 0
		return keeping{attempt: func(p *sys.Proc) error {
			n++
			return makes(p)
		}, release: func(p *sys.Proc) error {
			if n > 1 {
				return nil
			}
			return removes(p)
		}}
	}, "trylock inside unlock trylock inside unlock", "keeps state"},
	{"counts its acquires for long", func() keeping { return keeping{attempt: after(5)} }, "trylock inside unlock trylock inside unlock", "keeps state"},
	{"counts its acquires, of which there is one", func() keeping { return keeping{attempt: after(2)} }, "trylock inside unlock", "keeps state"},
	{"keeps its file open", func() keeping {
		var f *sys.File
		return keeping{attempt: opensOnce(&f), release: func(p *sys.Proc) error { return p.Flock(*f, sys.LOCK_UN) }}
	}, "trylock inside unlock trylock inside unlock", "should have forgotten"},
	{"remembers that it was refused", func() keeping {
		refused := false
		return keeping{attempt: func(p *sys.Proc) error {
			if refused {
				_ = p.Unlink(trial.Path)
			}
			err := makes(p)
			refused = err != nil
			return err
		}}
	}, "trylock inside unlock trylock inside unlock", "keeps state"},

	{"counts in a variable of the package", func() keeping {
		everywhere++
		n := everywhere
		return keeping{attempt: func(p *sys.Proc) error {
			if n%2 == 0 {
				_, _ = p.Stat(trial.Path)
			}
			return makes(p)
		}}
	}, "lock inside unlock", "not deterministic"},
	{"ranges over a map", func() keeping {
		names := map[string]bool{}
		for i := range 20 {
			names[fmt.Sprint("x", i)] = true
		}
		return keeping{attempt: func(p *sys.Proc) error {
			for name := range names {
				_, _ = p.Stat(name)
				break
			}
			return makes(p)
		}}
	}, "lock inside unlock", "not deterministic"},
	{"panics", func() keeping {
		return keeping{attempt: func(p *sys.Proc) error {
			if err := makes(p); err != nil {
				panic("no " + err.Error())
			}
			return nil
		}}
	}, "lock inside unlock", "panicked: no open l"},
	{"compares a time that it does not have", func() keeping {
		return keeping{attempt: func(p *sys.Proc) error {
			st, _ := p.Stat(trial.Path)
			if p.Older(st.Mtime, time.Minute) {
				_ = p.Unlink(trial.Path)
			}
			return makes(p)
		}}
	}, "lock inside unlock", "a time that no call gave it"},
	{"makes a time up", func() keeping {
		return keeping{attempt: makes, release: func(p *sys.Proc) error {
			p.Older(sys.Time{At: time.Hour}, time.Second)
			return removes(p)
		}}
	}, "lock inside unlock", "a value that it made up"},
}

// everywhere is what one of the planted locks counts in.
var everywhere int

// Each of the planted locks is named by an error, and the honest one they were
// made from is not.
func TestPlantedLocksAreNamed(t *testing.T) {
	for _, p := range planted {
		t.Run(strings.ReplaceAll(p.name, " ", "-"), func(t *testing.T) {
			for _, clients := range []int{2, 3} {
				tr := keeping.trial(p.new(), t, p.name, p.work, clients)
				tr.Lock.New = func(lock.Config) lock.Lock { return p.new() }
				a, err := NewCode(tr.Lock, tr.Config).Explore(context.Background(), Question{Trial: tr, Profile: "ext4", KeepGoing: true})
				if err == nil || a.Verdict != model.Undecided || !strings.Contains(err.Error(), p.says) || !strings.HasPrefix(err.Error(), p.name+": ") {
					t.Errorf("%d clients: found %s, %v, wanted an error that says %q", clients, a.Verdict, err, p.says)
				}
			}
		})
	}
}

func (k keeping) trial(tb testing.TB, name, work string, clients int) *trial.Trial {
	tr := tiny(nil).clients(tb, alike(clients, work)...)
	tr.Lock = lock.Entry{Name: name, New: func(lock.Config) lock.Lock { return k }}
	return tr
}

func TestTheHonestLockIsNotNamed(t *testing.T) {
	for _, work := range []string{"lock inside unlock", "trylock inside unlock trylock inside unlock"} {
		if a := explored(t, keeping{attempt: makes}.trial(t, "honest", work, 3), Question{}); a.Violations > 0 || a.Why != nil {
			t.Errorf("%s: found %+v", work, a)
		}
	}
}

// A crash is an error of its own kind, and so is a lock of two minds.
func TestPlantedErrorsHaveTheirKinds(t *testing.T) {
	for _, p := range planted {
		tr := keeping.trial(p.new(), t, p.name, p.work, 2)
		tr.Lock.New = func(lock.Config) lock.Lock { return p.new() }
		_, err := NewCode(tr.Lock, tr.Config).Shortest(context.Background(), Question{Trial: tr, Profile: "ext4"}, -1)
		var crash *Crash
		var minds *Nondeterministic
		switch {
		case p.name == "panics" && !errors.As(err, &crash):
			t.Errorf("%s: found %v, wanted a crash", p.name, err)
		case p.says == "not deterministic" && !errors.As(err, &minds):
			t.Errorf("%s: found %v, wanted it not to be deterministic", p.name, err)
		}
	}
}

// opensOnce returns an attempt that opens the file into f unless one before did.
func opensOnce(f **sys.File) func(*sys.Proc) error {
	return func(p *sys.Proc) error {
		if *f == nil {
			opened, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
			if err != nil {
				return err
			}
			*f = &opened
		}
		return p.Flock(**f, sys.LOCK_EX|sys.LOCK_NB)
	}
}
