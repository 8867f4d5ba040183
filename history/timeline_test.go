package history_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"pgregory.net/rapid"
)

func parse(t testing.TB, text string) history.History {
	t.Helper()
	h, err := history.ParseTimeline("timeline", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const drawing = `#   0     1  2     3        4       5 6        7        8  9      10    11
p0  lock--ok                        X
p1           rlock----------timeout
p2                 update=3-----------fail=2(unlink l: no such file or directory)
p3                                             trylock--ok        read--X
p4                                                         unlock...
`

func ExampleParseTimeline() {
	// Only the columns count: p1 asks before p0 is answered, and is answered after.
	h, err := history.ParseTimeline("example", []byte(`
p0  lock---ok                 unlock-X
p1     trylock----busy  lock...
`))
	fmt.Println(h, err)
	_, err = history.ParseTimeline("example", []byte("p0 lock-granted"))
	fmt.Println(err)
	// Output:
	// #   0    1       2  3     4    5       6
	// p0  lock---------ok            unlock--X
	// p1       trylock----busy  lock...
	//  <nil>
	// example:1: found "granted" in column 9, wanted ok, busy, timeout, fail, info or X
}

func TestTimelineIsDrawnAsDocumented(t *testing.T) {
	if got := parse(t, drawing).String(); got != drawing {
		t.Errorf("got\n%swant\n%s", got, drawing)
	}
}

func TestTimelineRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, false)
		got, err := history.ParseTimeline("drawn", []byte(h.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, h)
		}
		if d := differ(got, h); d != "" {
			t.Fatalf("%s\n%s", d, h)
		}
	})
}

func TestOnlyTheOrderOfColumnsMatters(t *testing.T) {
	a := parse(t, "p0 lock-ok\np1          lock...\n")
	b := parse(t, "# wider, indented, closer\n  p1                 lock.....   \n\n  p0  lock----ok\n")
	if d := differ(a, b); d != "" {
		t.Error(d)
	}
	early := parse(t, "p0 lock-ok\np1       lock...\n")
	if early[1].Process != "p0" || early[2].Process != "p1" {
		t.Errorf("an invocation below the response's second letter does not follow it:\n%s", early)
	}
	before := parse(t, "p0 lock-ok\np1     lock...\n")
	if before[1].Process != "p1" {
		t.Errorf("an invocation left of the response does not precede it:\n%s", before)
	}
}

func TestTimelineErrorsSayLineFoundAndWanted(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", "x:1: found no events"},
		{"comments alone", "# p0 lock-ok\n\n", "x:1: found no events"},
		{"no text", "p0 lock-\xff", "x:1: found bytes"},
		{"a client alone", "\np0  ", "x:2: found the end of the line, wanted lock"},
		{"a tab", "p0\tlock-ok", `x:1: found "p0\tlock-ok" in column 1, wanted a client's name`},
		{"an unknown word", "p0 acquire-ok", `x:1: found "acquire-ok" in column 4, wanted lock`},
		{"a response alone", "p0 ok", `x:1: found "ok" in column 4, wanted lock`},
		{"an unknown response", "p0 lock-done", `x:1: found "done" in column 9, wanted ok`},
		{"no response", "p0 lock-", "x:1: found the end of the line, wanted ok"},
		{"no tie", "p0 lock ok", `x:1: found " ok" in column 8, wanted dashes`},
		{"two dots", "p0 lock..", "x:1: found the end of the line, wanted dashes"},
		{"an event after dots", "p0 lock... X", `x:1: found "X" in column 12, wanted nothing after`},
		{"an event after a kill", "p0 X lock...", "x:1: found invoke of p0, wanted nothing more"},
		{"a kill that returns", "p0 X-ok", `x:1: found "ok" in column 6, wanted a space`},
		{"no value", "p0 update=-ok", `x:1: found "-ok" in column 11, wanted a value`},
		{"an empty error", "p0 lock-fail()", `x:1: found ")" in column 14, wanted an error`},
		{"an open error", "p0 lock-fail(EIO", "x:1: found the end of the line, wanted an error"},
		{"an open quote", `p0 lock-fail("EIO)`, `x:1: found "\"EIO)" in column 14, wanted a Go string`},
		{"an error on ok", "p0 lock-ok(EIO)", `x:1: found "(EIO)" in column 11, wanted a space`},
		{"a quoted value that is no text", `p0 lock="\xff"...`, "x:1: found value"},
		{"one column for two", "p0 lock-ok\np1      unlock...\np2 lock...", "x:3: found lock in column 4, wanted a column of its own: p0 has an event there (line 1)"},
		{"two rows for one", "p0 lock-ok\np1 X\np0          unlock-ok", "x:3: found a second row of p0, wanted all its events in line 1"},
		{"too many", "p0 " + strings.Repeat("lock-ok ", 201), "x:1: found too many events, wanted 400"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := history.ParseTimeline("x", []byte(test.text))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestHistoriesThatCannotBeDrawnAreListed(t *testing.T) {
	long := make(history.History, 0, 100_000)
	for i := range cap(long) {
		long = append(long, event(history.Invoke+history.Kind(i/64%2), fmt.Sprint("p", i%64), "lock"))
	}
	for _, h := range []history.History{nil, long} {
		text := h.String()
		if !strings.HasPrefix(text, "! ") || strings.Count(text, "\n") != len(h)+1 || len(text) > 60*(len(h)+1) {
			t.Errorf("a history of %d events is listed in %d bytes: %.80s", len(h), len(text), text)
		}
		if _, err := history.ParseTimeline("x", []byte(text)); err == nil {
			t.Errorf("the listing of %d events was read as a timeline", len(h))
		}
	}
	full := long[:history.Drawable]
	if d := differ(parse(t, full.String()), full); d != "" {
		t.Error(d)
	}
}

func FuzzParseTimeline(f *testing.F) {
	f.Add([]byte(drawing))
	f.Add([]byte("p0 lock=\"a b\"-fail(\"(\")"))
	f.Add([]byte("  é  rlock----X\n#\n p1   X"))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := history.ParseTimeline("fuzz", text)
		if err != nil {
			return
		}
		if d := differ(parse(t, h.String()), h); d != "" {
			t.Errorf("%s\n%s", d, h)
		}
	})
}
