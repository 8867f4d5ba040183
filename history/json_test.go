package history_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"pgregory.net/rapid"
)

func readJSON(text string) (history.History, error) {
	return history.ReadJSON("x", strings.NewReader(text))
}

func TestJSONLinesHaveJepsensForm(t *testing.T) {
	h := parse(t, "p0    lock-----------ok  X\np1.a    update=3-----------fail=2(EIO <&>)\n")
	h[0].Time = 12
	want := `{"type":"invoke","process":0,"f":"lock","value":null,"index":0,"time":12}
{"type":"invoke","process":"p1.a","f":"update","value":"3","index":1,"time":0}
{"type":"ok","process":0,"f":"lock","value":null,"index":2,"time":0}
{"type":"info","process":0,"f":"kill","value":null,"index":3,"time":0}
{"type":"fail","process":"p1.a","f":"update","value":"2","index":4,"time":0,"error":"EIO <&>"}
`
	var got bytes.Buffer
	if err := history.WriteJSON(&got, h); err != nil || got.String() != want {
		t.Errorf("got %v\n%swant\n%s", err, got.String(), want)
	}
}

func TestJSONRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, true)
		var text bytes.Buffer
		if err := history.WriteJSON(&text, h); err != nil {
			t.Fatal(err)
		}
		got, err := readJSON(text.String())
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(got, h); d != "" {
			t.Fatal(d)
		}
	})
}

func TestJepsensOwnWordsAreRead(t *testing.T) {
	got, err := readJSON(`{"index":0, "time":3291485317, "type":"invoke", "process":4, "f":"acquire", "value":null}
{"index":1, "time":3293111817, "type":"ok", "process":4, "f":"acquire", "value":5}
{"index":2, "time":3294000000, "type":"invoke", "process":"4", "f":"release", "value":-1.5e3}
`)
	want := history.History{
		{Kind: history.Invoke, Process: "p4", F: history.Lock, Time: 3291485317},
		{Kind: history.Ok, Process: "p4", F: history.Lock, Value: "5", Time: 3293111817},
		{Kind: history.Invoke, Process: "4", F: history.Unlock, Value: "-1.5e3", Time: 3294000000},
	}
	if d := differ(got, want); err != nil || d != "" {
		t.Error(err, d)
	}
}

func TestReadJSONIsStrict(t *testing.T) {
	const good = `{"type":"invoke","process":0,"f":"lock","value":null,"index":0,"time":0}` + "\n"
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	tests := []struct{ name, text, want string }{
		{"an empty file", "", "x:1: found an empty file"},
		{"a blank line", "\n", `x:1: found "" (unexpected end of JSON input), wanted one JSON object`},
		{"a blank line at the end", good + "\n", `x:2: found ""`},
		{"a file cut off", good[:40], "x:1: found the end of the file within a line"},
		{"no last newline", strings.TrimSpace(good), "x:1: found the end of the file within a line"},
		{"a long line", change("{", "{"+strings.Repeat(" ", history.MaxLine)), "x:1: found a line longer than 65536 bytes"},
		{"no object", "[]\n", `x:1: found "[]", wanted one JSON object`},
		{"trailing garbage", change("}", "} x"), "x:1: found "},
		{"two objects", change("}", "}{}"), "x:1: found "},
		{"a broken object", change("0,", "0,,"), "x:1: found "},
		{"no text", change("lock", "\xff"), "x:1: found "},
		{"an unknown key", change(`"time"`, `"node":1,"time"`), `x:1: found key "node"`},
		{"a key in capitals", change(`"time"`, `"Time"`), `x:1: found key "Time"`},
		{"a key twice", change(`"time"`, `"f":"lock","time"`), `x:1: found key "f" twice`},
		{"an unknown type", change("invoke", "call"), `x:1: found type "\"call\"", wanted invoke`},
		{"an empty type", change("invoke", ""), "x:1: found type"},
		{"a type that is no string", change(`"invoke"`, "1"), `x:1: found type "1", wanted invoke`},
		{"an unknown f", change("lock", "cas"), `x:1: found f "\"cas\"", wanted lock`},
		{"an f that is no string", change(`"lock"`, "null"), `x:1: found f "null", wanted lock`},
		{"a negative process", change(`:0,"f"`, `:-1,"f"`), `x:1: found process "-1", wanted a number`},
		{"a broken process", change(`:0,"f"`, `:1.0,"f"`), `x:1: found process "1.0", wanted a number`},
		{"a null process", change(`:0,"f"`, `:null,"f"`), `x:1: found process "null", wanted a number`},
		{"a process with a space", change(`:0,"f"`, `:"a b","f"`), `x:1: found client "a b"`},
		{"a wrong index", change(`"index":0`, `"index":1`), `x:1: found index "1", wanted 0`},
		{"an index again", good + good, `x:2: found index "0", wanted 1`},
		{"a time that is no integer", change(`"time":0`, `"time":1.5`), `x:1: found time "1.5", wanted nanoseconds`},
		{"a value that is a list", change("null", "[1]"), `x:1: found value "[1]", wanted null`},
		{"an error that is no string", change("}", `,"error":null}`), `x:1: found error "null", wanted a string`},
		{"an invocation with an error", change("}", `,"error":"x"}`), `x:1: found invoke with error "x"`},
		{"an impossible history", good + strings.Replace(good, `"index":0`, `"index":1`, 1), "x:2: found p0 invoking lock, wanted the response"},
	}
	for _, key := range []string{"type", "process", "f", "value", "index", "time"} {
		tests = append(tests, struct{ name, text, want string }{"no " + key, without(good, key), fmt.Sprintf("x:1: found no key %q", key)})
	}
	if _, err := readJSON(good); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, err := readJSON(test.text)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v %v, want %s", h, err, test.want)
			}
		})
	}
}

