package trial

import (
	"fmt"
	"slices"
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
	Upgrade   // from shared to exclusive, now or not at all
	Downgrade // and back
	Inside    // one step
	Read      // the guarded counter
	Write     // that counter, one higher than it was read
	Work      // a while, inside the critical section
	Rest      // a while, outside of it
	Visit     // open the lock file, read and close it; takes no lock
	Clean     // remove the lock file if nobody has a flock on it: a janitor

	// Processes of the client's that share its descriptors.
	Fork       // a child that lives on and does nothing
	Spawn      // one that runs another program, a step later, and lives on
	ForkUnlock // one that releases its copy of what is held, and exits
	Daemon     // the client goes on in one, and its process exits
)

var verbs = [...]string{
	Lock: "lock", TryLock: "trylock", RLock: "rlock", TryRLock: "tryrlock", Unlock: "unlock",
	Upgrade: "upgrade", Downgrade: "downgrade",
	Inside: "inside", Read: "read", Write: "write", Work: "work", Rest: "rest",
	Visit: "visit", Clean: "clean",
	Fork: "fork", Spawn: "spawn", ForkUnlock: "forkunlock", Daemon: "daemon",
}

// Acquires reports whether the verb takes the lock, and how.
func (v Verb) Acquires() (lock.How, bool) {
	how := lock.How{Shared: v == RLock || v == TryRLock, Try: v == TryLock || v == TryRLock}
	return how, v >= Lock && v <= TryRLock
}

// Converts reports whether the verb makes what is held shared, or exclusive.
func (v Verb) Converts() (lock.How, bool) {
	return lock.How{Shared: v == Downgrade, Try: true}, v == Upgrade || v == Downgrade
}

// Operates reports whether the verb is an operation, of which the client is told
// how it went: the others are steps of its own.
func (v Verb) Operates() bool { return v <= Downgrade || v == Read || v == Write }

// outside reports whether the verb is for a client that does not hold the lock,
// too.
func (v Verb) outside() bool {
	return v == Rest || v == Visit || v == Clean || v == Fork || v == Spawn
}

// Forks reports whether the verb makes a process that is there besides the
// client's.
func (v Verb) Forks() bool { return v == Fork || v == Spawn || v == ForkUnlock }

// Forks returns how many processes the workload makes.
func (w Workload) Forks() (n int) {
	for _, a := range w {
		if a.Verb.Forks() {
			n++
		}
	}
	return n
}

func (w Workload) has(v Verb) bool {
	return slices.ContainsFunc(w, func(a Action) bool { return a.Verb == v })
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
	held, stepped, read := false, false, false
	for _, a := range w {
		_, acquires := a.Verb.Acquires()
		switch {
		case acquires && held:
			return fmt.Errorf("found %s while the lock is held, wanted unlock before it", a.Verb)
		case !acquires && !held && !a.Verb.outside():
			return fmt.Errorf("found %s while the lock is not held", a.Verb)
		case a.Verb == Rest && held:
			return fmt.Errorf("found rest while the lock is held, wanted work")
		case a.Verb == Write && !read:
			return fmt.Errorf("found write, wanted read before it")
		case a.Verb == Unlock && !stepped:
			return fmt.Errorf("found unlock right after the acquire, wanted inside or work between them")
		}
		held = acquires || held && a.Verb != Unlock
		stepped = held && !acquires
		read = held && (read || a.Verb == Read)
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
