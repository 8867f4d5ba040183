package sys

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An arg is one argument of a call: where it lives in the struct and how it is
// written. A print that returns "" leaves the argument out; only the last one
// may.
type arg struct {
	print func(*Call) string
	parse func(*Call, string) error
}

var (
	argFD = arg{
		func(c *Call) string { return strconv.Itoa(c.FD) },
		func(c *Call, s string) (err error) { c.FD, err = parseInt[int](s, "a descriptor"); return },
	}
	argPath      = pathArg(func(c *Call) *string { return &c.Path })
	argPath2     = pathArg(func(c *Call) *string { return &c.Path2 })
	argData      = pathArg(func(c *Call) *string { return &c.Data })
	argOpenFlags = flagsArg(&openFlags)
	argFlockHow  = flagsArg(&flockFlags)

	argRenameFlags  = flagsArg(&renameFlags)
	argFcntlCommand = flagsArg(&fcntlCommands)

	argRecord = arg{
		func(c *Call) string { return c.Record.String() },
		func(c *Call, s string) (err error) { c.Record, err = parseRecord(s); return },
	}

	// A child of which nothing runs here has no name.
	argForked = arg{
		func(c *Call) string {
			if c.Path == "" {
				return ""
			}
			return strconv.Quote(c.Path)
		},
		func(c *Call, s string) (err error) { c.Path, err = parseQuoted(s); return },
	}

	argMode = arg{
		func(c *Call) string { return fmt.Sprintf("%04o", c.Mode) },
		parseMode,
	}
	// As strace has it, open prints a mode only where it may create.
	argOpenMode = arg{
		func(c *Call) string {
			if c.Flags&O_CREAT == 0 {
				return ""
			}
			return fmt.Sprintf("%04o", c.Mode)
		},
		parseMode,
	}
	argSize = arg{
		func(c *Call) string { return itoa(c.N) },
		func(c *Call, s string) (err error) { c.N, err = parseInt[int64](s, "a size"); return },
	}
	argNumber = arg{
		func(c *Call) string { return "#" + itoa(c.N) },
		func(c *Call, s string) (err error) { c.N, err = parseMarked(s, "#"); return },
	}
	argProc = arg{
		func(c *Call) string { return "p" + itoa(c.N) },
		func(c *Call, s string) (err error) { c.N, err = parseMarked(s, "p"); return },
	}
	argDur = arg{
		func(c *Call) string { return FormatDuration(c.Dur) },
		func(c *Call, s string) (err error) { c.Dur, err = parseDuration(s); return },
	}
	argT = timeArg(func(c *Call) *Time { return &c.T })
	argU = timeArg(func(c *Call) *Time { return &c.U })
)

func pathArg(field func(*Call) *string) arg {
	return arg{
		func(c *Call) string { return strconv.Quote(*field(c)) },
		func(c *Call, s string) (err error) { *field(c), err = parseQuoted(s); return },
	}
}

func flagsArg(set *flagSet) arg {
	return arg{
		func(c *Call) string { return set.format(c.Flags) },
		func(c *Call, s string) (err error) { c.Flags, err = set.parse(s); return },
	}
}

func timeArg(field func(*Call) *Time) arg {
	return arg{
		func(c *Call) string { return field(c).String() },
		func(c *Call, s string) (err error) { *field(c), err = parseTime(s); return },
	}
}

// format writes flags as NAME|NAME; what has no name is written in hex.
func (s *flagSet) format(flags int) string {
	var parts []string
	rest := flags
	for _, b := range s.base {
		if flags&s.mask == b.value {
			parts = append(parts, b.name)
			rest &^= s.mask
		}
	}
	for _, b := range s.bits {
		if rest&b.value != 0 {
			parts = append(parts, b.name)
			rest &^= b.value
		}
	}
	if rest != 0 {
		parts = append(parts, fmt.Sprintf("%#x", rest))
	}
	if len(parts) > 1 && parts[0] == "0" {
		parts = parts[1:]
	}
	return strings.Join(parts, "|")
}

func (s *flagSet) parse(text string) (int, error) {
	flags := 0
	for part := range strings.SplitSeq(text, "|") {
		value, ok := s.value(part)
		if !ok {
			return 0, fmt.Errorf("found flag %q, wanted one of %s", part, s.names())
		}
		flags |= value
	}
	return flags, nil
}

func (s *flagSet) value(name string) (int, bool) {
	for _, list := range [][]bit{s.base, s.bits} {
		for _, b := range list {
			if b.name == name {
				return b.value, true
			}
		}
	}
	if rest, ok := strings.CutPrefix(name, "0x"); ok {
		n, err := strconv.ParseUint(rest, 16, 31)
		return int(n), err == nil
	}
	return 0, false
}

func (s *flagSet) names() string {
	var names []string
	for _, list := range [][]bit{s.base, s.bits} {
		for _, b := range list {
			names = append(names, b.name)
		}
	}
	return strings.Join(names, ", ")
}

func parseMode(c *Call, s string) error {
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return fmt.Errorf("found mode %q, wanted octal digits", s)
	}
	c.Mode = uint32(n)
	return nil
}

func parseMarked(s, mark string) (int64, error) {
	digits, ok := strings.CutPrefix(s, mark)
	if !ok {
		return 0, fmt.Errorf("found %q, wanted %s and a number", s, mark)
	}
	return parseInt[int64](digits, mark+" and a number")
}

func parseInt[T int | int64](s, wanted string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || int64(T(n)) != n {
		return 0, fmt.Errorf("found %q, wanted %s", s, wanted)
	}
	return T(n), nil
}

func parseQuoted(s string) (string, error) {
	text, err := strconv.Unquote(s)
	if err != nil || !strings.HasPrefix(s, `"`) {
		return "", fmt.Errorf("found %s, wanted a string in double quotes", s)
	}
	return text, nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("found %q, wanted a duration such as 30s", s)
	}
	return d, nil
}

// FormatDuration writes whole seconds as seconds ("90s", not "1m30s"), and
// anything else as time.Duration does. time.ParseDuration reads both.
func FormatDuration(d time.Duration) string {
	if d%time.Second == 0 {
		return itoa(int64(d/time.Second)) + "s"
	}
	return d.String()
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
