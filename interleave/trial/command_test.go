package trial_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

func TestACommandIsWrittenAsItWasRead(t *testing.T) {
	for text, words := range map[string][]string{
		`flock {lock} true`:                      {"flock", "{lock}", "true"},
		`sh -c "echo \"a b\"; exec 9>{lock}" ""`: {"sh", "-c", `echo "a b"; exec 9>{lock}`, ""},
		`é "two\nlines"`:                         {"é", "two\nlines"},
	} {
		c, err := trial.ParseCommand(text)
		if err != nil || !slices.Equal(c, words) || c.String() != text {
			t.Errorf("%s: found %q, %v, written %s", text, c, err, c)
		}
	}
	for _, text := range []string{"", "   ", `sh "open`} {
		if c, err := trial.ParseCommand(text); err == nil {
			t.Errorf("%q: found %q, wanted an error", text, c)
		}
	}
}

func TestNamesInACommandStandForTheTrials(t *testing.T) {
	c := trial.Command{"lock", "{lock}", "--id={id}", "{dir}/{id}", "{other}"}
	if found := c.In("/d", 3).String(); found != "lock /d/l --id=3 /d/3 {other}" {
		t.Errorf("found %s", found)
	}
}

const ofPrograms = `ghostlock case 1
# two of them
-- actors --
p0: flock {lock} true
p1: sh -c "exec 9>{lock}"
-- kernel --
any
-- start --
l age=31s
-- environment --
kills=1
-- schedule --
p0 open("l", O_RDONLY|O_CREAT|0x100, 0666) = 3<A>
p1 access("l", 4) = 0
p1 dup2(3, 9) = 9
kill p0
p1 getdents(3) = -1 EACCES
-- verdict --
exclusion holds
`

func TestACaseOfProgramsIsWrittenAsItWasRead(t *testing.T) {
	c, err := trial.ParseCase("x.txt", []byte(ofPrograms))
	if err != nil {
		t.Fatal(err)
	}
	if found := string(c.Format()); found != ofPrograms {
		t.Errorf("found\n%swanted\n%s", found, ofPrograms)
	}
	if !c.Trial.Programs() || c.Trial.Clients[1].Program[2] != "exec 9>{lock}" {
		t.Errorf("found the clients %+v", c.Trial.Clients)
	}
}

func TestABadCaseOfProgramsIsAnsweredWithItsLine(t *testing.T) {
	for _, test := range []struct{ old, bad, wanted string }{
		{"p1: sh", "p7: sh", `x.txt:5: found actor "p7", wanted p1`},
		{`"exec 9>{lock}"`, `"exec`, `x.txt:5: found "\"exec", wanted a closing quote`},
		{`p1: sh -c "exec 9>{lock}"`, `p1:  sh`, `x.txt:5: found " sh", wanted it written "sh"`},
		{`access("l", 4)`, `Access("l")`, `x.txt:14: step 2: found call "Access", wanted a name such as access`},
		{`access("l", 4) = 0`, `access("l", 4) = yes`, `x.txt:14: step 2: `},
		{"kills=1", "errors=1", "x.txt: found errors=1 for programs, wanted 0"},
		{"-- environment --\n", "-- workload --\np0: lock\n-- environment --\n", `x.txt:10: found section "workload", wanted section "environment"`},
		{"p0: flock {lock} true\np1: sh -c \"exec 9>{lock}\"\n", "", "x.txt: found an empty section actors"},
	} {
		text := strings.Replace(ofPrograms, test.old, test.bad, 1)
		if _, err := trial.ParseCase("x.txt", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), test.wanted) {
			t.Errorf("%s: found %v, wanted %s", test.bad, err, test.wanted)
		}
	}
}

// A name that is no call's is an error in a lock's case: there it is a typing
// mistake.
func TestOnlyProgramsMakeCallsThatNobodyKnows(t *testing.T) {
	text := strings.Replace(readGolden(t), " close(", " clos(", 1)
	if _, err := trial.ParseCase(golden, []byte(text)); err == nil || !strings.Contains(err.Error(), `found call "clos"`) {
		t.Errorf("found %v", err)
	}
}
