package trial_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"pgregory.net/rapid"
)

func TestWorkloadsReadAsWords(t *testing.T) {
	for _, text := range []string{
		"lock inside unlock",
		"rest 1s trylock work 90s unlock rest 10ms",
		"rlock inside inside unlock tryrlock work 1.5s inside unlock",
		"lock inside", // it never releases
		"rest 1s",
		"rlock read write upgrade inside downgrade unlock",
		"visit clean fork spawn lock fork spawn forkunlock daemon unlock fork",
	} {
		w, err := trial.ParseWorkload(text)
		if err != nil || w.String() != text {
			t.Errorf("%s: found %s, %v", text, w, err)
		}
	}
	if w, err := trial.ParseWorkload("  lock\twork 1m30s unlock "); err != nil || w.String() != "lock work 90s unlock" {
		t.Errorf("found %s, %v", w, err)
	}
}

func TestWorkloadsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct{ text, wanted string }{
		{"", "found no action, wanted one such as lock inside unlock"},
		{"Lock", `found "Lock", wanted one of lock, trylock, rlock, tryrlock, unlock, upgrade, downgrade, inside, read, write, work, rest, visit, clean, fork, spawn, forkunlock, daemon`},
		{"lock work", "found nothing after work, wanted a duration such as 31s"},
		{"lock work unlock", `found "unlock" after work, wanted a duration above 0 such as 31s`},
		{"lock work 0s unlock", `found "0s" after work, wanted a duration above 0 such as 31s`},
		{"rest -1s", `found "-1s" after rest, wanted a duration above 0 such as 31s`},
		{"lock inside rlock", "found rlock while the lock is held, wanted unlock before it"},
		{"unlock", "found unlock while the lock is not held"},
		{"inside", "found inside while the lock is not held"},
		{"lock inside unlock work 1s", "found work while the lock is not held"},
		{"lock rest 1s unlock", "found rest while the lock is held, wanted work"},
		{"forkunlock", "found forkunlock while the lock is not held"},
		{"daemon", "found daemon while the lock is not held"},
		{"lock unlock", "found unlock right after the acquire, wanted inside or work between them"},
		{"lock inside unlock lock unlock", "found unlock right after the acquire, wanted inside or work between them"},
	} {
		if _, err := trial.ParseWorkload(test.text); err == nil || err.Error() != test.wanted {
			t.Errorf("%s: found error %v, wanted %s", test.text, err, test.wanted)
		}
	}
}

// drawWorkload draws one that makes sense.
func drawWorkload(t *rapid.T) trial.Workload {
	duration := rapid.Map(rapid.Int64Range(1, 1<<50), func(n int64) time.Duration { return time.Duration(n) })
	var w trial.Workload
	for range rapid.IntRange(1, 3).Draw(t, "acquires") {
		if rapid.Bool().Draw(t, "rests") {
			w = append(w, trial.Action{Verb: trial.Rest, Dur: duration.Draw(t, "rest")})
		}
		acquire := rapid.SampledFrom([]trial.Verb{trial.Lock, trial.TryLock, trial.RLock, trial.TryRLock}).Draw(t, "acquire")
		inside := trial.Action{Verb: trial.Inside}
		if rapid.Bool().Draw(t, "works") {
			inside = trial.Action{Verb: trial.Work, Dur: duration.Draw(t, "work")}
		}
		w = append(w, trial.Action{Verb: acquire}, inside)
		if rapid.IntRange(0, 3).Draw(t, "more") == 0 {
			more := rapid.SampledFrom([]trial.Verb{trial.Read, trial.Upgrade, trial.Downgrade, trial.Visit, trial.Fork, trial.Spawn, trial.ForkUnlock})
			w = append(w, trial.Action{Verb: more.Draw(t, "verb")})
		}
		w = append(w, trial.Action{Verb: trial.Unlock})
	}
	return w
}

func TestWorkloadsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorkload(t)
		found, err := trial.ParseWorkload(w.String())
		if err != nil || !slices.Equal(found, w) {
			t.Fatalf("%s: found %s, %v", w, found, err)
		}
	})
}

