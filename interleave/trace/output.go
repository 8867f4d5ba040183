//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/history"
)

// maxOutput is how much a program may write in a run, to each of its outputs.
const maxOutput = 1 << 20

// An output is what a program has written: lines that tell of the lock, and to
// standard error whatever it wants.
type output struct {
	out, err int // where the pipes are read
	lines    []byte
	errors   []byte
	total    int
}

// fill reads what is there, and returns how much that was.
func (o *output) fill() (read int, err error) {
	var buf [4096]byte
	for _, from := range []struct {
		fd int
		to *[]byte
	}{{o.out, &o.lines}, {o.err, &o.errors}} {
		for {
			n, err := unix.Read(from.fd, buf[:])
			if n <= 0 || err != nil {
				break
			}
			*from.to = append(*from.to, buf[:n]...)
			read += n
			if o.total += n; o.total > maxOutput {
				return read, fmt.Errorf("has written more than %d bytes to its outputs, wanted it to tell of its lock and little else", maxOutput)
			}
		}
	}
	return read, nil
}

// events takes the whole lines that were written since.
func (o *output) events() ([]history.Event, error) {
	var all []history.Event
	for {
		i := bytes.IndexByte(o.lines, '\n')
		if i < 0 {
			return all, nil
		}
		line := string(o.lines[:i])
		o.lines = o.lines[i+1:]
		if strings.TrimSpace(line) == "" {
			continue
		}
		e, err := parseLine(line)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}

// half returns what was written of a line that does not end.
func (o *output) half() string { return string(o.lines[bytes.LastIndexByte(o.lines, '\n')+1:]) }

// close closes the pipes that were opened.
func (o *output) close() {
	for _, fd := range []int{o.out, o.err} {
		if fd != 0 {
			unix.Close(fd)
		}
	}
}

// parseLine reads what a program says: "acquired", "released", "busy", "timeout",
// "failed MESSAGE"; "invoke acquire" and "invoke release" where it wants to be exact;
// or the same as JSON, {"say": "acquired"}, {"say": "failed", "error": "MESSAGE"}.
// A word "shared" behind acquire or acquired says that there may be other readers.
func parseLine(line string) (history.Event, error) {
	said, message := line, ""
	if strings.HasPrefix(line, "{") {
		var told struct{ Say, Error string }
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&told); err != nil {
			return history.Event{}, fmt.Errorf("%.60q: %w, wanted an object such as {\"say\": \"acquired\"}", line, err)
		}
		said, message = told.Say, told.Error
	} else if rest, ok := strings.CutPrefix(line, "failed"); ok && (rest == "" || rest[0] == ' ') {
		said, message = "failed", strings.TrimSpace(rest)
	}
	e, ok := map[string]history.Event{
		"acquired":              {Kind: history.Ok, F: history.Lock},
		"acquired shared":       {Kind: history.Ok, F: history.RLock},
		"released":              {Kind: history.Ok, F: history.Unlock},
		"busy":                  {Kind: history.Fail, Error: history.Busy},
		"timeout":               {Kind: history.Fail, Error: history.Timeout},
		"failed":                {Kind: history.Fail, Error: message},
		"invoke acquire":        {Kind: history.Invoke, F: history.Lock},
		"invoke acquire shared": {Kind: history.Invoke, F: history.RLock},
		"invoke release":        {Kind: history.Invoke, F: history.Unlock},
	}[strings.TrimSpace(said)]
	if !ok {
		return history.Event{}, fmt.Errorf("%.60q, wanted acquired, released, busy, timeout, failed MESSAGE, invoke acquire or invoke release, a line each; the rest belongs to standard error", line)
	}
	if e.Kind == history.Fail && e.Error == "" {
		e.Error = "failed"
	}
	return e, nil
}
