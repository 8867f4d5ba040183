package sim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// told returns the state after the script, and when it ends. A script is lines
// of "p0 call", "outside call" and "+time".
func told(t *testing.T, profile, script string) (*sim.State, time.Duration) {
	t.Helper()
	s := boot(t, profile, sys.Entry{Name: "f", Content: "xyz", Age: time.Minute})
	now := time.Duration(0)
	for _, line := range strings.Split(script, ";") {
		line = strings.TrimSpace(line)
		if by, ok := strings.CutPrefix(line, "+"); ok {
			d, err := time.ParseDuration(by)
			if err != nil {
				t.Fatal(err)
			}
			now += d
			continue
		}
		who, text, _ := strings.Cut(line, " ")
		id, ok := map[string]sys.TID{"p0": p0, "p1": p1, "outside": sys.Outside}[who]
		if line == "" {
			continue
		}
		c := call(t, text)
		c.At = sys.Instant{Wall: now, Mono: now}
		if r, err := s.Do(id, c); !ok || err != nil || r.Err != 0 {
			t.Fatalf("%s: found %v, %v", line, r.Err, err)
		}
	}
	return s, now
}

// What sets states apart and what does not. The scripts lead to states that
// differ in one thing, which some forms mind and others do not.
func TestWhatStatesAreToldApartBy(t *testing.T) {
	const (
		here    = "p0 open(\"f\", O_RDWR);"
		two     = "p0 open(\"a\", O_RDWR|O_CREAT, 0600); p1 open(\"b\", O_RDWR|O_CREAT, 0600);"
		twoBack = "p1 open(\"b\", O_RDWR|O_CREAT, 0600); p0 open(\"a\", O_RDWR|O_CREAT, 0600);"
		gone    = "p0 open(\"x\", O_RDWR|O_CREAT, 0600); outside unlink(\"x\"); p0 close(3);"
		made    = "p0 open(\"a\", O_RDWR|O_CREAT, 0600);"
	)
	numbers, old := sim.Form{Numbers: true}, sim.Form{Oldest: 90 * time.Second}
	for _, test := range []struct {
		what, profile, one, other string
		form                      sim.Form
		alike                     bool
	}{
		{"nothing", "ext4", here, here, numbers, true},
		{"who opened first", "ext4", here + "p1 open(\"f\", O_RDWR)", "p1 open(\"f\", O_RDWR);" + here, numbers, true},
		{"a descriptor that is closed", "ext4", here, here + "p0 open(\"f\", O_RDWR); p0 close(4)", numbers, true},
		{"the number of a descriptor", "ext4", here, "p0 open(\"f\", O_RDWR);" + here + "p0 close(3)", numbers, false},
		{"who has a descriptor", "ext4", here, "p1 open(\"f\", O_RDWR)", numbers, false},
		{"one description or two", "ext4", here + "p0 dup(3)", here + here, numbers, false},
		{"what it was opened for", "ext4", here, "p0 open(\"f\", O_RDONLY)", numbers, false},
		{"appending", "ext4", here, "p0 open(\"f\", O_RDWR|O_APPEND)", numbers, false},
		{"closing at exec", "ext4", here, "p0 open(\"f\", O_RDWR|O_CLOEXEC)", numbers, false},
		{"how it was made", "ext4", made, "p0 open(\"a\", O_RDWR|O_CREAT|O_EXCL, 0600)", numbers, true},
		{"the offset", "ext4", here, here + "p0 read(3)", numbers, false},
		{"a lock", "ext4", here, here + "p0 flock(3, LOCK_SH)", numbers, false},
		{"the mode of a lock", "ext4", here + "p0 flock(3, LOCK_EX)", here + "p0 flock(3, LOCK_SH)", numbers, false},
		{"a lock that was given up", "ext4", here, here + "p0 flock(3, LOCK_EX); p0 flock(3, LOCK_UN)", numbers, true},
		{"dead or idle", "ext4", "", "outside kill(p0)", numbers, false},
		{"how it died", "ext4", here + "outside kill(p0)", "p0 exit()", numbers, true},

		{"what is in memory", "ext4", "", "p0 swap(\"c\", \"1\")", numbers, false},
		{"the text in memory", "ext4", "p0 swap(\"c\", \"2\")", "p0 swap(\"c\", \"1\")", numbers, false},
		{"where in memory", "ext4", "p0 swap(\"d\", \"1\")", "p0 swap(\"c\", \"1\")", numbers, false},
		{"whose memory", "ext4", "p0 swap(\"c\", \"1\")", "p1 swap(\"c\", \"1\")", numbers, false},
		{"memory that is empty again", "ext4", "", "p0 swap(\"c\", \"1\"); p0 swap(\"c\", \"\")", numbers, true},
		{"what came first into memory", "ext4", "p0 swap(\"c\", \"1\"); p0 swap(\"b\", \"1\")", "p0 swap(\"b\", \"1\"); p0 swap(\"c\", \"1\")", numbers, true},
		{"a mutex", "ext4", "", "p0 mutex_lock(\"m\")", numbers, false},
		{"a mutex that is free again", "ext4", "", "p0 mutex_lock(\"m\"); p0 mutex_unlock(\"m\")", numbers, true},
		{"a descriptor in memory", "ext4", here, here + "p0 put(\"c\", 3)", numbers, false},
		{"which descriptor is in memory", "ext4", here + "p0 put(\"c\", 4)", here + "p0 put(\"c\", 3)", numbers, false},
		{"a descriptor that is in memory no more", "ext4", here, here + "p0 put(\"c\", 3); p0 put(\"c\", 0)", numbers, true},
		{"memory that a program left behind", "ext4", "", "p0 swap(\"c\", \"1\"); p0 exec()", numbers, true},

		{"content", "ext4", here + "p0 ftruncate(3, 1)", here + "p0 ftruncate(3, 2)", numbers, false},
		{"a name", "ext4", "", "outside link(\"f\", \"g\")", numbers, false},
		{"which name", "ext4", "outside renameat2(\"f\", \"g\", 0)", "outside renameat2(\"f\", \"h\", 0)", numbers, false},
		{"the order of names", "ext4", "outside link(\"f\", \"g\"); outside link(\"f\", \"h\")", "outside link(\"f\", \"h\"); outside link(\"f\", \"g\")", numbers, true},
		{"a kind", "ext4", "outside symlink(\"f\", \"g\")", "outside mkdir(\"g\", 0700)", numbers, false},
		{"where a link leads", "ext4", "outside symlink(\"f\", \"g\")", "outside symlink(\"h\", \"g\")", numbers, false},
		{"in which directory", "ext4", "outside mkdir(\"d\", 0700); outside mkdir(\"e\", 0700); outside mkdir(\"d/x\", 0700)",
			"outside mkdir(\"d\", 0700); outside mkdir(\"e\", 0700); outside mkdir(\"e/x\", 0700)", numbers, false},

		{"numbers that nobody compares", "ext4", two, twoBack, sim.Form{}, true},
		{"numbers that are compared", "ext4", two, twoBack, numbers, false},
		{"numbers that are compared", "tmpfs", two, twoBack, numbers, false},
		{"a number that was used", "ext4", "", gone, numbers, true},
		{"a number that is not used again", "tmpfs", made, gone + made, numbers, true},
		{"a number that is free", "ext4", made, "outside mkdir(\"x\", 0700);" + made + "outside rmdir(\"x\")", numbers, false},
		{"a number that is free and nobody compares", "ext4", made, "outside mkdir(\"x\", 0700);" + made + "outside rmdir(\"x\")", sim.Form{}, true},
		{"a new file with an old one's number", "ext4", "outside unlink(\"f\"); outside mkdir(\"a\", 0700)",
			here + "outside unlink(\"f\"); outside mkdir(\"a\", 0700); p0 close(3)", numbers, false},
		{"a new file with an old one's number that nobody compares", "ext4", "outside unlink(\"f\"); outside mkdir(\"a\", 0700)",
			here + "outside unlink(\"f\"); outside mkdir(\"a\", 0700); p0 close(3)", sim.Form{}, true},

		{"an age", "ext4", here + "p0 ftruncate(3, 3); +29s", here + "p0 ftruncate(3, 3); +28s", old, false},
		{"an age beyond all that matter", "ext4", "+30s", "+31s", old, true},
		{"the age at which it begins to matter", "ext4", "+29s", "+30s", old, false},
		{"an age that nobody asks for", "ext4", "", "+29s", sim.Form{}, true},
		{"the hour", "ext4", here + "p0 ftruncate(3, 3)", here + "+1h; p0 ftruncate(3, 3)", old, true},
		{"the age of a directory", "ext4", "outside mkdir(\"d\", 0700)", "outside mkdir(\"d\", 0700); +1s", sim.Form{Oldest: old.Oldest, Directories: true}, false},
		{"the age of a directory that nobody looks at", "ext4", "outside unlink(\"f\")", "+1s; outside unlink(\"f\"); +7s", old, true},
	} {
		a, b := written(t, test.profile, test.one, test.form), written(t, test.profile, test.other, test.form)
		if bytes.Equal(a, b) != test.alike {
			t.Errorf("%s: found %x and %x, wanted them alike: %t", test.what, a, b, test.alike)
		}
	}
}

