package model

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/history"
)

// A drawing is a history drawn by hand and what is wanted of it: a verdict, and
// where it is violated the event and why.
type drawing struct {
	name, timeline, want string
}

func judgeDrawings(t *testing.T, drawings []drawing, judge func(history.History) (Judgement, error)) {
	t.Helper()
	for _, d := range drawings {
		t.Run(d.name, func(t *testing.T) {
			h := parse(t, d.name, d.timeline)
			j, err := judge(h)
			if err != nil {
				t.Fatal(err)
			}
			got := j.Verdict.String()
			if j.Verdict == Violated {
				got = fmt.Sprintf("violated at %d: %s", j.At, j.Why)
			} else if j.At != -1 || j.Why == "" {
				t.Errorf("found %+v, wanted no event and a reason", j)
			}
			if got != d.want {
				t.Errorf("found  %s\nwanted %s\n%s", got, d.want, h)
			}
		})
	}
}

func TestUpdatesAreLostAsDrawn(t *testing.T) {
	judgeDrawings(t, []drawing{
		{"two in turn lose nothing", `
p0  lock--ok read--ok write=1--ok unlock--ok
p1                                           lock--ok read--ok=1  write=2--ok unlock--ok`, "holds"},
		{"both count on from the same value", `
p0  lock--ok read--ok write=1--ok                                  unlock--ok
p1                                lock--ok read--ok write=1--ok               unlock--ok`,
			"violated at 15: p0 and p1 both count on from 0: an update is lost"},
		{"who only reads loses nothing", `
p0  lock--ok read--ok write=1--ok                  unlock--ok
p1                                lock--ok read--ok            unlock--ok`, "holds"},
		{"an update of a client that was X   ed may have happened", `
p0  lock--ok read--ok write=1-----X  
p1                                    lock--ok read--ok=1  write=2--ok unlock--ok`, "holds"},
		{"or not", `
p0  lock--ok read--ok write=1-----X  
p1                                    lock--ok read--ok write=1--ok unlock--ok`, "holds"},
		{"a write that failed may have happened", `
p0  lock--ok read--ok write=1--fail(EIO) unlock--ok
p1                                                  lock--ok read--ok=1  write=2--ok unlock--ok`, "holds"},
		{"so may one whose release failed", `
p0  lock--ok read--ok write=1--ok unlock--fail(EIO)
p1                                                  lock--ok read--ok=1  write=2--ok unlock--ok`, "holds"},
		{"a value that nobody has left", `
p0  lock--ok read--ok=7  write=8--ok unlock--ok`,
			"violated at 7: p0 counts on from 7, which nobody has left: an update is lost"},
		{"a value that was old when the lock was asked for", `
p0  lock--ok read--ok write=1-----X  
p1                                    lock--ok read--ok=1  write=2--ok unlock--ok
p2                                                                                lock--ok read--ok write=1--ok unlock--ok`,
			"violated at 21: p2 counts on from 0, which nobody has left: an update is lost"},
		{"but not when it was asked for before", `
p0  lock--ok read--ok write=1-----X  
p1                                    lock--------ok read--ok=1  write=2--ok unlock--ok
p2                                          lock--------------------------------------------ok read--ok write=1--ok unlock--ok`, "holds"},
		{"what no counter is", `p0  lock--ok read--ok=x  write=1--ok unlock--ok`, "undecided"},
		{"who counts on twice before a release", `p0  lock--ok read--ok write=1--ok read--ok=1  write=2--ok unlock--ok`, "undecided"},
	}, func(h history.History) (Judgement, error) { return Update(h, time.Minute) })
}

func TestUpdatesWithoutTimeAreUndecided(t *testing.T) {
	h := parse(t, "one", "p0  lock--ok read--ok write=1--ok unlock--ok")
	if j, err := Update(h, 0); err != nil || j.Verdict != Undecided {
		t.Errorf("found %+v, %v", j, err)
	}
}

