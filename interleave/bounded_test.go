package interleave_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// words returns every order of so many 0s, 1s, …: the interleavings of threads
// with so many steps each.
func words(steps ...int) []string {
	var all []string
	var extend func(string, []int)
	extend = func(word string, left []int) {
		over := true
		for i, n := range left {
			if n > 0 {
				over = false
				next := slices.Clone(left)
				next[i]--
				extend(word+fmt.Sprint(i), next)
			}
		}
		if over {
			all = append(all, word)
		}
	}
	extend("", steps)
	return all
}

// switchesIn counts the places of a word where one letter follows another.
func switchesIn(word string) int {
	n := 0
	for i := 1; i < len(word); i++ {
		if word[i] != word[i-1] {
			n++
		}
	}
	return n
}

// enumerated returns the words of the finished runs that the enumerator makes.
func enumerated(tb testing.TB, tr *trial.Trial, b *interleave.Bounded, visit func(interleave.Outcome)) []string {
	tb.Helper()
	var runner interleave.Runner
	defer runner.Close()
	var all []string
	for more := true; more; more = b.Next() {
		out, err := runner.Run(tr, memory, b)
		if err != nil {
			tb.Fatal(err)
		}
		if out.End == interleave.Finished {
			all = append(all, letters(out))
		}
		if visit != nil {
			visit(out)
		}
	}
	return all
}

func local(tb testing.TB, steps ...int) *trial.Trial {
	tb.Helper()
	var lines []string
	for i, n := range steps {
		lines = append(lines, fmt.Sprintf("p%d: %s", i, insides(n)))
	}
	return tiny(free).Trial(tb, lines...)
}

// Bounded makes each run with at most so many switches once, and no other. With
// switches enough these are all: (k1+k2)!/(k1!·k2!) of two threads. Pruned says
// whether it was so.
func TestBoundedMakesEachRunOnce(t *testing.T) {
	for _, steps := range [][]int{{1}, {3}, {1, 1}, {2, 2}, {3, 2}, {4, 4}, {1, 1, 1}, {2, 2, 2}, {3, 1, 2}, {1, 1, 1, 1}} {
		all := words(steps...)
		for bound := range len(all[0]) + 1 {
			var wanted []string
			for _, w := range all {
				if switchesIn(w) <= bound {
					wanted = append(wanted, w)
				}
			}
			b := interleave.NewBounded(bound, interleave.MaxSteps)
			found := enumerated(t, local(t, steps...), b, nil)
			slices.Sort(found)
			slices.Sort(wanted)
			if !slices.Equal(found, wanted) {
				t.Errorf("threads of %v steps, %d switches: found %d runs %v, wanted %d %v", steps, bound, len(found), found, len(wanted), wanted)
			}
			if pruned := len(wanted) < len(all); b.Pruned() != pruned {
				t.Errorf("threads of %v steps, %d switches: found Pruned %t with %d of %d runs", steps, bound, b.Pruned(), len(wanted), len(all))
			}
		}
	}
	for _, c := range []struct{ k1, k2, wanted int }{{2, 2, 6}, {4, 4, 70}, {6, 6, 924}, {8, 5, 1287}} {
		if found := enumerated(t, local(t, c.k1, c.k2), interleave.NewBounded(99, 99), nil); len(found) != c.wanted {
			t.Errorf("threads of %d and %d steps: found %d runs, wanted %d", c.k1, c.k2, len(found), c.wanted)
		}
	}
}

// Skip leaves out the runs that begin as the last one did, and no other.
func TestSkipLeavesOutWhatBeginsTheSame(t *testing.T) {
	all := words(3, 3)
	for n := range 7 {
		b := interleave.NewBounded(99, 99)
		found := enumerated(t, local(t, 3, 3), b, func(interleave.Outcome) { b.Skip(n) })
		var wanted []string
		for _, w := range all {
			if !slices.ContainsFunc(wanted, func(other string) bool { return strings.HasPrefix(w, other[:n]) }) {
				wanted = append(wanted, w)
			}
		}
		// Each is the first of its kind in the order of the enumeration, which
		// is not that of words.
		if len(found) != len(wanted) {
			t.Errorf("skipping by %d steps: found %v, wanted as many as %v", n, found, wanted)
		}
		for i, w := range found {
			for _, other := range found[:i] {
				if w[:n] == other[:n] {
					t.Errorf("skipping by %d steps: found %s and %s", n, other, w)
				}
			}
		}
	}
}

