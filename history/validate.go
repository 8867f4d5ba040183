package history

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A flaw is what is wrong with the event at one position.
type flaw struct {
	at            int
	found, wanted string
}

func (f *flaw) Error() string {
	return fmt.Sprintf("event %d: found %s, wanted %s", f.at, f.found, f.wanted)
}

// Validate returns nil if h is a history that clients can have had, and otherwise an error
// that names the position of the first event that cannot be: a response without its
// invocation or with another F, an invocation while another is pending, an event of a client
// after its kill, an unknown kind or F, an error on an invoke or ok, a value or an error on a
// kill, a client's name that is empty or has spaces in it, text that is not UTF-8.
//
// It says nothing about what the lock should have answered; package model does.
func (h History) Validate() error {
	if f := h.flaw(); f != nil {
		return f
	}
	return nil
}

// A standing is what Validate knows of a client: its pending invocation and its kill, each a
// position or -1.
type standing struct {
	pending, killed int
}

func (h History) flaw() *flaw {
	clients := make(map[string]standing)
	for at, e := range h {
		if found, wanted := e.flaw(); found != "" {
			return &flaw{at, found, wanted}
		}
		c, known := clients[e.Process]
		if !known {
			c = standing{-1, -1}
		}
		if found, wanted := h.misplaced(e, c); found != "" {
			return &flaw{at, found, wanted}
		}
		switch {
		case e.Kind == Invoke:
			c.pending = at
		case e.F == Kill:
			c.killed = at
		default:
			c.pending = -1
		}
		clients[e.Process] = c
	}
	return nil
}

// misplaced returns what is wrong with e as the next event of a client that stands at c.
func (h History) misplaced(e Event, c standing) (found, wanted string) {
	switch {
	case c.killed >= 0:
		return fmt.Sprintf("%s of %s", e.Kind, e.Process),
			fmt.Sprintf("nothing more of it: event %d killed it", c.killed)
	case e.F == Kill:
		return "", ""
	case e.Kind == Invoke && c.pending >= 0:
		return fmt.Sprintf("%s invoking %s", e.Process, e.F),
			fmt.Sprintf("the response of its %s (event %d) first", h[c.pending].F, c.pending)
	case e.Kind != Invoke && c.pending < 0:
		return fmt.Sprintf("%s of %s's %s", e.Kind, e.Process, e.F), "an invocation before its response"
	case e.Kind != Invoke && h[c.pending].F != e.F:
		return fmt.Sprintf("%s of %s's %s", e.Kind, e.Process, e.F),
			fmt.Sprintf("the response of its %s (event %d)", h[c.pending].F, c.pending)
	}
	return "", ""
}

// flaw returns what is wrong with e wherever it stands.
func (e Event) flaw() (found, wanted string) {
	switch {
	case e.Kind < Invoke || e.Kind > Info:
		return e.Kind.String(), "invoke, ok, fail or info"
	case !isOperation(e.F) && e.F != Kill:
		return fmt.Sprintf("f %q", e.F), "lock, trylock, rlock, tryrlock, unlock, read, update or kill"
	case e.F == Kill && e.Kind != Info:
		return e.Kind.String() + " of a kill", "info"
	case e.F == Kill && e.Value+e.Error != "":
		return "a kill with a value or an error", "neither"
	case e.Error != "" && e.Kind < Fail:
		return fmt.Sprintf("%s with error %q", e.Kind, e.Error), "errors on fail and info alone"
	case !isName(e.Process):
		return fmt.Sprintf("client %q", e.Process), "a printable name without spaces that does not start with #"
	case !utf8.ValidString(e.Value) || !utf8.ValidString(e.Error):
		return fmt.Sprintf("value %q, error %q", e.Value, e.Error), "UTF-8"
	}
	return "", ""
}

func isName(s string) bool {
	unfit := func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }
	return s != "" && s[0] != '#' && utf8.ValidString(s) && !strings.ContainsFunc(s, unfit)
}
