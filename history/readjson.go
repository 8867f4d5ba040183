package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// ReadJSON reads the JSON lines that WriteJSON writes, and those of Jepsen's mutex workloads:
// acquire and release are read as lock and unlock, and a value may be a number, which is taken
// to the letter. The result is valid and has at least one event.
//
// Reading is strict. A key that is unknown, missing or there twice, an unknown type or f, an
// index that is not the line's, anything besides one object in a line, a line longer than
// MaxLine, a last line without its newline, an empty file, and a history that is not valid are
// errors that read "name:line: found …, wanted …". Of the keys only error may be left out.
func ReadJSON(name string, r io.Reader) (History, error) {
	var h History
	lines := bufio.NewReaderSize(r, MaxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err == nil {
			var e Event
			if e, err = parseEvent(line, len(h)); err == nil {
				h = append(h, e)
				continue
			}
		}
		return nil, fmt.Errorf("%s:%d: %w", name, len(h)+1, explain(err))
	}
	if len(h) == 0 {
		return nil, fmt.Errorf("%s:1: found an empty file, wanted an event a line", name)
	}
	if f := h.flaw(); f != nil {
		return nil, fmt.Errorf("%s:%d: found %s, wanted %s", name, f.at+1, f.found, f.wanted)
	}
	return h, nil
}

// explain turns what bufio says of a line into what the reader of the message can mend.
func explain(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("found the end of the file within a line, wanted a newline: the file may be cut off")
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("found a line longer than %d bytes, wanted one event", MaxLine)
	}
	return err
}

// A field is a key of an event's line. Its set stores a value in e, or returns what it wanted.
type field struct {
	key      string
	optional bool
	set      func(e *Event, value json.RawMessage, at int) (wanted string)
}

var fields = []field{
	{"type", false, setType},
	{"process", false, setProcess},
	{"f", false, setF},
	{"value", false, setValue},
	{"index", false, checkIndex},
	{"time", false, setTime},
	{"error", true, setError},
}

// parseEvent reads the line of the event at position at.
func parseEvent(line []byte, at int) (Event, error) {
	values, err := object(line)
	if err != nil {
		return Event{}, err
	}
	var e Event
	for _, f := range fields {
		value, is := values[f.key]
		if !is && f.optional {
			continue
		}
		if !is {
			return Event{}, fmt.Errorf("found no key %q, wanted type, process, f, value, index and time", f.key)
		}
		if wanted := f.set(&e, value, at); wanted != "" {
			return Event{}, fmt.Errorf("found %s %s, wanted %s", f.key, excerpt(value), wanted)
		}
	}
	return e, nil
}

// object splits the JSON object that is all of line into its values. It is stricter than
// encoding/json, which takes keys in any case, the last of two, and bytes that are no text.
func object(line []byte) (map[string]json.RawMessage, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(line, &whole); err != nil {
		return nil, fmt.Errorf("found %s (%v), wanted one JSON object", excerpt(line), err)
	}
	if whole[0] != '{' || !utf8.Valid(line) {
		return nil, fmt.Errorf("found %s, wanted one JSON object in UTF-8", excerpt(line))
	}
	values := make(map[string]json.RawMessage)
	dec := json.NewDecoder(bytes.NewReader(whole))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		if !slices.ContainsFunc(fields, func(f field) bool { return f.key == key }) {
			return nil, fmt.Errorf("found key %q, wanted type, process, f, value, index, time or error", key)
		}
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("found key %q twice, wanted it once", key)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		values[key] = value
	}
	return values, nil
}

// excerpt returns the beginning of what was read, for a message.
func excerpt(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) > 60 {
		return strconv.Quote(string(b[:60])) + "…"
	}
	return strconv.Quote(string(b))
}

func setType(e *Event, value json.RawMessage, _ int) string {
	word, _ := text(value)
	e.Kind = Kind(max(0, slices.Index(kindNames[:], word)))
	if e.Kind == 0 {
		return "invoke, ok, fail or info"
	}
	return ""
}

func setProcess(e *Event, value json.RawMessage, _ int) string {
	name, is := text(value)
	if !is {
		name = "p" + string(value)
		if n, err := strconv.ParseUint(string(value), 10, 63); err != nil || strconv.FormatUint(n, 10) != string(value) {
			return "a number from 0 upwards, or a name"
		}
	}
	e.Process = name
	return ""
}

func setF(e *Event, value json.RawMessage, _ int) string {
	e.F, _ = text(value)
	switch e.F {
	case "acquire":
		e.F = Lock
	case "release":
		e.F = Unlock
	}
	if !isOperation(e.F) && e.F != Kill {
		return "lock, trylock, rlock, tryrlock, unlock, read, update or kill"
	}
	return ""
}

func setValue(e *Event, value json.RawMessage, _ int) string {
	s, is := text(value)
	switch c := value[0]; {
	case is:
		e.Value = s
	case c == '-' || c >= '0' && c <= '9':
		e.Value = string(value)
	case c != 'n':
		return "null, a string or a number"
	}
	return ""
}

func checkIndex(_ *Event, value json.RawMessage, at int) string {
	if string(value) != strconv.Itoa(at) {
		return strconv.Itoa(at)
	}
	return ""
}

func setTime(e *Event, value json.RawMessage, _ int) string {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return "nanoseconds, an integer"
	}
	e.Time = n
	return ""
}

func setError(e *Event, value json.RawMessage, _ int) string {
	s, is := text(value)
	if !is {
		return "a string"
	}
	e.Error = s
	return ""
}

// text returns the string that value is, if it is one.
func text(value json.RawMessage) (string, bool) {
	var s string
	if value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return "", false
	}
	return s, true
}
