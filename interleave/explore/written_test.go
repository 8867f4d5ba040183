package explore

import (
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Locks written for what drawn ones seldom come to. Each is explored as it is
// enumerated.
func TestWrittenLocksAreExploredAsTheyAreEnumerated(t *testing.T) {
	for _, test := range []struct {
		name     string
		lock     tiny
		clients  []string
		start    []sys.Entry
		jumps    int
		violated bool
	}{
		// Readers and writers that do the same, and so stand at the same calls.
		{"readers overlap after a writer", looking, []string{"p0: lock inside unlock", "p1: rest 5s rlock inside unlock", "p2: rest 5s rlock inside unlock"}, nil, 0, false},
		{"writers overlap after a reader", looking, []string{"p0: rlock inside unlock", "p1: rest 5s lock inside unlock", "p2: rest 5s lock inside unlock"}, nil, 0, true},
		{"a reader and a writer overlap", looking, []string{"p0: rlock inside unlock", "p1: lock inside unlock"}, nil, 0, true},

		// What is compared: times, also those of directories, and numbers.
		{"a file that is touched meanwhile", watching(trial.Path, sameAfter), disturbed, old, 0, false},
		{"a file that stays", watching(trial.Path, sameAfter), undisturbed, old, 0, true},
		{"a directory that is changed meanwhile", watching(".", sameAfter), disturbed, nil, 0, false},
		{"a directory that stays", watching(".", sameAfter), undisturbed, nil, 0, true},
		{"a directory that grew old", watching(".", oldAfter), undisturbed, nil, 0, true},
		{"a directory that did not", watching(".", oldAfter), disturbed, nil, 0, false},
		{"a file that grew old", watching(trial.Path, oldAfter), undisturbed, []sys.Entry{{Name: trial.Path}}, 0, true},
		{"a file that did not", watching(trial.Path, oldAfter), disturbed, []sys.Entry{{Name: trial.Path}}, 0, false},
		{"a directory in a file's place", watching(trial.Path, oldAfter), append([]string{"p2: tryrlock inside unlock"}, undisturbed...), []sys.Entry{{Name: trial.Path}}, 0, true},
		{"another file with an old one's number", watching(trial.Path, fileAfter), replaced, old, 0, true},
		{"a file whose age matters to the next operation", aging, []string{"p0: trylock inside unlock lock inside unlock", "p1: rlock work 9s unlock"}, []sys.Entry{{Name: trial.Path}}, 0, false},
		{"a file that is old when the next operation asks", aging, []string{"p0: trylock inside unlock rest 2s lock inside unlock", "p1: rlock work 9s unlock"}, []sys.Entry{{Name: trial.Path}}, 0, true},

		// What is no call, and what is a call like another.
		{"a release that only asks what it was told", knowing, []string{"p0: lock inside unlock", "p1: lock inside unlock"}, []sys.Entry{{Name: trial.Path}}, 0, true},
		{"a lock on a copied descriptor", copying, []string{"p0: lock inside unlock", "p1: lock inside unlock"}, nil, 0, false},

		{"a deadline that has no time to pass", late, []string{"p0: lock inside unlock", "p1: lock inside unlock"}, nil, 0, false},
		{"a deadline that the clock jumps past", late, []string{"p0: lock inside unlock", "p1: lock inside unlock"}, nil, 1, true},

		{"a file that appears between two looks", peeking, []string{"p0: lock inside unlock", "p1: trylock inside unlock"}, nil, 0, true},

		// Threads, which are known by their handles for as long as somebody has one.
		{"threads that end in turn", helping, []string{"p0: lock work 3s unlock", "p1: rest 2s trylock inside unlock"}, nil, 0, true},
		{"a process's second thread that waits", waitsForRecord, []string{"p0.a: rest 5s", "p0.b: lock inside unlock", "p1: lock inside unlock lock inside unlock"}, nil, 0, false},
		{"threads of two clients", helping, []string{"p0.a: lock inside unlock", "p0.b: trylock inside unlock"}, nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := test.lock.clients(t, test.clients...)
			tr.Start, tr.Budget.Jumps, tr.Config.Stale = test.start, test.jumps, 2*time.Second
			wanted, all := enumerated(t, tr, 20_000)
			if !all || wanted.violated > 0 != test.violated {
				t.Fatalf("found %+v, all %t, wanted it violated: %t", wanted, all, test.violated)
			}
			agree(t, tr, wanted)
		})
	}
}