// Shorten cuts the runs to come, and those that are the same then are one.
func TestShortenCutsTheRunsToCome(t *testing.T) {
	for n := 1; n < 6; n++ {
		b := interleave.NewBounded(99, 99)
		lengths := map[int]int{}
		begins := map[string]bool{}
		enumerated(t, local(t, 3, 3), b, func(out interleave.Outcome) {
			lengths[len(out.Steps)]++
			if w := letters(out)[:n]; begins[w] {
				t.Errorf("shortened to %d: found %s twice", n, w)
			} else {
				begins[w] = true
			}
			b.Shorten(n)
		})
		wanted := map[string]bool{}
		for _, w := range words(3, 3) {
			wanted[w[:n]] = true
		}
		if lengths[6] != 1 || lengths[n] != len(wanted)-1 || !b.Pruned() {
			t.Errorf("shortened to %d: found runs of %v steps, pruned %t, wanted one of 6 and %d of %d", n, lengths, b.Pruned(), len(wanted)-1, n)
		}
	}
}

// Steps of the environment cost no switch: with none a process can be killed
// anywhere, and another then be started.
func TestStepsOfTheEnvironmentAreNoSwitch(t *testing.T) {
	tr := local(t, 2)
	tr.Budget.Kills = 1
	b := interleave.NewBounded(0, 99)
	var found []string
	enumerated(t, tr, b, func(out interleave.Outcome) {
		var w []string
		for _, s := range out.Steps {
			w = append(w, strings.ReplaceAll(s.Head(), " ", "_"))
		}
		found = append(found, strings.Join(w, " "))
	})
	slices.Sort(found)
	wanted := []string{"kill_p0", "p0_inside() kill_p0", "p0_inside() p0_inside()"}
	if !slices.Equal(found, wanted) || b.Pruned() {
		t.Errorf("found %q, pruned %t, wanted %q", found, b.Pruned(), wanted)
	}
}

// The interleavings of this program were counted before: where the check is one
// step there are 204 of two processes and 104,916 of three. These and the other
// counts were counted again by a few lines of Python, over program counters and
// without any of this code.
func TestBoundedCountsWhatOthersCounted(t *testing.T) {
	for _, c := range []struct {
		clients          int
		checks, twoCalls bool
		wanted           int
		long             bool
	}{
		{2, true, false, 204, false},
		{3, true, false, 104_916, true},
		{2, true, true, 290, false},
		{2, false, false, 136, false},
		{3, false, false, 77_316, true},
	} {
		if c.long && testing.Short() {
			continue
		}
		var lines []string
		for i := range c.clients {
			lines = append(lines, fmt.Sprintf("p%d: lock inside inside unlock", i))
		}
		tr := program.Orphaning(c.checks, c.twoCalls).Trial(t, lines...)
		overlaps, most := 0, 0
		found := enumerated(t, tr, interleave.NewBounded(99, 99), func(out interleave.Outcome) {
			most = max(most, len(out.Steps))
			if insideAtOnce(out) {
				overlaps++
			}
		})
		if len(found) != c.wanted {
			t.Errorf("%+v: found %d runs", c, len(found))
		}
		// The bug takes three processes: one that waits on the file that another
		// unlinks, and one that makes a new one.
		if broken := !c.checks && c.clients > 2; (overlaps > 0) != broken {
			t.Errorf("%+v: found %d runs with two inside at once, wanted them %t", c, overlaps, broken)
		}
		t.Logf("%d clients, checks %t: %d runs, %d with two inside at once", c.clients, c.checks, len(found), overlaps)
	}
}

// insideAtOnce reports whether a process took its first step inside between the
// two of another.
func insideAtOnce(out interleave.Outcome) bool {
	inside := ""
	for _, s := range out.Steps {
		switch {
		case s.Call.Op != sys.OpInside:
		case inside == "":
			inside = s.Thread
		case inside == s.Thread:
			inside = ""
		default:
			return true
		}
	}
	return false
}
