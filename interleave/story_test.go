package interleave_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// The tests of this package write tiny locks down, pick an order, and read the
// story of what happened.

// memory is the machine that they run on.
var memory = sim.Machine{Rules: sim.RulesOf("tmpfs")}

// A tiny lock is its Acquire.
type tiny = program.Tiny

// flocking is flock on a file that stays, and close. It waits in the kernel.
func flocking(p *sys.Proc, how lock.How) (lock.Release, error) {
	f, err := p.Open(trial.Path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	mode := sys.LOCK_EX
	if how.Try {
		mode |= sys.LOCK_NB
	}
	if err := p.Flock(f, mode); err != nil {
		_ = p.Close(f)
		return nil, err
	}
	return func(p *sys.Proc) error { return p.Close(f) }, nil
}

// free is no lock at all: it makes no call. A client's steps are its insides.
func free(*sys.Proc, lock.How) (lock.Release, error) {
	return func(*sys.Proc) error { return nil }, nil
}

// picks is a chooser that takes what a test wrote down: of each menu the first
// option whose text begins so ("p0", "p1 flock", "time", "kill p0"; "p0 open
// !EACCES" is the fault), and in the end stops the run. It keeps the menus.
type picks struct {
	next  []string
	menus []string
}

func inOrder(next ...string) *picks { return &picks{next: next} }

func (p *picks) Choose(m *interleave.Menu) (int, error) {
	p.menus = append(p.menus, offered(m))
	if len(p.next) == 0 {
		return 0, interleave.ErrStop
	}
	pick := p.next[0]
	p.next = p.next[1:]
	want, fault, _ := strings.Cut(pick, " !")
	for i, o := range m.Options {
		head := m.Head(i)
		begins := strings.HasPrefix(head+" ", want+" ") || strings.HasPrefix(head, want+"(")
		if begins && (o.Fault == 0 && fault == "" || o.Fault != 0 && o.Fault.Name() == fault) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("step %d: found no %q on the menu %s", m.Step+1, pick, offered(m))
}

func (p *picks) Took(trial.Step) error { return nil }

// offered writes a menu in a line: the threads, then the environment's steps
// and faults. The bar stands between the two.
func offered(m *interleave.Menu) string {
	var words []string
	for i, o := range m.Options {
		if i == m.Threads {
			words = append(words, "|")
		}
		switch {
		case o.Fault != 0:
			words = append(words, m.Thread(i)+"!"+o.Fault.Name())
		case o.Thread >= 0:
			words = append(words, m.Thread(i))
		default:
			words = append(words, strings.ReplaceAll(m.Head(i), " ", "_"))
		}
	}
	return strings.Join(words, " ")
}

// told runs the trial and returns the story; ch must get to its end.
func told(tb testing.TB, t *trial.Trial, ch interleave.Chooser) string {
	tb.Helper()
	return story(played(tb, t, ch))
}

func played(tb testing.TB, t *trial.Trial, ch interleave.Chooser) interleave.Outcome {
	tb.Helper()
	out, err := interleave.Run(t, memory, ch)
	if err != nil {
		tb.Fatalf("%v, after\n%s", err, story(out))
	}
	return out
}

// story writes an outcome down: the steps, and what clients asked and were told
// where it belongs among them.
func story(out interleave.Outcome) string {
	var b strings.Builder
	events := func(after int) {
		for i, e := range out.History {
			if out.After[i] == after {
				fmt.Fprintf(&b, "        %s\n", eventText(e))
			}
		}
	}
	events(0)
	for i, s := range out.Steps {
		fmt.Fprintln(&b, s)
		events(i + 1)
	}
	fmt.Fprintln(&b, out.End)
	return b.String()
}

func eventText(e history.Event) string {
	switch {
	case e.F == history.Kill:
		return e.Process + " is no more"
	case e.Kind == history.Invoke:
		return e.Process + " asks: " + e.F
	case e.Kind == history.Ok:
		return e.Process + " is told: ok"
	}
	return e.Process + " is told: " + e.Error
}

// same compares texts of several lines. What is wanted may be indented as the
// test's code is, and begins on a line of its own.
func same(tb testing.TB, found, wanted string) {
	tb.Helper()
	wanted = strings.ReplaceAll(strings.TrimPrefix(wanted, "\n"), "\n\t\t", "\n")
	wanted = strings.TrimPrefix(wanted, "\t\t")
	if found, wanted = strings.TrimSpace(found), strings.TrimSpace(wanted); found != wanted {
		tb.Errorf("found\n%s\n\nwanted\n%s", found, wanted)
	}
}