// On a file system that uses no number again another file is never taken for one
// that is gone, and two that are gone not for each other.
func TestNumbersWhereNoneIsUsedAgain(t *testing.T) {
	tmpfs := sim.Machine{Rules: sim.RulesOf("tmpfs")}
	again := []string{"p0: lock inside unlock", "p1: rlock work 9s unlock", "p2: rest 1s tryrlock inside unlock rest 2s tryrlock inside unlock"}
	for _, clients := range [][]string{replaced, again} {
		tr := watching(trial.Path, func(p *sys.Proc, before, after sys.Stat) bool {
			p.Sleep(2 * time.Second) // and then they are compared
			return p.SameFile(before, after)
		}).clients(t, clients...)
		tr.Start = old
		wanted, all := enumeratedOn(t, tmpfs, tr, 20_000)
		a := explored(t, tr, Question{Profile: tmpfs.Profile()})
		if !all || wanted.violated > 0 || a.Verdict != wanted.verdict() || a.Interleavings.Int64() != int64(wanted.runs) {
			t.Errorf("%v: found %+v, wanted %+v", clients, a, wanted)
		}
	}
}

// looking is a lock of nobody, whose clients look and let each other in.
func looking(p *sys.Proc, _ lock.How) (lock.Release, error) {
	_, _ = p.Stat(trial.Path)
	return func(p *sys.Proc) error {
		_, _ = p.Stat(trial.Path)
		return nil
	}, nil
}

