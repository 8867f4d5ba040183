package history

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Drawable is the number of events up to which a history has a timeline. A longer one could
// not be taken in by eye, and its drawing would grow with clients times events.
const Drawable = 400

// String returns the timeline of h: a row for each client, and the events in the order of
// their columns.
//
//	#   0     1  2     3        4       5 6        7
//	p0  lock--ok                        X
//	p1           rlock----------timeout
//	p2                 update=3-----------fail=2(unlink l: no such file or directory)
//	p3                                             unlock...
//
// An event stands where its first character stands. An invocation is the word that was asked,
// and dashes lead to its response: ok, busy, timeout, fail, info. A value follows "=", an
// error stands in parentheses, either is a quoted Go string where it could be misread. X is a
// kill: at the end of dashes it ended the operation, after spaces the client had none pending.
// Dots say that an operation never returned. The ruler above is a comment: it counts positions.
//
// ParseTimeline reads the result back, all but the times. A history that cannot be drawn, being
// invalid, empty or longer than Drawable, is listed instead, an event a line below a line that
// starts with "!" and says why, and ParseTimeline refuses that.
func (h History) String() string {
	switch f := h.flaw(); {
	case f != nil:
		return h.list("invalid history: " + f.Error())
	case len(h) == 0:
		return h.list("a history without events")
	case len(h) > Drawable:
		return h.list(fmt.Sprintf("%d events, and timelines go up to %d", len(h), Drawable))
	}
	return h.draw()
}

func (h History) list(why string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "! %s\n", why)
	for at, e := range h {
		fmt.Fprintf(&b, "%d %s\n", at, e)
	}
	return b.String()
}

// A row is a line of a timeline in the making.
type row struct {
	text  strings.Builder
	width int  // of text, in runes
	open  bool // an operation is pending: fill with dashes
}

// put writes token at column x, which must not be left of what is there.
func (r *row) put(x int, token string) {
	fill := " "
	if r.open {
		fill = "-"
	}
	r.text.WriteString(strings.Repeat(fill, x-r.width))
	r.text.WriteString(token)
	r.width = x + utf8.RuneCountInString(token)
}

func (h History) draw() string {
	clients := h.Clients()
	margin, ruler, rows := 0, new(row), make(map[string]*row)
	for _, name := range clients {
		rows[name] = new(row)
		rows[name].put(0, name)
		margin = max(margin, rows[name].width)
	}
	ruler.put(0, "#")
	x := margin + 2
	for at, e := range h {
		r, token := rows[e.Process], e.token()
		x = max(x, r.width+2)
		ruler.put(x, strconv.Itoa(at))
		r.put(x, token)
		r.open = e.Kind == Invoke
		// A column is as wide as its event, but a long error may reach below later ones.
		x = max(x+min(utf8.RuneCountInString(token), len(TryRLock)), ruler.width) + 1
	}
	var b strings.Builder
	b.WriteString(ruler.text.String() + "\n")
	for _, name := range clients {
		b.WriteString(rows[name].text.String())
		if rows[name].open {
			b.WriteString("...")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// token returns how e is drawn.
func (e Event) token() string {
	word := e.Kind.String()
	switch {
	case e.Kind == Invoke:
		word = e.F
	case e.F == Kill:
		word = "X"
	case e.refused():
		word = e.Error
	}
	if e.Value != "" {
		word += "=" + quoteUnless(isBareValue, e.Value)
	}
	if e.Error != "" && !e.refused() {
		word += "(" + quoteUnless(isBareError, e.Error) + ")"
	}
	return word
}

// refused reports whether e is a fail with one of the errors that are words of their own.
func (e Event) refused() bool {
	return e.Kind == Fail && slices.Contains([]string{Busy, Timeout}, e.Error)
}

func quoteUnless(bare func(rune) bool, s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !bare(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// isBareValue reports whether r may stand in an unquoted value, which ends at the first rune
// that may not.
func isBareValue(r rune) bool {
	return unicode.IsPrint(r) && !strings.ContainsRune(` -.()="\`, r)
}

// isBareError reports whether r may stand in an unquoted error, which ends at the parenthesis.
func isBareError(r rune) bool {
	return unicode.IsPrint(r) && !strings.ContainsRune(`()"\`, r)
}
