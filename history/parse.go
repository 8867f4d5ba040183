package history

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseTimeline reads a timeline, as String draws it or as a person does: any number of spaces
// and dashes (at least one dash), three or more dots, rows in any order and indented as you
// like; columns are counted in characters from the start of the line. Lines that start with #
// and blank lines are skipped. Two events in one column are an error, because then nothing says
// which came first.
//
// The result is valid and has at least one event and at most Drawable. Its times are zero.
// Errors read "name:line: found …, wanted …".
func ParseTimeline(name string, text []byte) (History, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s:1: found bytes that are not UTF-8, wanted a timeline", name)
	}
	var marks []mark
	lines := make(map[string]int) // of each client's row
	for i, line := range strings.Split(string(text), "\n") {
		if rest := strings.TrimLeft(line, " "); rest == "" || rest[0] == '#' {
			continue
		}
		s := &scanner{name: name, line: i + 1, runes: []rune(line)}
		row, err := s.row()
		if err != nil {
			return nil, err
		}
		client := row[0].event.Process
		if first, twice := lines[client]; twice {
			return nil, s.fail("a second row of "+client, fmt.Sprintf("all its events in line %d", first))
		}
		lines[client] = s.line
		if marks = append(marks, row...); len(marks) > Drawable {
			return nil, s.fail("too many events", fmt.Sprintf("%d at the most", Drawable))
		}
	}
	if len(marks) == 0 {
		return nil, fmt.Errorf("%s:1: found no events, wanted a row for each client", name)
	}
	return order(name, marks, lines)
}

// A mark is an event and the place where it was drawn.
type mark struct {
	event        Event
	line, column int
}

// order puts the events of all rows into the order of their columns.
func order(name string, marks []mark, lines map[string]int) (History, error) {
	slices.SortStableFunc(marks, func(a, b mark) int { return a.column - b.column })
	h := make(History, len(marks))
	for i, m := range marks {
		if i > 0 && marks[i-1].column == m.column {
			return nil, fmt.Errorf("%s:%d: found %s in column %d, wanted a column of its own: %s has an event there (line %d)",
				name, m.line, m.event.token(), m.column+1, marks[i-1].event.Process, marks[i-1].line)
		}
		h[i] = m.event
	}
	if f := h.flaw(); f != nil {
		return nil, fmt.Errorf("%s:%d: found %s, wanted %s", name, lines[h[f.at].Process], f.found, f.wanted)
	}
	return h, nil
}

// A scanner reads one row.
type scanner struct {
	name  string
	line  int
	runes []rune
	at    int // column
}

func (s *scanner) fail(found, wanted string) error {
	return fmt.Errorf("%s:%d: found %s, wanted %s", s.name, s.line, found, wanted)
}

// unexpected is the error of whatever stands at the scanner's column.
func (s *scanner) unexpected(wanted string) error {
	found := "the end of the line"
	if rest := s.runes[s.at:]; len(rest) > 0 {
		found = fmt.Sprintf("%q in column %d", string(rest[:min(len(rest), 20)]), s.at+1)
	}
	return s.fail(found, wanted)
}

// take consumes the runes from here on that fit.
func (s *scanner) take(fits func(rune) bool) string {
	from := s.at
	for s.at < len(s.runes) && fits(s.runes[s.at]) {
		s.at++
	}
	return string(s.runes[from:s.at])
}

func (s *scanner) takeAll(r rune) string {
	return s.take(func(c rune) bool { return c == r })
}

func (s *scanner) next(r rune) bool {
	return s.at < len(s.runes) && s.runes[s.at] == r
}

func (s *scanner) word() string {
	return s.take(func(r rune) bool { return r >= 'a' && r <= 'z' || r == 'X' })
}

// row reads a client's name and its events, of which there is at least one.
func (s *scanner) row() ([]mark, error) {
	var marks []mark
	s.takeAll(' ')
	from := s.at
	client := s.take(func(r rune) bool { return r != ' ' })
	if !isName(client) {
		s.at = from
		return nil, s.unexpected("a client's name")
	}
	for {
		if s.takeAll(' '); s.at == len(s.runes) && len(marks) > 0 {
			return marks, nil
		}
		from := len(marks)
		marks = append(marks, mark{Event{Process: client}, s.line, s.at})
		if err := s.invocation(&marks[from].event); err != nil {
			return nil, err
		}
		f := marks[from].event.F
		if tie := s.takeAll('-'); f != Kill && tie != "" {
			marks = append(marks, mark{Event{Process: client, F: f}, s.line, s.at})
			if err := s.response(&marks[from+1].event); err != nil {
				return nil, err
			}
		} else if f != Kill {
			if len(s.takeAll('.')) < 3 {
				return nil, s.unexpected("dashes and a response, or ...")
			}
			if s.takeAll(' '); s.at < len(s.runes) {
				return nil, s.unexpected("nothing after ...")
			}
		}
		if s.at < len(s.runes) && !s.next(' ') {
			return nil, s.unexpected("a space")
		}
	}
}

// invocation reads a word that was asked, with its value, or a kill of an idle client.
func (s *scanner) invocation(e *Event) error {
	from := s.at
	switch word := s.word(); {
	case word == "X":
		e.Kind, e.F = Info, Kill
		return nil
	case !isOperation(word):
		s.at = from
		return s.unexpected("lock, trylock, rlock, tryrlock, unlock, read, update or X")
	default:
		e.Kind, e.F = Invoke, word
	}
	return s.value(e)
}

// response reads what an operation was answered, or the kill that ended it.
func (s *scanner) response(e *Event) error {
	from := s.at
	switch word := s.word(); word {
	case "X":
		e.Kind, e.F = Info, Kill
		return nil
	case "ok":
		e.Kind = Ok
	case "fail":
		e.Kind = Fail
	case Busy, Timeout:
		e.Kind, e.Error = Fail, word
	case "info":
		e.Kind = Info
	default:
		s.at = from
		return s.unexpected("ok, busy, timeout, fail, info or X")
	}
	if err := s.value(e); err != nil {
		return err
	}
	if e.Kind == Ok || e.Error != "" {
		return nil
	}
	return s.error(e)
}

// value reads "=value", if it is there.
func (s *scanner) value(e *Event) (err error) {
	if !s.next('=') {
		return nil
	}
	s.at++
	if e.Value, err = s.text(isBareValue); err == nil && e.Value == "" {
		err = s.unexpected("a value, quoted if it has spaces, dots, dashes, quotes or parentheses")
	}
	return err
}

// error reads "(error)", if it is there.
func (s *scanner) error(e *Event) (err error) {
	if !s.next('(') {
		return nil
	}
	s.at++
	if e.Error, err = s.text(isBareError); err != nil {
		return err
	}
	if e.Error == "" || !s.next(')') {
		return s.unexpected("an error and ), the error quoted if it has quotes or parentheses")
	}
	s.at++
	return nil
}

// text reads a quoted string, or as far as runes are bare.
func (s *scanner) text(bare func(rune) bool) (string, error) {
	if !s.next('"') {
		return s.take(bare), nil
	}
	quoted, err := strconv.QuotedPrefix(string(s.runes[s.at:]))
	if err != nil {
		return "", s.unexpected("a Go string with its closing quote")
	}
	s.at += utf8.RuneCountInString(quoted)
	return strconv.Unquote(quoted)
}
