package sys_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// The wall clock is an hour ahead of the monotonic one: the machine slept.
var stamp = sys.Instant{Wall: time.Hour + 10*time.Second, Mono: 10 * time.Second}

func TestClocksAnswerFromTheStamp(t *testing.T) {
	mtime := sys.Time{Of: sys.Ino{Num: 1}, At: time.Hour - 20*time.Second} // 30 s before the stamp
	at := func(d time.Duration) sys.Time { return sys.Time{At: d} }
	for _, test := range []struct {
		call   sys.Call
		wanted string
	}{
		{sys.Call{Op: sys.OpDeadline, Dur: 5 * time.Second}, "@15s"},
		{sys.Call{Op: sys.OpExpired, T: at(10 * time.Second)}, "yes"}, // at exactly the deadline
		{sys.Call{Op: sys.OpExpired, T: at(10*time.Second + 1)}, "no"},
		{sys.Call{Op: sys.OpOlder, T: mtime, Dur: 30 * time.Second}, "yes"}, // at exactly the threshold
		{sys.Call{Op: sys.OpOlder, T: mtime, Dur: 30*time.Second + 1}, "no"},
		{sys.Call{Op: sys.OpOlder, T: at(2 * time.Hour), Dur: 0}, "no"}, // in the future
		{sys.Call{Op: sys.OpSame, T: mtime, U: at(mtime.At)}, "yes"},
		{sys.Call{Op: sys.OpSame, T: mtime, U: sys.Time{Of: mtime.Of, At: mtime.At + 1}}, "no"},
	} {
		test.call.At = stamp
		r, told := test.call.Told()
		if found := r.Format(test.call.Op); !told || found != test.wanted {
			t.Errorf("%s: found %s, told %v, wanted %s", test.call, found, told, test.wanted)
		}
	}
}

func TestNoOtherCallIsTold(t *testing.T) {
	told := []sys.Op{sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame}
	for op := sys.Op(0); op <= lastOp; op++ {
		if r, found := (sys.Call{Op: op}).Told(); found != slices.Contains(told, op) || !found && r != (sys.Ret{}) {
			t.Errorf("%s: told %v %v", op, r, found)
		}
	}
}

func TestOnlySleepAndCancelledLast(t *testing.T) {
	for op := sys.Op(0); op <= lastOp; op++ {
		if op.Lasts() != (op == sys.OpSleep || op == sys.OpCancelled) {
			t.Errorf("%s: Lasts is %v", op, op.Lasts())
		}
	}
}

func TestInstantsMoveBothClocks(t *testing.T) {
	if found, wanted := stamp.Add(time.Second), (sys.Instant{Wall: time.Hour + 11*time.Second, Mono: 11 * time.Second}); found != wanted {
		t.Errorf("found %v, wanted %v", found, wanted)
	}
}

func TestFilesAreTheSameByNumber(t *testing.T) {
	a, reused, b := sys.Stat{Ino: sys.Ino{Num: 1}}, sys.Stat{Ino: sys.Ino{Num: 1, Gen: 1}, Size: 1}, sys.Stat{Ino: sys.Ino{Num: 2}}
	if !sys.SameFile(a, reused) || sys.SameFile(a, b) {
		t.Error("wanted A and A' taken for one file, A and B not")
	}
}

// pauses returns how long the attempts of a retry are apart, and how it ended.
func pauses(b sys.Backoff, attempts int, giveUp func(error) bool) ([]time.Duration, int, error) {
	h := &scripted{}
	n := 0
	made, err := sys.Retry(sys.NewProc(h), b, giveUp, func() (int, error) {
		if n++; n == attempts {
			return n, nil
		}
		return n, sys.EAGAIN
	})
	var found []time.Duration
	for _, c := range h.calls {
		found = append(found, c.Dur)
	}
	return found, made, err
}

func TestBackoffGrowsToItsCap(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		backoff sys.Backoff
		wanted  []time.Duration
	}{
		{sys.Backoff{Initial: 10 * ms, Max: 100 * ms, Factor: 1.5},
			[]time.Duration{10 * ms, 15 * ms, 22500 * time.Microsecond, 33750 * time.Microsecond, 50625 * time.Microsecond, 75937500, 100 * ms, 100 * ms}},
		{sys.Backoff{Initial: 10 * ms}, []time.Duration{10 * ms, 10 * ms, 10 * ms}},
		{sys.Backoff{Initial: 10 * ms, Factor: 2}, []time.Duration{10 * ms, 10 * ms, 10 * ms}},
		{sys.Backoff{Initial: 10 * ms, Max: 5 * ms, Factor: 2}, []time.Duration{10 * ms, 10 * ms}},
		{sys.Backoff{Initial: 10 * ms, Max: 100 * ms, Factor: 0.5}, []time.Duration{10 * ms, 10 * ms}},
		{sys.Backoff{Initial: 10 * ms}, nil},
	} {
		attempts := len(test.wanted) + 1
		found, made, err := pauses(test.backoff, attempts, nil)
		if err != nil || made != attempts || !slices.Equal(found, test.wanted) {
			t.Errorf("%+v: found pauses %v, made %d, %v, wanted %v", test.backoff, found, made, err, test.wanted)
		}
	}
}

func TestRetryGivesUpOnTheErrorItIsToldOf(t *testing.T) {
	poll := sys.Backoff{Initial: 1}
	asked := 0
	third := func(err error) bool { asked++; return asked == 3 && errors.Is(err, sys.EAGAIN) }
	if found, made, err := pauses(poll, 9, third); len(found) != 2 || made != 3 || err != sys.EAGAIN {
		t.Errorf("found pauses %v, made %d, %v, wanted to give up at the third attempt", found, made, err)
	}
	// With Cut it is asked after the pause as well, and no attempt follows.
	asked, poll.Cut = 1, true
	if found, made, err := pauses(poll, 9, third); len(found) != 1 || made != 1 || err != sys.EAGAIN {
		t.Errorf("found pauses %v, made %d, %v, wanted to give up after the first pause", found, made, err)
	}
}

func TestProcRetryMakesNothing(t *testing.T) {
	h, n := &scripted{}, 0
	err := sys.NewProc(h).Retry(sys.Backoff{Initial: time.Second}, nil, func() error {
		if n++; n < 3 {
			return sys.EAGAIN
		}
		return nil
	})
	if err != nil || len(h.calls) != 2 || h.calls[1].String() != "sleep(1s)" {
		t.Errorf("found %v, %v, wanted two pauses", h.calls, err)
	}
}
