package history_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"pgregory.net/rapid"
)

func event(kind history.Kind, client, f string) history.Event {
	return history.Event{Kind: kind, Process: client, F: f}
}

func TestEachFlawIsNamedWithItsPosition(t *testing.T) {
	ask, ok, end := event(history.Invoke, "p0", "lock"), event(history.Ok, "p0", "lock"), event(history.Info, "p0", "kill")
	with := func(e history.Event, change func(*history.Event)) history.Event { change(&e); return e }
	tests := []struct {
		name string
		h    history.History
		want string
	}{
		{"a response without an invocation", history.History{ok}, "event 0: found ok of p0's lock, wanted an invocation before"},
		{"a second response", history.History{ask, ok, ok}, "event 2: found ok of p0's lock"},
		{"a second invocation", history.History{ask, ask}, "event 1: found p0 invoking lock, wanted the response of its lock (event 0)"},
		{"another f", history.History{ask, event(history.Ok, "p0", "unlock")}, "event 1: found ok of p0's unlock, wanted the response of its lock (event 0)"},
		{"an invocation after the kill", history.History{end, ask}, "event 1: found invoke of p0, wanted nothing more of it: event 0 killed it"},
		{"a response after the kill", history.History{ask, end, ok}, "event 2: found ok of p0, wanted nothing more"},
		{"a second kill", history.History{end, end}, "event 1: found info of p0, wanted nothing more"},
		{"an unknown f", history.History{event(history.Invoke, "p0", "acquire")}, `event 0: found f "acquire"`},
		{"no kind", history.History{event(0, "p0", "lock")}, "event 0: found Kind(0), wanted invoke, ok"},
		{"a kind too many", history.History{event(5, "p0", "lock")}, "event 0: found Kind(5)"},
		{"an invoked kill", history.History{event(history.Invoke, "p0", "kill")}, "event 0: found invoke of a kill"},
		{"a kill with a value", history.History{with(end, func(e *history.Event) { e.Value = "1" })}, "event 0: found a kill with"},
		{"a kill with an error", history.History{with(end, func(e *history.Event) { e.Error = "1" })}, "event 0: found a kill with"},
		{"an ok with an error", history.History{ask, with(ok, func(e *history.Event) { e.Error = "busy" })}, `event 1: found ok with error "busy"`},
		{"no client", history.History{event(history.Invoke, "", "lock")}, `event 0: found client ""`},
		{"a client with a space", history.History{event(history.Invoke, "p 0", "lock")}, `event 0: found client "p 0"`},
		{"a client like a comment", history.History{event(history.Invoke, "#0", "lock")}, `event 0: found client "#0"`},
		{"a value that is no text", history.History{with(ask, func(e *history.Event) { e.Value = "\xff" })}, "event 0: found value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.h.Validate()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := history.ParseTimeline("", []byte(test.h.String())); err == nil {
				t.Errorf("an invalid history was drawn as if it were valid:\n%s", test.h)
			}
		})
	}
}

func TestDrawnHistoriesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := drawHistory(t, true).Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOperationsPairInvocationsWithWhatBecameOfThem(t *testing.T) {
	h := parse(t, `
p1  lock=1-ok=2                                        X
p0              lock---busy  unlock---fail(EIO)  unlock---X
p2                 rlock----------------info(lost)  read=7...
p3                                                             X
`)
	want := []history.Operation{
		{Client: "p1", F: "lock", Value: "2", Invoked: 0, Returned: 1, Killed: -1, Outcome: history.Ok},
		{Client: "p0", F: "lock", Error: "busy", Invoked: 2, Returned: 4, Killed: -1, Outcome: history.Fail},
		{Client: "p2", F: "rlock", Error: "lost", Invoked: 3, Returned: 7, Killed: -1, Outcome: history.Info},
		{Client: "p0", F: "unlock", Error: "EIO", Invoked: 5, Returned: 6, Killed: -1, Outcome: history.Fail},
		{Client: "p0", F: "unlock", Invoked: 8, Returned: -1, Killed: 11},
		{Client: "p2", F: "read", Value: "7", Invoked: 9, Returned: -1, Killed: -1},
	}
	if got := h.Operations(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\nof\n%s", got, want, h)
	}
	if got := h.Clients(); !reflect.DeepEqual(got, []string{"p1", "p0", "p2", "p3"}) {
		t.Errorf("clients are %v", got)
	}
}

func TestEveryEventBelongsToOneOperationOrIsAnIdleClientsKill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, false)
		seen := make([]int, len(h))
		for _, op := range h.Operations() {
			for _, at := range []int{op.Invoked, op.Returned, op.Killed} {
				if at >= 0 {
					seen[at]++
				}
			}
			if op.Returned >= 0 && op.Outcome != h[op.Returned].Kind || op.Returned < 0 && op.Outcome != 0 {
				t.Fatalf("outcome %v of %+v", op.Outcome, op)
			}
		}
		for at, n := range seen {
			if n > 1 || n == 0 && h[at].F != history.Kill {
				t.Fatalf("event %d is in %d operations of\n%s", at, n, h)
			}
		}
	})
}

func TestAcquiresAreKnownByTheirWord(t *testing.T) {
	for _, f := range append(questions, history.Kill, "") {
		acquire := strings.HasSuffix(f, "lock") && f != "unlock"
		if history.IsAcquire(f) != acquire || history.IsShared(f) != (acquire && strings.Contains(f, "rl")) {
			t.Errorf("%q: acquire %v, shared %v", f, history.IsAcquire(f), history.IsShared(f))
		}
	}
}