// aging lets readers in, and writers where the file is old. Those who try look
// at nothing.
func aging(p *sys.Proc, how lock.How) (lock.Release, error) {
	st, err := p.Stat(trial.Path)
	if err != nil || how.Try || !how.Shared && !p.Older(st.Mtime, 2*time.Second) {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { _, err := p.Stat(trial.Path); return err }, nil
}

// knowing is a lock of nobody whose release makes no call.
func knowing(p *sys.Proc, _ lock.How) (lock.Release, error) {
	st, err := p.Stat(trial.Path)
	if err != nil {
		return nil, err
	}
	return func(p *sys.Proc) error {
		if p.Nlink(st) == 0 {
			return lock.ErrBusy
		}
		return nil
	}, nil
}

// copying has its lock by a copy of the descriptor that it opened and closed.
func copying(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	g, err := p.Dup(f)
	_ = p.Close(f)
	if err != nil {
		return nil, err
	}
	if p.Flock(g, sys.LOCK_EX|sys.LOCK_NB) != nil {
		_ = p.Close(g)
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { return p.Close(g) }, nil
}

// late lets in who comes after a deadline that it has just set.
func late(p *sys.Proc, _ lock.How) (lock.Release, error) {
	_, _ = p.Stat(trial.Path)
	d := p.Deadline(time.Second)
	expired := p.Expired(d)
	if _, _ = p.Stat(trial.Path); !expired {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { _, err := p.Stat(trial.Path); return err }, nil
}

// peeking lets in who finds the file at a second look and not at the first.
// Those who try make it.
func peeking(p *sys.Proc, how lock.How) (lock.Release, error) {
	if how.Try {
		_, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
		return removes, err
	}
	if _, err := p.Stat(trial.Path); err == nil {
		return nil, lock.ErrBusy
	}
	if _, err := p.Stat(trial.Path); err != nil {
		return nil, lock.ErrBusy
	}
	return func(p *sys.Proc) error { _, err := p.Stat(trial.Path); return err }, nil
}

// helping is a lock of nobody. One thread ends before another is started, which
// lasts, and is joined after that; those who try have but the one that lasts.
func helping(p *sys.Proc, how lock.How) (lock.Release, error) {
	if !how.Try {
		first := p.Go("a", func(p *sys.Proc) { _, _ = p.Stat(trial.Path) })
		p.Sleep(time.Second)
		defer p.Join(first)
	}
	second := p.Go("b", func(p *sys.Proc) { p.Cancelled(5 * time.Second) })
	return func(p *sys.Proc) error {
		p.Cancel(second)
		p.Join(second)
		return nil
	}, nil
}

// waitsForRecord has a record lock of the process's on a byte that it shares, and
// waits in the kernel for another.
func waitsForRecord(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	_ = p.FcntlFlock(f, sys.F_SETLK, &sys.Record{Type: sys.F_RDLCK, Start: 1, Len: 1})
	if err := p.FcntlFlock(f, sys.F_SETLKW, &sys.Record{Type: sys.F_WRLCK, Len: 1}); err != nil {
		_ = p.Close(f)
		return nil, err
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// watching is a lock that writers have who find nothing done to the path in two
// seconds, and readers always. Those who try do something, and are refused.
func watching(path string, quiet func(p *sys.Proc, before, after sys.Stat) bool) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		release := func(p *sys.Proc) error { _, err := p.Stat(path); return err }
		switch {
		case how.Shared && how.Try:
			_ = p.Unlink(trial.Path)
			_ = p.Rmdir(trial.Path)
			_ = p.Mkdir(trial.Path, 0o700)
			return nil, lock.ErrBusy
		case how.Try:
			f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
			if err == nil {
				_ = p.Ftruncate(f, 0)
				_ = p.Close(f)
			}
			return nil, lock.ErrBusy
		case how.Shared:
			return release, release(p)
		}
		before, err := p.Stat(path)
		if err != nil {
			return nil, err
		}
		p.Sleep(2 * time.Second)
		after, err := p.Stat(path)
		if err != nil || !quiet(p, before, after) {
			return nil, lock.ErrBusy
		}
		return release, nil
	}
}

// Who watches while a reader is inside, and what is done to the file.
var (
	undisturbed = []string{"p0: lock inside unlock", "p1: rlock work 9s unlock"}
	disturbed   = append([]string{"p2: rest 1s trylock inside unlock"}, undisturbed...)
	replaced    = append([]string{"p2: rest 1s tryrlock inside unlock"}, undisturbed...)
	old         = []sys.Entry{{Name: trial.Path, Age: time.Hour}}
)

func sameAfter(p *sys.Proc, before, after sys.Stat) bool { return p.Same(before.Mtime, after.Mtime) }

func fileAfter(p *sys.Proc, before, after sys.Stat) bool { return p.SameFile(before, after) }

func oldAfter(p *sys.Proc, _, after sys.Stat) bool { return p.Older(after.Mtime, 2*time.Second) }

// A client that turns in a circle of steps which concern nobody else keeps
// nobody from going on, and its schedules have no end.
func TestWhoSpinsKeepsNobodyBack(t *testing.T) {
	spins := func(p *sys.Proc, how lock.How) (lock.Release, error) {
		if !how.Try {
			d := p.Deadline(time.Second)
			p.Repeat(func() bool { return !p.Expired(d) })
		}
		return looking(p, how)
	}
	for _, reduce := range []bool{false, true} {
		tr := tiny(spins).clients(t, "p0: lock inside unlock", "p1: trylock inside unlock", "p2: trylock inside unlock")
		a := explored(t, tr, Question{Reduce: reduce})
		if a.Violations == 0 || a.Interleavings != nil || a.Terminal != 0 {
			t.Errorf("reduced %t: found %+v, wanted p1 and p2 inside, and no end", reduce, a)
		}
	}
}
