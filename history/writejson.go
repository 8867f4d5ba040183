package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxLine is the length in bytes, newline included, that a line of JSON may have.
const MaxLine = 1 << 16

// A record is an event as its JSON line has it, in the order of the keys.
type record struct {
	Type    string  `json:"type"`
	Process any     `json:"process"`
	F       string  `json:"f"`
	Value   *string `json:"value"`
	Index   int     `json:"index"`
	Time    int64   `json:"time"`
	Error   string  `json:"error,omitempty"`
}

// WriteJSON writes h as JSON lines in Jepsen's operation form, which ReadJSON reads back equal:
//
//	{"type":"invoke","process":0,"f":"lock","value":null,"index":0,"time":0}
//	{"type":"fail","process":0,"f":"lock","value":null,"index":1,"time":0,"error":"busy"}
//	{"type":"info","process":"p1.a","f":"kill","value":null,"index":2,"time":0}
//
// A client pN is the number N, any other its name. Where h is not valid, or a line would be
// longer than MaxLine, it returns an error; of a history without events it writes nothing,
// which ReadJSON refuses because it cannot be told from a file that was lost.
func WriteJSON(w io.Writer, h History) error {
	if err := h.Validate(); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for at, e := range h {
		line, err := e.json(at)
		if err != nil {
			return fmt.Errorf("event %d: %w", at, err)
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// json returns e's line, newline included, as the event at position at.
func (e Event) json(at int) ([]byte, error) {
	r := record{e.Kind.String(), e.Process, e.F, nil, at, e.Time, e.Error}
	if n, is := number(e.Process); is {
		r.Process = n
	}
	if e.Value != "" {
		r.Value = &e.Value
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	if line.Len() > MaxLine {
		return nil, fmt.Errorf("found a line of %d bytes, wanted %d at the most", line.Len(), MaxLine)
	}
	return line.Bytes(), nil
}

// number returns the N of a client pN, if that is its name to the letter and N is small enough
// for every reader of JSON.
func number(client string) (int, bool) {
	digits, is := strings.CutPrefix(client, "p")
	n, err := strconv.Atoi(digits)
	return n, is && err == nil && n >= 0 && n < 1e9 && strconv.Itoa(n) == digits
}
