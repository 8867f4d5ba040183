package history_test

import (
	"fmt"
	"reflect"

	"github.com/ghostlock/ghostlock/history"
	"pgregory.net/rapid"
)

var (
	questions = []string{history.Lock, history.TryLock, history.RLock, history.TryRLock,
		history.Unlock, history.Read, history.Update}
	names  = []string{"p0", "p1", "p01", "p1.a", "p1.b", "p999999999", "p1000000000", "Ω", "X", "lock..."}
	errors = []string{"", history.Busy, history.Timeout, "unlink l: no such file or directory",
		"EIO (fault)", `say "no"`, "  ", "a\tb\nc", "é…", ")", "#"}
	values = []string{"", "3", "-3", "1.5", "a=b", "ok", "X", "a b", "\n", `"`, "…", "(3)", `\`}
)

// drawHistory draws a valid history, of times alone where it is timed.
func drawHistory(t *rapid.T, timed bool) history.History {
	pending := make(map[string]string)
	alive := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID).Draw(t, "clients")
	var h history.History
	for n := rapid.IntRange(1, 30).Draw(t, "events"); len(h) < n && len(alive) > 0; {
		i := rapid.IntRange(0, len(alive)-1).Draw(t, "client")
		e := history.Event{Process: alive[i]}
		if f, open := pending[e.Process]; rapid.IntRange(0, 9).Draw(t, "kill") == 0 {
			e.Kind, e.F = history.Info, history.Kill
			alive = append(alive[:i:i], alive[i+1:]...)
		} else if !open {
			e.Kind, e.F = history.Invoke, rapid.SampledFrom(questions).Draw(t, "f")
			e.Value = rapid.SampledFrom(values).Draw(t, "value")
			pending[e.Process] = e.F
		} else {
			e.F = f
			e.Kind = history.Kind(rapid.IntRange(int(history.Ok), int(history.Info)).Draw(t, "kind"))
			e.Value = rapid.OneOf(rapid.SampledFrom(values), rapid.String()).Draw(t, "value")
			if e.Kind != history.Ok {
				e.Error = rapid.OneOf(rapid.SampledFrom(errors), rapid.String()).Draw(t, "error")
			}
			delete(pending, e.Process)
		}
		if timed {
			e.Time = rapid.Int64().Draw(t, "time")
		}
		h = append(h, e)
	}
	return h
}

// differ says where two histories differ; it is "" for equal ones.
func differ(got, want history.History) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("event %d: got %#v, want %#v", i, got[i], want[i])
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("got %d events, want %d", len(got), len(want))
	}
	return ""
}
