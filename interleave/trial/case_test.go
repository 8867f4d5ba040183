package trial_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

const golden = "testdata/posixage-v1.txt"

func readGolden(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestACaseIsWrittenAsItWasRead(t *testing.T) {
	text := readGolden(t)
	c, err := trial.ParseCase(golden, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if found := string(c.Format()); found != text {
		t.Errorf("found\n%swanted\n%s", found, text)
	}
}

func TestACaseHasItsParts(t *testing.T) {
	c, err := trial.ParseCase(golden, []byte(readGolden(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ what, found, wanted any }{
		{"comment", c.Comment, "posixage-v1: p0 removes the stale file that p1 has open.\n\nBoth hold l at once."},
		{"lock", c.Trial.Lock.Name, "posixage-v1"},
		{"stale", c.Trial.Config.Stale, 30 * time.Second},
		{"profile", c.Profile, "ext4"},
		{"start files", fmt.Sprintf("%q", c.Trial.Start), fmt.Sprintf("%q", []sys.Entry{
			{Name: "d", Kind: sys.Directory, Age: time.Hour},
			{Name: "l", Content: "say \"p7\",\n-- verdict --", Age: 31 * time.Second},
		})},
		{"clients", strings.Join(c.Trial.Names(), " "), "p0 p1.a p1.b"},
		{"budget", c.Trial.Budget, trial.Budget{Kills: 1, Pauses: 1, Jumps: 1, Errors: 1, Unlinks: 1}},
		{"steps", len(c.Steps), 21},
		{"step 11", c.Steps[10].String(), `p0 unlink("l") = -1 EACCES (fault)`},
		{"line of step 1", c.Pos(0), golden + ":19"},
		{"line of step 21", c.Pos(20), golden + ":39"},
		{"verdict", c.Verdict, trial.Verdict{Property: "exclusion", Verdict: model.Violated, Why: "p0 and p1.a: both hold l after step 21"}},
	} {
		if test.found != test.wanted {
			t.Errorf("%s: found %v, wanted %v", test.what, test.found, test.wanted)
		}
	}
	if made := (&trial.Case{Name: "made"}).Pos(3); made != "made" {
		t.Errorf("found position %s of a step of no file", made)
	}
}

// Each edit of the golden case is refused, and the error says where and why.
func TestParsingIsStrict(t *testing.T) {
	const at = golden + ":"
	for _, test := range []struct{ old, new, wanted string }{
		// The first line and the comment.
		{"ghostlock case 1", "ghostlock case 2", at + "1: found case version 2, wanted at most 1: it was written by a newer ghostlock"},
		{"ghostlock case 1", "ghostlock case 0", at + `1: found "ghostlock case 0", wanted "ghostlock case 1"`},
		{"ghostlock case 1", "ghostlock case", at + `1: found "ghostlock case", wanted "ghostlock case 1"`},
		{"ghostlock case 1\n", "", at + `1: found "# posixage-v1: p0 removes the stale file that p1 has open.", wanted "ghostlock case 1"`},
		{"# posixage", "posixage", at + `2: found "posixage-v1: p0 removes the stale file that p1 has open.", wanted a comment or a section such as -- schedule --`},
		{"# Both hold", "\n# Both hold", at + `4: found "", wanted a comment or a section such as -- schedule --`},
		// Sections.
		{"-- lock --\n", "-- lokc --\n", at + `5: found section "lokc", wanted section "lock"`},
		{"-- start --\n", "-- start --\n-- start --\n", at + `10: found section "start", wanted section "workload"`},
		{"-- kernel --\next4\n-- start --", "-- start --\n-- kernel --\next4", at + `7: found section "start", wanted section "kernel"`},
		{"-- verdict --\nexcl", "excl", at + `40: step 22: found "exclusion violated: p0 and p1.a: both hold l after step 21", wanted a step`},
		{"step 21\n", "step 21\n-- more --\n", at + `42: found section "more", wanted no more sections`},
		{"posixage-v1 stale=30s poll=10ms pollmax=100ms\n", "", at[:len(at)-1] + `: found an empty section lock, kernel or verdict, wanted one line in each`},
		{"exclusion violated: p0 and p1.a: both hold l after step 21\n", "\n", at[:len(at)-1] + `: found an empty section lock, kernel or verdict, wanted one line in each`},
		// The lock and the kernel.
		{"-v1 stale", "-v3 stale", at + `6: found lock "posixage-v3", wanted one of posixage-v0, posixage-v1, posixage-v2`},
		{"=100ms\n", "=100ms\nctx-v0\n", at + `7: found a second lock, wanted one line`},
		{"stale=30s", "stael=30s", at + `6: found setting "stael", wanted one of stale, poll, pollmax`},
		{"stale=30s", "stale=0s", at + `6: found "stale=0s", wanted a duration above 0 such as stale=30s`},
		{"\next4\n", "\next4 xfs\n", at + `8: found "ext4 xfs", wanted one file system such as ext4, or any`},
		{"\next4\n", "\next4\nxfs\n", at + `9: found "xfs", wanted one file system such as ext4, or any`},
		// The start.
		{"d/ age=3600s", "d/ age=1h", at + `10: found "d/ age=1h", wanted a file such as: l age=31s content="123"`},
		{"d/ age=3600s", "d/", at + `10: found "d/", wanted a file such as`},
		{"d/ age=3600s", "/ age=3600s", at + `10: found "/ age=3600s", wanted a file such as`},
		{`content="say`, `contents="say`, at + `11: found `},
		// The workload.
		{"p0: lock", "p0 lock", at + `13: found client "p0 lock inside unlock`},
		{"p0: lock", "p00: lock", at + `13: found client "p00", wanted one such as p0, p1 or p1.a, a colon and its workload`},
		{"p0: lock", "p26: lock", at + `13: found client "p26", wanted`},
		{"p0: lock", "p-1: lock", at + `13: found client "p-1", wanted`},
		{"p1.a: rlock", "p1.ab: rlock", at + `14: found client "p1.ab", wanted`},
		{"p1.a: rlock", "p1.A: rlock", at + `14: found client "p1.A", wanted`},
		{"p1.a: rlock", "p1.b: rlock", golden + `: found client p1.b twice`},
		{"p1.a: rlock", "p1: rlock", golden + `: found clients p1 and p1.b, wanted letters for both as they share a process`},
		{"p0: lock", "p2: lock", golden + `: found a client in p2 and none in p0`},
		{"p1.a: rlock inside", "p1.a: rlock", at + `14: found unlock right after the acquire, wanted inside or work between them`},
		{"p1.a: rlock inside", "p1.a: rlock daemon", golden + `: workload of p1.a: found daemon, wanted the client alone in its process: the others would end`},
		{"kill p1\n", "kill p2\n", at + `38: step 20: found process p2, wanted p0 to p1`},
		{"p1.a: rlock inside", "p1.a: rlock insied", at + `14: found "insied", wanted one of lock, trylock, rlock, tryrlock, unlock, upgrade, downgrade, inside, read, write, work, rest, visit, clean, fork, spawn, forkunlock, daemon`},
		{"p0: lock inside unlock rest 1s trylock work 31s unlock\np1.a: rlock inside unlock\np1.b: tryrlock inside unlock\n", "", golden + `: found 0 clients, wanted 1 to 26`},
		// The environment.
		{"kills=1 ", "kill=1 ", at + `17: found "kill=1", wanted each of kills, pauses, jumps, errors, unlinks, walls at most once, as in kills=1`},
		{"kills=1 pauses=1", "kills=1\npauses=1", at + `18: found "pauses=1 jumps=1 errors=1 unlinks=1", wanted one line`},
		{"kills=1", "kills=100", at + `17: found kills=100, wanted 0 to 99`},
		{" unlinks=1", " unlinks=1 skew=60s", at + `17: found skew=60s, wanted how far the file server's clock is ahead, as in skew=+60s, at the line's end`},
		{" unlinks=1", " unlinks=1 skew=+1m", at + `17: found skew=+1m, wanted`},
		{" unlinks=1", " unlinks=1 skew=0s", at + `17: found skew=0s, wanted`},
		{" unlinks=1", " unlinks=1 skew=-90000s", golden + `: found skew=-90000s, wanted at most a day`},
		{"jumps=1", "skew=+60s jumps=1", at + `17: found skew=+60s jumps=1 errors=1 unlinks=1, wanted`},
		// The schedule.
		{"p0 inside() = 0", "p0 inside()", at + `39: step 21: found "p0 inside()", wanted a step such as: p0 close(3) = 0`},
		{"p0 inside() = 0", "p0  inside() = 0", at + `39: step 21: found call " inside", wanted one of open`},
		{"p0 inside() = 0", "p2 inside() = 0", at + `39: step 21: found thread p2, wanted p0, p1.a, p1.b or a thread that one of them started`},
		{"p0 inside() = 0", "p1 inside() = 0", at + `39: step 21: found thread p1, wanted p0, p1.a, p1.b or a thread that one of them started`},
		{"p0 inside() = 0", "p01 inside() = 0", at + `39: step 21: found thread p01, wanted`},
		{"p0 inside() = 0", "p0 inside() = 1", at + `39: step 21: inside = 1: wanted 0 or an error`},
		{"p0 inside() = 0", "p0 inside() = 0 ", at + `39: step 21: inside = 0 : wanted 0 or an error`},
		{"kill p1", "kill p2", at + `38: step 20: found process p2, wanted p0 to p1`},
		{"pause p1", "pause p7", at + `26: step 8: found process p7, wanted p0 to p1`},
		{"resume p1", "resume p7", at + `30: step 12: found process p7, wanted p0 to p1`},
		{"kill p1", "kill p-1", at + `38: step 20: found "p-1", wanted a process such as p0`},
		{"kill p1", "kill p01", at + `38: step 20: found "kill p01", wanted it written "kill p1"`},
		{"time +10ms", "time -10ms", at + `35: step 17: found "-10ms", wanted a duration such as +30s`},
		{"time +10ms", "time 10ms", at + `35: step 17: found "time 10ms", wanted it written "time +10ms"`},
		{"unlink l (", "unlink m (", at + `31: step 13: found "unlink m (outside)", wanted it written "unlink l (outside)"`},
		// More than the environment allows.
		{"kills=1 ", "", at + `38: step 20: found "kill p1", but the environment allows only pauses=1 jumps=1 errors=1 unlinks=1`},
		{"pauses=1 ", "", at + `26: step 8: found "pause p1", but the environment allows only`},
		{"jumps=1 ", "", at + `27: step 9: found "jump +60s", but the environment allows only`},
		{"errors=1 ", "", at + `29: step 11: found "p0 unlink(\"l\") = -1 EACCES (fault)", but the environment allows only`},
		{"jump +60s", "wall +60s", at + `27: step 9: found "wall +60s", but the environment allows only`},
		{" unlinks=1", "", at + `31: step 13: found "unlink l (outside)", but the environment allows only`},
		{"kill p1\n", "kill p1\nkill p0\n", at + `39: step 21: found "kill p0", but the environment allows only kills=1`},
		// The verdict.
		{"exclusion violated", "exclusion broken", at + `41: found "exclusion broken: p0 and p1.a: both hold l after step 21", wanted one verdict such as: exclusion violated: p0 and p1 both hold the lock`},
		{"exclusion violated", "violated", at + `41: found "violated: `},
		{"after step 21\n", "after step 21\nhonesty holds\n", at + `42: found "honesty holds", wanted one verdict such as`},
		{"after step 21\n", "after step 21\ngarbage\n", at + `42: found "garbage", wanted one verdict such as`},
	} {
		text := readGolden(t)
		if strings.Count(text, test.old) == 0 {
			t.Fatalf("the golden case has no %q", test.old)
		}
		text = strings.Replace(text, test.old, test.new, 1)
		_, err := trial.ParseCase(golden, []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), test.wanted) {
			t.Errorf("%q in place of %q:\nfound error %v\nwanted      %s", test.new, test.old, err, test.wanted)
		}
	}
}

var sectionNames = []string{"lock", "kernel", "start", "workload", "environment", "schedule", "verdict"}

func TestEverySectionIsThereOnceAndInItsPlace(t *testing.T) {
	text := readGolden(t)
	for i, name := range sectionNames {
		marker := "-- " + name + " --\n"
		begin := strings.LastIndex(text, marker) // start's content has one too
		if name != "verdict" {
			begin = strings.Index(text, marker)
		}
		end := len(text)
		if i+1 < len(sectionNames) {
			end = begin + strings.Index(text[begin:], "\n-- "+sectionNames[i+1]+" --\n") + 1
		}
		section := text[begin:end]
		next, after := "the file's end", "no more sections"
		if i+1 < len(sectionNames) {
			next = `section "` + sectionNames[i+1] + `"`
			after = next
		}
		for edited, wanted := range map[string]string{
			text[:begin] + text[end:]:                                               fmt.Sprintf(`found %s, wanted section %q`, next, name),
			text[:begin] + section + section + text[end:]:                           fmt.Sprintf(`found section %q, wanted %s`, name, after),
			text[:begin] + strings.Replace(section, name, name+"s", 1) + text[end:]: fmt.Sprintf(`found section %q, wanted section %q`, name+"s", name),
		} {
			_, err := trial.ParseCase("x", []byte(edited))
			if err == nil || !strings.HasPrefix(err.Error(), "x:") || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%s: found error %v, wanted %s", name, err, wanted)
			}
		}
	}
}

func TestWhatIsNoCaseAtAll(t *testing.T) {
	for _, test := range []struct{ text, wanted string }{
		{"", "x: found an empty file, wanted a case"},
		{"\x7fELF\x02\x01\x01\x00", "x: found binary data, wanted a case"},
		{"ghostlock case 1\n\xff", "x: found binary data, wanted a case"},
		{strings.Repeat("x", trial.MaxCase+1), "x: found 1048577 bytes, wanted a case of at most 1048576"},
		{strings.Repeat("x", trial.MaxCase), `x:1: found "` + strings.Repeat("x", 60) + `", wanted "ghostlock case 1"`},
		{"hello\n", `x:1: found "hello", wanted "ghostlock case 1"`},
		{"ghostlock case 1\n", `x:2: found the file's end, wanted section "lock", or "actors" for programs`},
		{strings.ReplaceAll(readGolden(t), "\n", "\r\n"), `x:1: found "ghostlock case 1\r", wanted "ghostlock case 1"`},
		{"ghostlock case 1\n-- lock --\n \t\n", `x:4: found the file's end, wanted section "kernel"`},
	} {
		if _, err := trial.ParseCase("x", []byte(test.text)); err == nil || err.Error() != test.wanted {
			t.Errorf("%.40q: found error %.200v, wanted %s", test.text, err, test.wanted)
		}
	}
}

// A file that was cut off is an error that names it, until only the last line
// of the last section is short.
func TestATruncatedCaseIsNoCase(t *testing.T) {
	text := readGolden(t)
	verdict := strings.Index(text, "exclusion violated")
	for n := range len(text) {
		_, err := trial.ParseCase("some/file", []byte(text[:n]))
		switch {
		case err == nil && n < verdict+len("exclusion violated"):
			t.Errorf("the first %d bytes are read as a case", n)
		case err != nil && !strings.HasPrefix(err.Error(), "some/file:"):
			t.Errorf("the first %d bytes: found error %v, wanted one that begins with the file's name", n, err)
		}
	}
}

func TestReplayCountsEmptyLines(t *testing.T) {
	text := strings.Replace(readGolden(t), "kill p1\n", "\n\nkill p1\n", 1)
	c, err := trial.ParseCase("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if found := c.Pos(20); found != "x:41" {
		t.Errorf("found the last step at %s, wanted x:41", found)
	}
}
