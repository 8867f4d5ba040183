package interleave_test

import (
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A scripted stage has programs whose calls and words are written down.
type scripted struct{ programs [][]interleave.Announcement }

func (s *scripted) Boot(sys.Setup) (sys.Kernel, error)        { return s, nil }
func (s *scripted) Profile() string                           { return "any" }
func (s *scripted) Close() error                              { return nil }
func (s *scripted) Ready(sys.TID, sys.Call) bool              { return true }
func (s *scripted) Do(_ sys.TID, c sys.Call) (sys.Ret, error) { return sys.OK(), nil }
func (s *scripted) Next(p int, _ sys.Instant) (interleave.Announcement, error) {
	if len(s.programs[p]) == 0 {
		return interleave.Announcement{}, nil
	}
	next := s.programs[p][0]
	s.programs[p] = s.programs[p][1:]
	return next, nil
}

// said are words of a program, in order: "acquired released".
func said(words string) (all []history.Event) {
	for _, w := range strings.Fields(words) {
		all = append(all, map[string]history.Event{
			"acquired": {Kind: history.Ok, F: history.Lock},
			"released": {Kind: history.Ok, F: history.Unlock},
			"busy":     {Kind: history.Fail, Error: history.Busy},
			"failed":   {Kind: history.Fail, Error: "failed"},
			"acquire":  {Kind: history.Invoke, F: history.Lock},
			"release":  {Kind: history.Invoke, F: history.Unlock},
		}[w])
	}
	return all
}

// program makes the calls, each behind the words that stand before it.
func programOf(parts ...string) (all []interleave.Announcement) {
	for i := 0; i < len(parts); i += 2 {
		next := interleave.Announcement{Told: said(parts[i])}
		if i+1 < len(parts) {
			next.Call = sys.Call{Op: sys.OpUnlink, Path: parts[i+1]}
		}
		all = append(all, next)
	}
	return all
}

func TestTheHistoryOfAProgramIsWhatItTells(t *testing.T) {
	for _, test := range []struct {
		name            string
		program         []interleave.Announcement
		timeline, steps string
	}{
		{"an acquire begins with its first call, and a release with the first behind the step inside",
			programOf("", "a", "acquired", "b", "released", "c"),
			"#   0     1   2       3   4\np0  lock--ok  unlock--ok  lock...\n", "a inside b c"},
		{"a refused acquire is over, and the next begins with the next call",
			programOf("", "a", "busy", "b", "acquired"),
			"#   0     1     2     3   4\np0  lock--busy  lock--ok  X\n", "a b inside"},
		{"who tells of invocations is believed",
			programOf("", "a", "acquire", "b", "acquired", "c", "release", "d", "released", "e"),
			"#   0     1   2       3\np0  lock--ok  unlock--ok\n", "a b inside c d e"},
		{"a step inside comes before whatever is told behind the acquire",
			programOf("", "a", "acquired released", "b"),
			"#   0     1   2       3   4\np0  lock--ok  unlock--ok  lock...\n", "a inside b"},
		{"also where a release is told of at once",
			programOf("", "a", "acquired release", "b", "released"),
			"#   0     1   2       3\np0  lock--ok  unlock--ok\n", "a inside b"},
		{"a release that failed is over",
			programOf("", "a", "acquired", "b", "failed", "c", "acquired"),
			"#   0     1   2       3             4     5   6\np0  lock--ok  unlock--fail(failed)  lock--ok  X\n", "a inside b c inside"},
	} {
		tr := &trial.Trial{Clients: []trial.Client{{Program: trial.Command{"x"}}}}
		out, err := interleave.Run(tr, &scripted{[][]interleave.Announcement{test.program}}, interleave.RoundRobin{})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var steps []string
		for _, s := range out.Steps {
			steps = append(steps, strings.TrimPrefix(s.Call.Op.String(), "unlink")+s.Call.Path)
		}
		if found := strings.Join(steps, " "); found != test.steps || out.History.String() != test.timeline {
			t.Errorf("%s: found the steps %s and\n%swanted %s and\n%s", test.name, found, out.History, test.steps, test.timeline)
		}
	}
}

func TestAReleaseThatNobodyCanHaveMadeIsAnError(t *testing.T) {
	tr := &trial.Trial{Clients: []trial.Client{{Program: trial.Command{"x"}}}}
	_, err := interleave.Run(tr, &scripted{[][]interleave.Announcement{programOf("", "a", "released", "b")}}, interleave.RoundRobin{})
	if err == nil || !strings.Contains(err.Error(), "p0 says that it has released the lock") {
		t.Errorf("found %v", err)
	}
}

func TestProgramsTakeAKernelThatRunsThem(t *testing.T) {
	tr := &trial.Trial{Clients: []trial.Client{{Program: trial.Command{"x"}}}}
	if _, err := interleave.Run(tr, memory, interleave.RoundRobin{}); err == nil {
		t.Error("found no error, wanted one")
	}
}

// A program that makes other calls the second time hangs on more than the schedule.
func TestSchedulesAreNotEnumeratedOfWhatIsUnsteady(t *testing.T) {
	tr := &trial.Trial{Clients: []trial.Client{{Program: trial.Command{"x"}}, {Proc: 1, Program: trial.Command{"y"}}}}
	b := interleave.NewBounded(1, interleave.MaxSteps)
	one := func(first string) error {
		_, err := interleave.Run(tr, &scripted{[][]interleave.Announcement{programOf("", first, "", "b"), programOf("", "c")}}, b)
		return err
	}
	if err := one("a"); err != nil || !b.Next() {
		t.Fatal(err)
	}
	err := one("other")
	if err == nil || !strings.Contains(err.Error(), `step 1: found p0 unlink("other") = 0, wanted p0 unlink("a") = 0`) {
		t.Errorf("found %v", err)
	}
}