func TestLossIsDisclosedAsDrawn(t *testing.T) {
	judgeDrawings(t, []drawing{
		{"nobody comes in", "p0  lock--ok unlock--ok\np1                       lock--ok unlock--ok", "holds"},
		{"somebody comes in and the release succeeds", "p0  lock--ok          unlock--ok\np1            lock--ok",
			"violated at 5: p0's release succeeds, and p1 held the lock before it"},
		{"the release fails", "p0  lock--ok          unlock--fail(lost)\np1            lock--ok", "holds"},
		{"a write fails before it", "p0  lock--ok          write=1--fail(lost) unlock--ok\np1            lock--ok", "holds"},
		{"an upgrade is refused before it", "p0  rlock--ok          upgrade--busy unlock--ok\np1            lock--ok",
			"violated at 7: p0's release succeeds, and p1 held the lock before it"},
		{"readers share", "p0  rlock--ok           unlock--ok\np1            rlock--ok", "holds"},
		{"a reader comes into a writer", "p0  lock--ok           unlock--ok\np1            rlock--ok",
			"violated at 5: p0's release succeeds, and p1 held the lock before it"},
		{"the other came after the release was asked for", "p0  lock--ok unlock--------ok\np1                  lock--ok", "holds"},
		{"the holder was X   ed", "p0  lock--ok          X   \np1            lock--ok      unlock--ok", "holds"},
		{"the other was in and out during an upgrade", "p0  rlock--ok upgrade---------------------ok unlock--ok\np1                    lock--ok unlock--ok", "holds"},
		{"the other is in when an upgrade is refused", "p0  rlock--ok upgrade----------busy unlock--ok\np1                    lock--ok",
			"violated at 7: p0's release succeeds, and p1 held the lock before it"},
		{"an upgrade among readers", "p0  rlock--ok           upgrade--ok\np1            rlock--ok               unlock--ok",
			"violated at 7: p1's release succeeds, and p0 held the lock before it"},
		{"a downgrade among readers", "p0  lock--ok downgrade--ok           unlock--ok\np1                         rlock--ok", "holds"},
		{"a second hold is another", "p0  lock--ok          unlock--fail(lost) lock--ok unlock--ok\np1            lock--ok", "holds"},
	}, Disclosure)
}

func TestATakingViolatesOwnership(t *testing.T) {
	h := parse(t, "two", "p0  lock--ok\np1            lock--busy")
	taking := Taking{At: 2, Steps: 7, By: "p1", From: "p0", What: "the path"}
	for n, want := range []Judgement{
		{Property: OwnershipName, Verdict: Holds, At: -1, Why: "nobody's lock was taken"},
		{Property: OwnershipName, Verdict: Violated, At: 2, Steps: 7, Holders: []string{"p0"}, Why: "p1 takes the path from p0, which holds the lock"},
	} {
		j, err := Ownership(h, func() ([]Taking, error) { return []Taking{taking, {From: "later"}}[:2*n], nil })
		if err != nil || fmt.Sprint(j) != fmt.Sprint(want) {
			t.Errorf("found  %+v, %v\nwanted %+v", j, err, want)
		}
	}
	if j, err := Ownership(h, func() ([]Taking, error) { return nil, errors.New("lame") }); err == nil || j.Verdict != Undecided {
		t.Errorf("found %+v, %v", j, err)
	}
}

