package model

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/ghostlock/ghostlock/history"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"
)

func parse(t testing.TB, name, text string) history.History {
	t.Helper()
	h, err := history.ParseTimeline(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// describe returns j as the "# want:" lines of testdata have it.
func describe(j Judgement) string {
	if j.Verdict != Violated {
		return j.Verdict.String()
	}
	return fmt.Sprintf("%s at %d by %s: %s", j.Verdict, j.At, strings.Join(j.Holders, " "), j.Why)
}

func TestHandDrawnHistoriesAreJudgedAsTheySay(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]int{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range archive.Files {
			t.Run(section.Name, func(t *testing.T) {
				want, _, _ := strings.Cut(string(section.Data), "\n")
				want, is := strings.CutPrefix(want, "# want: ")
				if !is {
					t.Fatalf("%s: found %q, wanted a line # want:", path, want)
				}
				h := parse(t, path+": "+section.Name, string(section.Data))
				j, err := Exclusion(h, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				if got := describe(j); got != want || j.Property != "exclusion" || j.Verdict != Violated && j.At != -1 {
					t.Errorf("got  %s\nwant %s\n%s", got, want, h)
				}
				drawn[j.Verdict.String()]++
			})
		}
	}
	if drawn["holds"] < 20 || drawn["violated"] < 20 || drawn["undecided"] > 0 {
		t.Errorf("the drawn histories say little: %v", drawn)
	}
}

func TestTimeThatRanOutIsUndecided(t *testing.T) {
	unknown := func(porcupine.Model, []porcupine.Operation, time.Duration) porcupine.CheckResult {
		return porcupine.Unknown
	}
	never := func(porcupine.Model, []porcupine.Operation, time.Duration) porcupine.CheckResult {
		t.Error("porcupine was asked without a budget, which it takes for no limit")
		return porcupine.Ok
	}
	for _, text := range []string{"p0 lock-ok", "p0 lock-ok\np1         lock-ok"} {
		h := parse(t, "undecided", text)
		for _, test := range []struct {
			budget time.Duration
			check  checker
		}{{time.Second, unknown}, {0, never}, {-time.Second, never}} {
			j, err := judgeExclusion(h, test.budget, test.check)
			if err != nil || j.Verdict != Undecided || j.At != -1 || j.Holders != nil || j.Why == "" {
				t.Errorf("budget %v: got %+v, %v", test.budget, j, err)
			}
		}
	}
	if j, err := Exclusion(stress(100_000), time.Nanosecond); err != nil || j.Verdict != Undecided {
		t.Errorf("a long history within 1ns: got %+v, %v", j, err)
	}
}

// stress returns a legal history of n operations of 8 clients that take turns.
func stress(n int) history.History {
	var h history.History
	for i := range n {
		f := []string{history.Lock, history.Unlock}[i%2]
		client := fmt.Sprint("p", i/2%8)
		h = append(h, history.Event{Kind: history.Invoke, Process: client, F: f}, history.Event{Kind: history.Ok, Process: client, F: f})
	}
	return h
}

func TestJudgesThatDifferAreAnError(t *testing.T) {
	for _, test := range []struct {
		text string
		says porcupine.CheckResult
	}{{"p0 lock-ok", porcupine.Illegal}, {"p0 lock-ok\np1         lock-ok", porcupine.Ok}} {
		check := func(porcupine.Model, []porcupine.Operation, time.Duration) porcupine.CheckResult { return test.says }
		j, err := judgeExclusion(parse(t, "differ", test.text), time.Second, check)
		if err == nil || j.Verdict != Undecided || !strings.Contains(err.Error(), "porcupine saying "+string(test.says)) {
			t.Errorf("porcupine says %s: got %+v, %v", test.says, j, err)
		}
	}
}

func TestInvalidHistoriesAreErrors(t *testing.T) {
	h := history.History{{Kind: history.Ok, Process: "p0", F: history.Lock}}
	j, err := Exclusion(h, time.Second)
	if err == nil || !strings.HasPrefix(err.Error(), "exclusion: event 0: found ok of p0's lock") || j.Verdict != Undecided {
		t.Errorf("got %+v, %v", j, err)
	}
}

// crowd returns a history in which n clients get an f at once, and then each unlocks.
func crowd(n int, f string) history.History {
	var h history.History
	for _, f := range []string{f, history.Unlock} {
		for _, kind := range []history.Kind{history.Invoke, history.Ok} {
			for i := range n {
				h = append(h, history.Event{Kind: kind, Process: fmt.Sprint("p", i), F: f})
			}
		}
	}
	return h
}

func TestSixtyFourClientsMayReadAndMoreAreAnError(t *testing.T) {
	if j, err := Exclusion(crowd(64, history.RLock), time.Minute); err != nil || j.Verdict != Holds {
		t.Errorf("64 readers: got %+v, %v", j, err)
	}
	if _, err := Exclusion(crowd(65, history.RLock), time.Minute); err == nil || !strings.Contains(err.Error(), "found 65 clients") {
		t.Errorf("65 readers: got %v", err)
	}
	j, err := Exclusion(crowd(65, history.Lock), time.Minute)
	if err != nil || describe(j) != "violated at 66 by p0 p1: p0 and p1 both hold the lock" {
		t.Errorf("65 clients of a mutex: got %+v, %v", j, err)
	}
	last := crowd(64, history.RLock)
	last[127].F, last[63].F = history.Lock, history.Lock
	j, err = Exclusion(last, time.Minute)
	if err != nil || j.Verdict != Violated || j.At != 127 || len(j.Holders) != 64 || !strings.HasPrefix(j.Why, "p63 holds it exclusively while p0, ") {
		t.Errorf("63 readers and a writer: got %+v, %v", j, err)
	}
}

func TestPendingOperationsCostNoTime(t *testing.T) {
	var h history.History
	for i := range 500 {
		ask := history.Event{Kind: history.Invoke, Process: fmt.Sprint("w", i), F: history.Lock}
		got := history.Event{Kind: history.Invoke, Process: fmt.Sprint("p", i), F: history.Lock}
		in, out := got, got
		in.Kind, out.F = history.Ok, history.Unlock
		h = append(h, ask, got, in, out)
	}
	twice := slices.Concat(h, crowd(2, history.Lock)[:4])
	for i := range twice[len(h):] {
		twice[len(h)+i].Process += "x"
	}
	for _, test := range []struct {
		h    history.History
		want Verdict
	}{{h, Holds}, {twice, Violated}} {
		if j, err := Exclusion(test.h, 20*time.Second); err != nil || j.Verdict != test.want {
			t.Errorf("got %+v, %v, want %v", j, err, test.want)
		}
	}
}

func TestStepsLastAsLongAsTheyMayTakeEffect(t *testing.T) {
	c, err := newClaims(parse(t, "times", `
p0  lock--ok  unlock--fail  unlock--fail  lock--ok  unlock-----X
p1                                                          X
p2    lock--------------------------------------------------------ok  unlock...
p3      rlock--ok                                                          unlock...
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"p0 acquires from 0 to 12 by 3", "p2 acquires from 4 to 56 by 14", "p3 acquires from 8 to 20 by 5",
		"p0 releases from 16 to 35 by 4", // until it locks again, whatever it tries in between
		"p0 acquires from 36 to 40 by 10",
		"p0 releases from 44 to 51 by 11", // until it is killed
		"p2 releases from 60 to 69 by 15", "p3 releases from 64 to 70 by 16",
	}
	var got []string
	for i, op := range c.operations() {
		s, does := c.steps[i], "releases"
		if s.acquires {
			does = "acquires"
		}
		got = append(got, fmt.Sprintf("%s %s from %d to %d by %d", c.clients[s.client], does, op.Call, op.Return, s.at))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTimesGivenToPorcupineAreDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		c, err := newClaims(h)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[int64]bool)
		for _, op := range c.operations() {
			if seen[op.Call] || seen[op.Return] || op.Call >= op.Return {
				t.Fatalf("a step from %d to %d: out of order, or as another, of\n%s", op.Call, op.Return, h)
			}
			seen[op.Call], seen[op.Return] = true, true
		}
	})
}

func BenchmarkExclusion(b *testing.B) {
	for _, n := range []int{2, 5, 1000} {
		h := stress(n)
		b.Run(fmt.Sprint(len(h), " events"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if j, err := Exclusion(h, time.Minute); err != nil || j.Verdict != Holds {
					b.Fatal(j, err)
				}
			}
		})
	}
}