func written(t *testing.T, profile, script string, f sim.Form) []byte {
	t.Helper()
	s, now := told(t, profile, script)
	f.Order, f.Now = []int{0, 1}, now
	return s.Append(nil, &f)
}

// A number that lock code still has keeps its place although the file is gone:
// else another could come to be taken for it, or no longer be.
func TestARememberedNumberKeepsItsPlace(t *testing.T) {
	for _, profile := range []string{"ext4", "tmpfs"} {
		script := `p0 open("a", O_RDWR|O_CREAT, 0600); p1 open("b", O_RDWR|O_CREAT, 0600); outside unlink("a"); p0 close(3)`
		s, _ := told(t, profile, script)
		f := sim.Form{Order: []int{0, 1}, Numbers: true, Remembered: []int{2}} // a, behind the directory and f
		s.Read(s.Append(nil, &f), &f)
		if f.Inode[2] != 2 || f.Inode[3] != 3 {
			t.Errorf("%s: found a and b written as %d and %d, wanted 2 and 3", profile, f.Inode[2], f.Inode[3])
		}
		do(t, s, p0, `open("c", O_RDWR|O_CREAT, 0600)`)
		if ino, _ := s.Name(p0, 3); (ino.Num == 2) != (profile == "ext4") {
			t.Errorf("%s: found the next file as number %d", profile, ino.Num)
		}
		f.Remembered = nil
		s, _ = told(t, profile, script)
		if s.Append(nil, &f); f.Inode[2] >= 0 != (profile == "ext4") {
			t.Errorf("%s: found a written as %d, and nobody remembers it", profile, f.Inode[2])
		}
	}
}