func TestPatienceIsJudgedByHowAcquiresWait(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name, timeline string
		wait           Wait // of p0's acquire
		want           string
	}{
		{"in time", "p0  lock--timeout", Wait{Took: second, Bound: second, Bounded: true}, "holds"},
		{"late", "p0  lock--timeout", Wait{Took: 2 * second, Bound: second, Bounded: true}, "violated at 1: p0's lock takes 2s, and may take 1s"},
		{"late and got it", "p0  trylock--ok", Wait{Took: second, Bounded: true}, "violated at 1: p0's trylock takes 1s, and may take 0s"},
		{"late and not back yet", "p0  lock...", Wait{Took: 2 * second, Bound: second, Bounded: true}, "violated at 0: p0's lock takes 2s, and may take 1s"},
		{"long without bound", "p0  lock--ok", Wait{Took: time.Hour}, "holds"},
		{"never back", "p0  trylock...", Wait{Bounded: true, Never: true}, "violated at 0: p0's trylock may take 0s, and waits for ever"},
		{"never back and without bound", "p0  lock...", Wait{Never: true}, "holds"},
		{"circles although nobody has it", "p0  lock...", Wait{Circles: true}, "violated at 0: p0's lock does the same again and again and never returns"},
		{"circles while another has it", "p0            lock...\np1  lock--ok", Wait{Circles: true}, "holds"},
		{"circles while another asks", "p0        lock...\np1  lock...", Wait{Circles: true}, "holds"},
		{"circles behind a release", "p0                       lock...\np1  lock--ok unlock--ok", Wait{Circles: true}, "violated at 4: p0's lock does the same again and again and never returns"},
		{"circles within a bound", "p0            lock...\np1  lock--ok", Wait{Circles: true, Bounded: true}, "violated at 2: p0's lock does the same again and again and never returns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := parse(t, test.name, test.timeline)
			m := Means{Steps: 9, Wait: func(op history.Operation) (Wait, error) {
				if op.Client != "p0" {
					return Wait{}, nil
				}
				return test.wait, nil
			}}
			j, err := Patience(h, m)
			got := j.Verdict.String()
			if j.Verdict == Violated {
				got = fmt.Sprintf("violated at %d: %s", j.At, j.Why)
			}
			pending := strings.Contains(test.timeline, "...") && j.Verdict == Violated
			if err != nil || got != test.want || (j.Steps == 9) != pending {
				t.Errorf("found %s (%d steps), %v, wanted %s", got, j.Steps, err, test.want)
			}
		})
	}
}

func TestProbesAreJudgedAsDrawn(t *testing.T) {
	drawings := map[string][]drawing{
		RecoveryName: {
			{"it gets the lock", "p0  lock--ok X   \np9                lock--ok", "holds"},
			{"it gets it in the end", "p0  lock--ok X   \np9                lock--busy lock--ok", "holds"},
			{"it is refused each time", "p0  lock--ok X   \np9                lock--busy lock--timeout",
				"violated at 6: p9 asks alone and does not get the lock: busy, timeout"},
			{"it waits for ever", "p0  lock--ok X   \np9                lock...", "violated at 3: p9 asks alone and does not get the lock: waits for ever"},
			{"somebody is inside", "p0  lock--ok\np9           lock--busy", "undecided"},
			{"somebody waits", "p0  lock...\np9        lock--busy", "violated at 2: p9 asks alone and does not get the lock: busy"},
			{"somebody goes on", "p0  lock--ok X\np9              lock---------busy\np1                   lock--ok", "undecided"},
			{"it did not ask", "p0  lock--ok X   ", "undecided"},
		},
		PhantomName: {
			{"it gets the lock", "p0  lock--ok unlock--ok\np9                     trylock--ok", "holds"},
			{"it is refused", "p0  lock--ok unlock--ok\np9                     trylock--busy", "violated at 5: p9 asks alone and does not get the lock: busy"},
			{"nobody released", "p0  lock--busy\np9             trylock--busy", "undecided"},
			{"a release failed", "p0  lock--ok unlock--fail(EIO)\np9                     trylock--busy", "undecided"},
			{"somebody is inside", "p0  lock--ok unlock--ok\np1                     lock--ok\np9                              trylock--busy", "undecided"},
			{"somebody is about to be", "p0  lock--ok unlock--ok\np1                     lock...\np9                            trylock--busy", "undecided"},
			{"somebody died inside", "p0  lock--ok unlock--ok\np1                     lock--ok X   \np9                                    trylock--busy", "undecided"},
			{"somebody died on the way", "p0  lock--ok unlock--ok\np1                     lock-----X  \np9                                    trylock--busy", "undecided"},
			{"somebody was refused behind the release", "p0  lock--ok unlock--ok\np1                     lock--busy\np9                                    trylock--busy",
				"violated at 7: p9 asks alone and does not get the lock: busy"},
			{"who died had nothing", "p0  lock--ok unlock--ok X   \np9                          trylock--busy", "violated at 6: p9 asks alone and does not get the lock: busy"},
		},
	}
	for property, all := range drawings {
		p, err := PropertyByName(property)
		if err != nil || !p.Probes {
			t.Fatalf("%s: found %+v, %v", property, p, err)
		}
		judgeDrawings(t, all, func(h history.History) (Judgement, error) { return p.Judge(h, Means{Probe: "p9", Stuck: true}) })
	}
	h := parse(t, "pending", "p0  lock--ok X   \np9                lock...")
	if j, _ := Recovery(h, Means{Probe: "p9"}); j.Verdict != Undecided {
		t.Errorf("a probe that was not told anything yet: found %+v", j)
	}
	if j, _ := Recovery(h, Means{}); j.Verdict != Undecided {
		t.Errorf("no probe: found %+v", j)
	}
}