// without returns a line of JSON less one of its keys.
func without(line, key string) string {
	members := strings.Split(strings.Trim(line, "{}\n"), ",")
	kept := members[:0]
	for _, m := range members {
		if !strings.HasPrefix(m, `"`+key+`":`) {
			kept = append(kept, m)
		}
	}
	return "{" + strings.Join(kept, ",") + "}\n"
}

func TestWriteJSONRefusesWhatReadJSONWould(t *testing.T) {
	ask := event(history.Invoke, "p0", "lock")
	for name, h := range map[string]history.History{
		"event 1: found p0 invoking": {ask, ask},
		"event 0: found a line of":   {{Kind: history.Invoke, Process: "p0", F: "lock", Value: strings.Repeat("x", history.MaxLine)}},
	} {
		var text bytes.Buffer
		if err := history.WriteJSON(&text, h); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

func TestALineOfExactlyTheBoundIsReadAndWritten(t *testing.T) {
	h := history.History{event(history.Invoke, "p0", "lock")}
	var text bytes.Buffer
	if err := history.WriteJSON(&text, h); err != nil {
		t.Fatal(err)
	}
	h[0].Value = strings.Repeat("x", history.MaxLine-text.Len()+len("null")-len(`""`))
	text.Reset()
	if err := history.WriteJSON(&text, h); err != nil || text.Len() != history.MaxLine {
		t.Fatal(err, text.Len())
	}
	if _, err := readJSON(text.String()); err != nil {
		t.Error(err)
	}
}

func FuzzReadJSON(f *testing.F) {
	var text bytes.Buffer
	h := history.History{event(history.Invoke, "p0", "lock"), event(history.Info, "p0", "kill"), event(history.Info, "p1.a", "kill")}
	if err := history.WriteJSON(&text, h); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add([]byte(`{"index":0,"time":-1,"type":"invoke","process":12345678901,"f":"acquire","value":1e5}` + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := history.ReadJSON("fuzz", bytes.NewReader(in))
		if err != nil || len(in) > history.MaxLine/6 { // escapes may make a longer line than was read
			return
		}
		var out bytes.Buffer
		if err := history.WriteJSON(&out, h); err != nil {
			t.Fatal(err)
		}
		again, err := history.ReadJSON("again", &out)
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(again, h); d != "" {
			t.Error(d)
		}
	})
}