func FuzzParseWorkload(f *testing.F) {
	f.Add("lock inside unlock rest 1s trylock work 31s unlock")
	f.Add("rlock work 1m1ns")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := trial.ParseWorkload(text)
		if err != nil {
			return
		}
		if again, err := trial.ParseWorkload(w.String()); err != nil || !slices.Equal(again, w) {
			t.Errorf("%q: found %s, %v, wanted %s", text, again, err, w)
		}
	})
}

func TestVerbsKnowHowTheyAcquire(t *testing.T) {
	for verb, wanted := range map[trial.Verb]lock.How{
		trial.Lock: {}, trial.TryLock: {Try: true}, trial.RLock: {Shared: true}, trial.TryRLock: {Shared: true, Try: true},
	} {
		if how, ok := verb.Acquires(); !ok || how != wanted {
			t.Errorf("%s: found %+v, %v", verb, how, ok)
		}
	}
	for _, verb := range []trial.Verb{trial.Unlock, trial.Inside, trial.Work, trial.Rest} {
		if _, ok := verb.Acquires(); ok {
			t.Errorf("%s acquires", verb)
		}
	}
	if found := strings.Join(trial.Verbs(), " "); found != "lock trylock rlock tryrlock unlock upgrade downgrade inside read write work D rest D visit clean fork spawn forkunlock daemon" {
		t.Errorf("found verbs %s", found)
	}
}

// refusing is a lock that gives each acquire the next of its answers.
type refusing struct{ answers []error }

func (l *refusing) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	err := l.answers[0]
	l.answers = l.answers[1:]
	if err != nil {
		return nil, err
	}
	return lock.Release(func(p *sys.Proc) error { return p.Unlink(path) }), nil
}

// silent answers every call with success, and notes it.
type silent struct{ log []string }

func (h *silent) Call(c sys.Call) sys.Ret                     { h.log = append(h.log, c.String()); return sys.OK() }
func (h *silent) Go(c sys.Call, body func(*sys.Proc)) sys.Ret { return h.Call(c) }

func TestAClientThatIsRefusedGoesOnBehindTheRelease(t *testing.T) {
	for _, test := range []struct {
		workload string
		answers  []error
		wanted   []string
	}{
		{"lock inside unlock rest 1s lock work 2s unlock", []error{nil, nil}, []string{
			"lock: <nil>", "inside()", `unlink("l")`, "unlock: <nil>", "sleep(1s)", "lock: <nil>", "sleep(2s)", `unlink("l")`, "unlock: <nil>"}},
		{"trylock inside work 2s unlock rest 1s rlock inside unlock", []error{lock.ErrBusy, nil}, []string{
			"trylock: busy", "sleep(1s)", "rlock: <nil>", "inside()", `unlink("l")`, "unlock: <nil>"}},
		{"lock inside unlock tryrlock inside unlock", []error{lock.ErrTimeout, sys.EIO}, []string{
			"lock: timeout", "tryrlock: input/output error"}},
		{"lock inside", []error{lock.ErrBusy}, []string{"lock: busy"}},
	} {
		w, err := trial.ParseWorkload(test.workload)
		if err != nil {
			t.Fatal(err)
		}
		h := &silent{}
		w.Perform(sys.NewProc(h), &refusing{test.answers}, func(v trial.Verb, do func() (string, error)) error {
			_, err := do()
			h.log = append(h.log, fmt.Sprintf("%s: %v", v, err))
			return err
		})
		if !slices.Equal(h.log, test.wanted) {
			t.Errorf("%s:\nfound  %q\nwanted %q", test.workload, h.log, test.wanted)
		}
	}
}

func TestResponsesTellRefusalsFromFailures(t *testing.T) {
	for _, test := range []struct {
		err    error
		wanted history.Event
	}{
		{nil, history.Event{Kind: history.Ok, Process: "p0", F: "lock"}},
		{fmt.Errorf("held: %w", lock.ErrBusy), history.Event{Kind: history.Fail, Process: "p0", F: "lock", Error: history.Busy}},
		{lock.ErrTimeout, history.Event{Kind: history.Fail, Process: "p0", F: "lock", Error: history.Timeout}},
		{errors.New("no luck"), history.Event{Kind: history.Fail, Process: "p0", F: "lock", Error: "no luck"}},
	} {
		if found := trial.Response("p0", trial.Lock, "", test.err); found != test.wanted {
			t.Errorf("%v: found %+v, wanted %+v", test.err, found, test.wanted)
		}
	}
}
