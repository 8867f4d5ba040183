package sys

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String writes the call as strace does: flock(3, LOCK_EX|LOCK_NB). The stamp
// is left out. Two calls of a trial that print alike ask for the same thing.
func (c Call) String() string {
	if c.Op == 0 || c.Op >= opEnd {
		return c.Op.String() + "()"
	}
	if c.Op == OpForeign {
		return c.Path + "(" + c.Data + ")"
	}
	var b strings.Builder
	b.WriteString(ops[c.Op].name)
	b.WriteByte('(')
	for i, a := range ops[c.Op].args {
		text := a.print(&c)
		if text == "" {
			continue
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text)
	}
	b.WriteByte(')')
	return b.String()
}

// ParseCall reads what String writes. Instants that names stand for
// ("A.mtime") are not in the text, and so not in the call.
func ParseCall(text string) (Call, error) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok || !strings.HasSuffix(rest, ")") {
		return Call{}, fmt.Errorf("found %q, wanted a call such as close(3)", text)
	}
	op, ok := opByName(name)
	if !ok || op == OpForeign {
		return Call{}, fmt.Errorf("found call %q, wanted one of %s", name, opNames())
	}
	c := Call{Op: op}
	words, err := splitArgs(strings.TrimSuffix(rest, ")"))
	if err != nil {
		return Call{}, err
	}
	args := ops[op].args
	for i, w := range words {
		if i >= len(args) {
			return Call{}, fmt.Errorf("%s: found %d arguments, wanted %d", name, len(words), len(args))
		}
		if err := args[i].parse(&c, w); err != nil {
			return Call{}, fmt.Errorf("%s: argument %d: %w", name, i+1, err)
		}
	}
	// What is missing must be what printing leaves out: then the call prints
	// as it was read.
	if printed := c.String(); printed != text {
		return Call{}, fmt.Errorf("found %s, wanted it written %s", text, printed)
	}
	return c, nil
}

// ParseForeign reads what String writes of any program's call: what ParseCall does
// not know by name is an OpForeign.
func ParseForeign(text string) (Call, error) {
	name, rest, ok := strings.Cut(text, "(")
	if _, known := opByName(name); known || !ok || !strings.HasSuffix(rest, ")") {
		return ParseCall(text)
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || name == "" {
		return Call{}, fmt.Errorf("found call %q, wanted a name such as access", name)
	}
	return Call{Op: OpForeign, Path: name, Data: strings.TrimSuffix(rest, ")")}, nil
}

// splitArgs cuts at the commas outside of quotes and braces.
func splitArgs(s string) ([]string, error) {
	var words []string
	for s != "" {
		word := s
		if s[0] == '"' {
			q, err := strconv.QuotedPrefix(s)
			if err != nil {
				return nil, fmt.Errorf("found %s, wanted a closing quote", s)
			}
			word = q
		} else if i := strings.IndexByte(s, '}'); s[0] == '{' && i >= 0 {
			word = s[:i+1]
		} else if i := strings.IndexByte(s, ','); i >= 0 {
			word = s[:i]
		}
		words = append(words, word)
		s = s[len(word):]
		if s == "" {
			return words, nil
		}
		var ok bool
		if s, ok = strings.CutPrefix(s, ", "); !ok || s == "" {
			return nil, fmt.Errorf("found %q after argument %d, wanted a comma and an argument", s, len(words))
		}
	}
	return words, nil
}

func opNames() string {
	names := make([]string, 0, opEnd)
	for op := OpOpen; op < opEnd; op++ {
		if op != OpForeign {
			names = append(names, op.String())
		}
	}
	return strings.Join(names, ", ")
}

// String writes the inode's name: A to Z, AA, …; then how many files carried
// the number before, as A', A'2, A'3. The zero Ino, which is none of the
// trial's (its directory, say), is "?".
func (i Ino) String() string {
	if i.Num == 0 {
		return "?"
	}
	name := ""
	for n := int(i.Num); n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	switch {
	case i.Gen == 0:
		return name
	case i.Gen == 1:
		return name + "'"
	}
	return name + "'" + strconv.Itoa(int(i.Gen))
}

func parseIno(s string) (Ino, error) {
	if s == "?" {
		return Ino{}, nil
	}
	letters, primes, primed := strings.Cut(s, "'")
	num := 0
	for _, r := range letters {
		if num = num*26 + int(r-'A') + 1; r < 'A' || r > 'Z' || num > math.MaxUint16 {
			return Ino{}, fmt.Errorf("found %q, wanted an inode's name such as A", s)
		}
	}
	gen := 0
	if primed {
		gen = 1
		if primes != "" {
			gen, _ = strconv.Atoi(primes)
		}
	}
	i := Ino{Num: uint16(num), Gen: uint16(gen)}
	if num == 0 || i.String() != s {
		return Ino{}, fmt.Errorf("found %q, wanted an inode's name such as A", s)
	}
	return i, nil
}

// String writes a file's time by the file ("A.mtime") and a clock's by its
// distance from the trial's start ("@10ms").
func (t Time) String() string {
	if t.Of != (Ino{}) {
		return t.Of.String() + ".mtime"
	}
	return "@" + FormatDuration(t.At)
}

func parseTime(s string) (Time, error) {
	if name, ok := strings.CutSuffix(s, ".mtime"); ok {
		ino, err := parseIno(name)
		return Time{Of: ino}, err
	}
	digits, ok := strings.CutPrefix(s, "@")
	if !ok {
		return Time{}, fmt.Errorf("found %q, wanted a time such as A.mtime or @10ms", s)
	}
	d, err := parseDuration(digits)
	return Time{At: d}, err
}
