package explore

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// looksLong is a lock that takes the file's inode for the lock: whoever waits
// for it looks at the file so often, and has the lock if another file is there
// at the last look. Whoever tries puts another file there and has the lock too.
func looksLong(looks int) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		if how.Try {
			f, err := p.Open("m", sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
			if err != nil {
				return nil, err
			}
			return leaves(f), p.Rename("m", trial.Path, 0)
		}
		first, err := p.Stat(trial.Path)
		last := first
		for range looks - 1 {
			if err == nil {
				last, err = p.Stat(trial.Path)
			}
		}
		if err != nil || p.SameFile(first, last) {
			return nil, lock.ErrBusy
		}
		return keepsNothing, nil
	}
}

// opensLong is a lock whose waiters open another file so often before they open
// and lock the file itself.
func opensLong(opens int) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		if !how.Try {
			first, err := p.Open("m", sys.O_RDWR|sys.O_CREAT, 0o600)
			for range opens - 1 {
				if err != nil {
					return nil, err
				}
				var f sys.File
				if f, err = p.Open("m", sys.O_RDWR, 0); err == nil {
					err = p.Close(f)
				}
			}
			if err != nil {
				return nil, err
			}
			defer func() { _ = p.Close(first) }()
		}
		f, err := p.Open(trial.Path, sys.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		return leaves(f), p.Flock(f, sys.LOCK_EX)
	}
}

func leaves(f sys.File) lock.Release { return func(p *sys.Proc) error { return p.Close(f) } }

func keepsNothing(*sys.Proc) error { return nil }

// A thread's history is as long as it likes: what it was given last is not taken
// for what it was given first. Looks bring three tokens each and opens one, so
// that of these numbers the last token would be the first in 8 bits.
func TestHandlesAreToldApartHoweverManyThereWere(t *testing.T) {
	for _, test := range []struct {
		name   string
		lock   tiny
		wanted model.Verdict
	}{
		{"few looks", looksLong(5), model.Violated},
		{"many looks", looksLong(257), model.Violated},
		{"few opens", opensLong(5), model.Holds},
		{"many opens", opensLong(256), model.Holds},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			tr := test.lock.clients(t, "p0: lock inside unlock", "p1: trylock inside unlock")
			tr.Start = []sys.Entry{{Name: trial.Path, Kind: sys.Regular}}
			if a := explored(t, tr, Question{}); a.Verdict != test.wanted || a.Why != nil {
				t.Fatalf("found %s, %v, wanted %s", a.Verdict, a.Why, test.wanted)
			}
			q := Question{Trial: tr, Profile: memory.Profile()}
			s, err := NewCode(tr.Lock, tr.Config).Shortest(context.Background(), q, -1)
			if err != nil || s.Found != (test.wanted == model.Violated) {
				t.Fatalf("the shortest: found %+v, %v", s, err)
			}
			if s.Found {
				replay(t, tr, s)
			}
		})
	}
}

// limited explores the trial and wants it to end for want of room.
func limited(t *testing.T, tr *trial.Trial, says string) {
	t.Helper()
	for _, workers := range []int{1, 2} {
		q := Question{Trial: tr, Profile: "ext4", KeepGoing: true, States: tooMany, Workers: workers}
		a, err := NewCode(tr.Lock, tr.Config).Explore(context.Background(), q)
		var limit *Limit
		if err != nil || a.Verdict != model.Undecided || !errors.As(a.Why, &limit) || !strings.Contains(limit.What, says) {
			t.Errorf("%d workers: found %s, %v, %v, wanted it undecided for %q", workers, a.Verdict, a.Why, err, says)
		}
		_, err = NewCode(tr.Lock, tr.Config).Shortest(context.Background(), q, -1)
		if !errors.As(err, &limit) || !strings.Contains(limit.What, says) {
			t.Errorf("the shortest: found %v, wanted a limit that says %q", err, says)
		}
	}
}

// An inode has 16 bits for the number by which it is followed.
func TestAnInodeHasANumberOrThereIsALimit(t *testing.T) {
	var k tokens
	k.serial = make([]int, math.MaxUint16-firstSerial)
	r, err := k.give(sys.OpStat, sys.Ret{})
	if err != nil || r.Stat.Ino.Num != math.MaxUint16 {
		t.Fatalf("found inode %d, %v, wanted the last number", r.Stat.Ino.Num, err)
	}
	var limit *Limit
	if _, err = k.give(sys.OpStat, sys.Ret{}); !errors.As(err, &limit) {
		t.Errorf("found %v, wanted a limit", err)
	}
	if r, err = k.give(sys.OpOpen, sys.Ret{}); err != nil || r.N <= math.MaxUint16 {
		t.Errorf("found descriptor %d, %v, wanted one of any number", r.N, err)
	}
}

// A lock that looks at files all the time comes to that limit when it is pumped:
// 24 rounds of 1000 looks.
func TestLookingTooOftenLeavesItUndecided(t *testing.T) {
	always := keeping{attempt: func(p *sys.Proc) error {
		for range 1000 {
			if _, err := p.Stat(trial.Path); err != nil {
				return nil
			}
		}
		return lock.ErrBusy
	}}
	tr := always.trial(t, "looks always", "lock inside unlock", 1)
	tr.Start = []sys.Entry{{Name: trial.Path, Kind: sys.Regular}}
	limited(t, tr, "looks at files more often")
}

// makesAnd is the honest lock that does something more with its file.
func makesAnd(more func(*sys.Proc, sys.File)) keeping {
	return keeping{attempt: func(p *sys.Proc) error {
		f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		more(p, f)
		return p.Close(f)
	}}
}

func TestMuchTextLeavesItUndecided(t *testing.T) {
	const work = "trylock inside unlock"
	write := func(p *sys.Proc, f sys.File, n int) { _ = p.Write(f, strings.Repeat("x", n)) }
	for _, test := range []struct {
		name string
		lock keeping
		says string
	}{
		{"what 16 bits do not tell the length of", makesAnd(func(p *sys.Proc, f sys.File) { write(p, f, 70_000) }), "room for"},
		{"more than a chunk", makesAnd(func(p *sys.Proc, f sys.File) { write(p, f, 2<<20) }), "room for"},
		{"piece by piece", makesAnd(func(p *sys.Proc, f sys.File) {
			for range 20 {
				write(p, f, 1000)
			}
		}), "room for"},
		{"a target", keeping{attempt: func(p *sys.Proc) error {
			return p.Symlink(strings.Repeat("x", 17<<10), trial.Path)
		}}, "room for"},
		{"holes", makesAnd(func(p *sys.Proc, f sys.File) { _ = p.Ftruncate(f, 1<<20) }), "room for"},
		{"more holes", makesAnd(func(p *sys.Proc, f sys.File) { _ = p.Ftruncate(f, math.MaxInt64) }), "at most 1048576 bytes"},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			limited(t, test.lock.trial(t, "writes much", work, 2), test.says)
		})
	}
	less := makesAnd(func(p *sys.Proc, f sys.File) { write(p, f, 15_000) })
	if a := explored(t, less.trial(t, "writes less", work, 2), Question{Workers: 2}); a.Verdict != model.Holds {
		t.Errorf("found %s, %v, wanted what has room to be explored", a.Verdict, a.Why)
	}
}

func TestAStartThatDoesNotFitLeavesItUndecided(t *testing.T) {
	tr := keeping{attempt: makes}.trial(t, "honest", "trylock inside unlock", 2)
	tr.Start = []sys.Entry{{Name: "big", Kind: sys.Regular, Content: strings.Repeat("x", 2<<20)}}
	limited(t, tr, "room for")
}
