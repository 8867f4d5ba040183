package search_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// patterns are schedules and what they show. Only calls on the lock's path
// count, and of several patterns the most telling.
var patterns = []struct {
	about, property string
	schedule        []string
	pattern         search.Pattern
	where           string
}{
	{"nothing", "exclusion", nil, search.Other, ""},
	{
		"who waits on a file locks it when its name is gone", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`,
			`p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`,
			`p0 unlink("l") = 0`, `p0 close(3) = 0`, `p1 flock(3, LOCK_EX) = 0`,
		},
		search.Orphan, "step 6: p1 locked A, from which p0 had taken the name l",
	},
	{
		"who finds a file old takes its name, though it is locked", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX|LOCK_NB) = 0`,
			`p1 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN`,
			`p1 unlink("l") = 0`,
		},
		search.Hijack, "step 5: p1 took the name l from A, which p0 had locked",
	},
	{
		"somebody outside does", "exclusion",
		[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX|LOCK_NB) = 0`, `unlink l (outside)`},
		search.Hijack, "step 3: somebody outside took the name l from A, which p0 had locked",
	},
	{
		"it is no hijack from oneself", "exclusion",
		[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `p0 unlink("l") = 0`},
		search.Other, "",
	},
	{
		"nor from who let go by LOCK_UN", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `p0 flock(3, LOCK_UN) = 0`,
			`p1 unlink("l") = 0`,
		},
		search.Other, "",
	},
	{
		"nor from who let go by close", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `p0 close(3) = 0`,
			`p1 unlink("l") = 0`,
		},
		search.Other, "",
	},
	{
		"nor from the dead", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `kill p0`,
			`p1 unlink("l") = 0`,
		},
		search.Other, "",
	},
	{
		"but the dead do not let go for others", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `kill p1`,
			`p2 unlink("l") = 0`,
		},
		search.Hijack, "step 4: p2 took the name l from A, which p0 had locked",
	},
	{
		"a failing call does nothing", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`,
			`p1 unlink("l") = -1 EACCES (fault)`,
		},
		search.Other, "",
	},
	{
		"a file is created where none was seen, and was there", "exclusion",
		[]string{
			`p0 stat("l") = -1 ENOENT`, `p1 stat("l") = -1 ENOENT`,
			`p0 open("l", O_WRONLY|O_CREAT, 0600) = 3<A>`, `p1 open("l", O_WRONLY|O_CREAT, 0600) = 3<A>`,
		},
		search.Stat, "step 4: p1 created l, which it had seen was not there, and found A",
	},
	{
		"who has seen it there knows", "exclusion",
		[]string{
			`p1 stat("l") = -1 ENOENT`, `p0 open("l", O_WRONLY|O_CREAT, 0600) = 3<A>`,
			`p1 stat("l") = {A, size=0, nlink=1, mtime=@0s}`, `p1 open("l", O_WRONLY|O_CREAT, 0600) = 3<A>`,
		},
		search.Other, "",
	},
	{
		"somebody removes what another has removed", "honesty",
		[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 unlink("l") = 0`, `p0 unlink("l") = -1 ENOENT`},
		search.Lost, "step 3: p0 went to remove l, and somebody else had done so",
	},
	{
		"which explains no double hold", "exclusion",
		[]string{`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 unlink("l") = 0`, `p0 unlink("l") = -1 ENOENT`},
		search.Other, "",
	},
	{
		"an orphan explains no dishonesty", "honesty",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 unlink("l") = 0`, `p0 flock(3, LOCK_EX) = 0`,
		},
		search.Other, "",
	},
	{
		"an orphan tells more than the hijack before it", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_SH) = 0`, `p2 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`,
			`p1 unlink("l") = 0`, `p2 flock(3, LOCK_SH) = 0`,
		},
		search.Orphan, "step 5: p2 locked A, from which p1 had taken the name l",
	},
	{
		"another path is another's affair", "exclusion",
		[]string{
			`p0 open("m", O_RDWR|O_CREAT, 0600) = 3<A>`, `p0 flock(3, LOCK_EX) = 0`, `p1 unlink("m") = 0`,
		},
		search.Other, "",
	},
	{
		"threads of one process share descriptors", "exclusion",
		[]string{
			`p3.a open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 unlink("l") = 0`, `p3.b flock(3, LOCK_EX) = 0`,
		},
		search.Orphan, "step 3: p3.b locked A, from which p1 had taken the name l",
	},
	{
		"processes do not", "exclusion",
		[]string{
			`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 unlink("l") = 0`,
			`p1 open("l", O_RDWR|O_CREAT, 0600) = 3<B>`, `p1 flock(3, LOCK_EX) = 0`,
		},
		search.Other, "",
	},
}

func TestPatternsAreReadOffTheCalls(t *testing.T) {
	tr := &trial.Trial{Clients: []trial.Client{{Proc: 0}, {Proc: 1}, {Proc: 2}, {Proc: 3, Letter: "a"}, {Proc: 3, Letter: "b"}}}
	seen := map[search.Pattern]bool{}
	for _, c := range patterns {
		pattern, where := search.PatternOf(c.property, tr, parsed(t, c.schedule))
		if pattern != c.pattern || where != c.where {
			t.Errorf("%s: found %s, %q, wanted %s, %q", c.about, pattern, where, c.pattern, c.where)
		}
		seen[pattern] = true
	}
	for _, property := range []string{"exclusion", "honesty"} {
		for _, p := range search.Patterns(property) {
			if !seen[p] {
				t.Errorf("found no schedule for %s", p)
			}
		}
	}
}

// parsed reads a schedule.
func parsed(tb testing.TB, lines []string) []trial.Step {
	tb.Helper()
	var steps []trial.Step
	for _, l := range lines {
		s, err := trial.ParseStep(l)
		if err != nil {
			tb.Fatal(err)
		}
		steps = append(steps, s)
	}
	return steps
}