// Processes are put in an order by what they have; where they have the same,
// whoever they are, they are written the same.
func TestAProcessIsWrittenByWhatItHas(t *testing.T) {
	nothing := `p0 open("f", O_RDWR)`
	for _, test := range []struct{ one, other string }{
		{nothing, `p0 open("f", O_RDONLY)`},
		{nothing, `p0 open("f", O_RDWR|O_CLOEXEC)`},
		{nothing, `p0 open("f", O_RDWR); p0 flock(3, LOCK_EX)`},
		{nothing, `p0 open("f", O_RDWR); p0 read(3)`},
		{nothing, `p0 open("f", O_RDWR); p0 dup(3)`},
		{nothing, `p0 open("g", O_RDWR|O_CREAT, 0600)`},
		{nothing, `p0 open("f", O_RDWR); outside unlink("f")`},
		{nothing, `p0 exit()`},
		{nothing, nothing + `; p0 swap("c", "1")`},
		{nothing + `; p0 put("c", 3)`, nothing + `; p0 put("d", 3)`},
		{nothing, ``},
		{``, `p0 exit()`},
	} {
		a, _ := told(t, "ext4", test.one)
		b, _ := told(t, "ext4", test.other)
		f := sim.Form{Order: []int{0, 1}}
		if one, other := a.AppendProc(nil, 0, &f), b.AppendProc(nil, 0, &f); bytes.Equal(one, other) {
			t.Errorf("found p0 written as %x after %q and after %q", one, test.one, test.other)
		}
		c, _ := told(t, "ext4", strings.ReplaceAll(test.one, "p0", "p1"))
		if one, same := a.AppendProc(nil, 0, &f), c.AppendProc(nil, 1, &f); !bytes.Equal(one, same) {
			t.Errorf("found p1 written as %x, wanted %x as p0 is, after %q", same, one, test.one)
		}
	}
}

func TestAges(t *testing.T) {
	for _, age := range []time.Duration{0, 1, -1, time.Second, -time.Hour, 29 * time.Second, 30*time.Second - 1} {
		b := append(sim.AppendAge(nil, age, 30*time.Second), "rest"...)
		if found, rest := sim.ReadAge(b, 30*time.Second); found != age || string(rest) != "rest" {
			t.Errorf("%v: found %v and %q", age, found, rest)
		}
	}
	for _, age := range []time.Duration{30 * time.Second, time.Hour} {
		if found, _ := sim.ReadAge(sim.AppendAge(nil, age, 30*time.Second), 30*time.Second); found != 30*time.Second {
			t.Errorf("%v: found %v, wanted the oldest", age, found)
		}
	}
}