// possible tries every order of the updates that were completed, with and
// without those that may have happened.
func possible(all []increment, done uint, value int) bool {
	complete := true
	for n, i := range all {
		if done&(1<<n) != 0 {
			continue
		}
		complete = complete && !i.completed
		first := true
		for m, other := range all {
			first = first && (done&(1<<m) != 0 || !other.completed || other.returned > i.invoked || m == n)
		}
		if first && i.read == value && possible(all, done|1<<n, value+1) {
			return true
		}
	}
	return complete
}

func TestUpdatesAreJudgedAsEveryOrderOfThem(t *testing.T) {
	verdicts := map[Verdict]int{}
	for seed := range uint64(3000) {
		h := drawUpdates(rand.New(rand.NewPCG(seed, 1)))
		j, err := Update(h, time.Minute)
		if err != nil || j.Verdict == Undecided {
			t.Fatalf("found %+v, %v of\n%s", j, err, h)
		}
		all, _ := increments(h)
		want := Violated
		if possible(all, 0, 0) {
			want = Holds
		}
		if j.Verdict != want {
			t.Fatalf("found %s (%s), wanted %s of\n%s", j.Verdict, j.Why, want, h)
		}
		if j.Verdict == Violated {
			// It ends where it shows.
			if sooner, err := Update(h[:j.At], time.Minute); err != nil || sooner.Verdict != Holds {
				t.Fatalf("found %+v, %v of all before event %d of\n%s", sooner, err, j.At, h)
			}
		}
		verdicts[j.Verdict]++
	}
	if verdicts[Holds] < 300 || verdicts[Violated] < 300 {
		t.Errorf("the drawn histories say little: %v", verdicts)
	}
}

// drawUpdates draws what up to four clients do, each of them once or twice, to a
// counter that reads as written, mostly, and else as it was once.
func drawUpdates(r *rand.Rand) (h history.History) {
	value := 0
	next := make([]int, 2+r.IntN(3)) // of each client, the event of its update
	read := make([]int, len(next))
	for range 8 + r.IntN(40) {
		c := r.IntN(len(next))
		name := fmt.Sprint("p", c)
		add := func(kind history.Kind, f, value string) {
			h = append(h, history.Event{Kind: kind, Process: name, F: f, Value: value})
		}
		switch next[c] {
		case 0:
			add(history.Invoke, history.Lock, "")
		case 1:
			add(history.Ok, history.Lock, "")
		case 2:
			read[c] = value
			if r.IntN(12) == 0 {
				read[c] = r.IntN(value + 1)
			}
			add(history.Invoke, history.Read, "")
			add(history.Ok, history.Read, fmt.Sprint(read[c]))
		case 3:
			value = read[c] + 1
			add(history.Invoke, history.Write, fmt.Sprint(value))
			add(history.Ok, history.Write, fmt.Sprint(value))
		case 4:
			add(history.Invoke, history.Unlock, "")
		case 5:
			add(history.Ok, history.Unlock, "")
			next[c] = -1
		default:
			continue
		}
		if next[c]++; next[c] > 0 && r.IntN(25) == 0 {
			h = append(h, history.Event{Kind: history.Info, Process: name, F: history.Kill})
			next[c] = 9
		}
	}
	return h
}
