package trial

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Verb is what a client does.
type Verb uint8

// The verbs. The acquiring ones are followed by the release of what they took;
// a client that is refused goes on behind that release.
const (
	Lock Verb = iota + 1
	TryLock
	RLock
	TryRLock
	Unlock
	Inside // one step
	Work   // a while, inside the critical section
	Rest   // a while, outside of it
)

var verbs = [...]string{
	Lock: "lock", TryLock: "trylock", RLock: "rlock", TryRLock: "tryrlock", Unlock: "unlock",
	Inside: "inside", Work: "work", Rest: "rest",
}

// Acquires reports whether the verb takes the lock, and how.
func (v Verb) Acquires() (lock.How, bool) {
	how := lock.How{Shared: v == RLock || v == TryRLock, Try: v == TryLock || v == TryRLock}
	return how, v >= Lock && v <= TryRLock
}

// Lasts reports whether the verb takes a duration.
func (v Verb) Lasts() bool { return v == Work || v == Rest }

func (v Verb) String() string { return verbs[v] }

// An Action is one thing that a client does.
type Action struct {
	Verb Verb
	Dur  time.Duration // of Work and Rest
}

// A Workload is what a client does, in order.
type Workload []Action

// String writes the workload as a case has it: "lock work 31s unlock".
func (w Workload) String() string {
	words := make([]string, 0, len(w))
	for _, a := range w {
		words = append(words, a.Verb.String())
		if a.Verb.Lasts() {
			words = append(words, sys.FormatDuration(a.Dur))
		}
	}
	return strings.Join(words, " ")
}

// ParseWorkload reads what String writes.
func ParseWorkload(text string) (Workload, error) {
	var w Workload
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		a, err := parseVerb(words[i])
		if err != nil {
			return nil, err
		}
		if a.Verb.Lasts() {
			if i++; i == len(words) {
				return nil, fmt.Errorf("found nothing after %s, wanted a duration such as 31s", a.Verb)
			}
			d, err := time.ParseDuration(words[i])
			if err != nil || d <= 0 {
				return nil, fmt.Errorf("found %q after %s, wanted a duration above 0 such as 31s", words[i], a.Verb)
			}
			a.Dur = d
		}
		w = append(w, a)
	}
	return w, w.Validate()
}

func parseVerb(word string) (Action, error) {
	for v := Lock; int(v) < len(verbs); v++ {
		if verbs[v] == word {
			return Action{Verb: v}, nil
		}
	}
	return Action{}, fmt.Errorf("found %q, wanted one of %s", word, strings.Join(verbs[1:], ", "))
}

// Validate says where the workload makes no sense: a second acquire inside, a
// release outside, an acquire that is released without a step inside (nobody
// could notice a second holder then).
func (w Workload) Validate() error {
	if len(w) == 0 {
		return fmt.Errorf("found no action, wanted one such as lock inside unlock")
	}
	held, stepped := false, false
	for _, a := range w {
		_, acquires := a.Verb.Acquires()
		switch {
		case acquires && held:
			return fmt.Errorf("found %s while the lock is held, wanted unlock before it", a.Verb)
		case !acquires && !held && a.Verb != Rest:
			return fmt.Errorf("found %s while the lock is not held", a.Verb)
		case a.Verb == Rest && held:
			return fmt.Errorf("found rest while the lock is held, wanted work")
		case a.Verb == Unlock && !stepped:
			return fmt.Errorf("found unlock right after the acquire, wanted inside or work between them")
		}
		held = acquires || held && a.Verb != Unlock
		stepped = held && !acquires
	}
	return nil
}

// Verbs returns the words of a workload.
func Verbs() []string {
	var words []string
	for v := Lock; int(v) < len(verbs); v++ {
		word := verbs[v]
		if v.Lasts() {
			word += " D"
		}
		words = append(words, word)
	}
	return words
}
