package model

import (
	"errors"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
)

const unlinked = `
p0  lock--------ok
p1      lock------------fail(unlink l: no such file or directory)
p2        trylock-----fail(EIO)
p3          rlock--busy     lock--timeout  unlock--fail(EPERM)  lock--info(EIO)
`

// same answers an acquire as it was answered among others.
func same(op history.Operation) Solo { return Solo{Op: op, Outcome: op.Outcome, Error: op.Error} }

func TestHonestyComparesFailedAcquiresWithTheirSolos(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *Solo)
		asked  string // clients in order
		want   Judgement
	}{
		{"the same errors", func(*Solo) {}, "p2 p1",
			Judgement{"honesty", Holds, "failed acquires: 2, each the same when alone", -1, nil, 0}},
		{"one succeeds alone", func(s *Solo) {
			if s.Op.Client == "p1" {
				s.Outcome, s.Error = history.Ok, ""
			}
		}, "p2 p1", Judgement{"honesty", Violated,
			`p1's lock failed with "unlink l: no such file or directory", but alone it succeeds`, 7, nil, 0}},
		{"both succeed alone, the first response counts", func(s *Solo) { s.Outcome, s.Error = history.Ok, "" }, "p2",
			Judgement{"honesty", Violated, `p2's trylock failed with "EIO", but alone it succeeds`, 6, nil, 0}},
		{"another error", func(s *Solo) { s.Error = history.Busy }, "p2",
			Judgement{"honesty", Violated, `p2's trylock failed with "EIO", but alone it fails with "busy"`, 6, nil, 0}},
		{"never returned", func(s *Solo) {
			if s.Op.Client == "p2" {
				s.Outcome, s.Error = 0, ""
			}
		}, "p2 p1", Judgement{"honesty", Undecided, `p2's trylock failed with "EIO", but alone it gives no answer`, -1, nil, 0}},
		{"unknown", func(s *Solo) { s.Outcome = history.Info }, "p2 p1",
			Judgement{"honesty", Undecided, `p2's trylock failed with "EIO", but alone it gives no answer`, -1, nil, 0}},
		{"one never returned and one lies", func(s *Solo) {
			s.Outcome = 0
			if s.Op.Client == "p1" {
				s.Outcome = history.Ok
			}
		}, "p2 p1", Judgement{"honesty", Violated,
			`p1's lock failed with "unlink l: no such file or directory", but alone it succeeds`, 7, nil, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			got, err := Honesty(parse(t, "unlinked", unlinked), func(op history.Operation) (Solo, error) {
				asked = append(asked, op.Client)
				s := same(op)
				test.change(&s)
				return s, nil
			})
			if err != nil || got.Property != test.want.Property || got.Verdict != test.want.Verdict ||
				got.Why != test.want.Why || got.At != test.want.At || got.Holders != nil {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
			if s := strings.Join(asked, " "); s != test.asked {
				t.Errorf("asked for the solos of %s, want %s", s, test.asked)
			}
		})
	}
}

func TestHonestyWithoutAnAnswerIsAnErrorAndUndecided(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name, want string
		solo       func(op history.Operation) (Solo, error)
	}{
		{"solo fails", "honesty of p2's trylock (event 2): boom", func(history.Operation) (Solo, error) { return Solo{}, boom }},
		{"solo of another", "found the solo of 's  (event 0), wanted its own", func(history.Operation) (Solo, error) { return Solo{}, nil }},
		{"an invocation", "found a solo with outcome invoke", func(op history.Operation) (Solo, error) { return Solo{Op: op, Outcome: history.Invoke}, nil }},
	}
	for _, test := range tests {
		j, err := Honesty(parse(t, "unlinked", unlinked), test.solo)
		if err == nil || !strings.Contains(err.Error(), test.want) || j.Verdict != Undecided || j.At != -1 {
			t.Errorf("%s: got %+v, %v, want %s", test.name, j, err, test.want)
		}
	}
	if j, err := Honesty(history.History{{}}, nil); err == nil || j.Verdict != Undecided {
		t.Errorf("an invalid history: got %+v, %v", j, err)
	}
}

func TestPropertiesAreNamedAndSayWhenTheyHold(t *testing.T) {
	var names []string
	for _, p := range Properties() {
		names = append(names, p.Name)
		if p.Holds == "" {
			t.Errorf("%s does not say when it holds", p.Name)
		}
	}
	if got := strings.Join(names, " "); got != "exclusion update recovery ownership honesty patience phantom disclosure" {
		t.Errorf("properties are %s", got)
	}
}

func TestTheZeroVerdictIsUndecided(t *testing.T) {
	var zero Verdict
	for v, want := range map[Verdict]string{zero: "undecided", Holds: "holds", Violated: "violated", 7: "Verdict(7)"} {
		if v.String() != want {
			t.Errorf("got %v, want %s", v, want)
		}
	}
}
