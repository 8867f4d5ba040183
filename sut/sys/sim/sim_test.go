package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

var p0, p1 = sys.TID{Proc: 0}, sys.TID{Proc: 1}

func boot(t *testing.T, profile string, files ...sys.Entry) *sim.State {
	t.Helper()
	s, err := sim.New(sim.RulesOf(profile), sys.Setup{Procs: 2, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// do carries out a call that is written as in a script, and returns the answer
// as a script has it.
func do(t *testing.T, s *sim.State, id sys.TID, text string) string {
	t.Helper()
	c := call(t, text)
	r, err := s.Do(id, c)
	if err != nil {
		t.Fatal(err)
	}
	return r.Format(c.Op)
}

func call(t *testing.T, text string) sys.Call {
	t.Helper()
	c, err := sys.ParseCall(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// holding returns a kernel in which p0 holds l exclusively and p1 has it open.
func holding(t *testing.T) *sim.State {
	s := boot(t, "ext4", sys.Entry{Name: "l"})
	do(t, s, p0, `open("l", O_RDWR)`)
	do(t, s, p1, `open("l", O_RDWR)`)
	do(t, s, p0, `flock(3, LOCK_EX)`)
	return s
}

func TestOnlyABlockingFlockWaits(t *testing.T) {
	for text, wanted := range map[string]bool{
		`flock(3, LOCK_EX)`:         false,
		`flock(3, LOCK_SH)`:         false,
		`flock(3, LOCK_EX|LOCK_NB)`: true,
		`flock(3, LOCK_UN)`:         true, // even where nothing is held
		`flock(3, 0x3)`:             true, // EINVAL at once
		`flock(9, LOCK_EX)`:         true, // EBADF at once
		`open("l", O_RDWR)`:         true,
		`write(3, "x")`:             true,
	} {
		if found := holding(t).Ready(p1, call(t, text)); found != wanted {
			t.Errorf("%s: ready %v, wanted %v", text, found, wanted)
		}
	}
	s := holding(t)
	if s.Ready(sys.Outside, call(t, `flock(3, LOCK_EX)`)) != true {
		t.Error("the environment has no descriptors to wait for")
	}
}

func TestAConversionIsReadyToBeAskedOnce(t *testing.T) {
	s := boot(t, "ext4", sys.Entry{Name: "l"})
	upgrade := call(t, `flock(3, LOCK_EX)`)
	for _, id := range []sys.TID{p0, p1} {
		do(t, s, id, `open("l", O_RDWR)`)
		do(t, s, id, `flock(3, LOCK_SH)`)
	}
	if !s.Ready(p0, upgrade) {
		t.Fatal("wanted the upgrade ready: asking gives the shared lock up")
	}
	if found := do(t, s, p0, `flock(3, LOCK_EX)`); found != "?" {
		t.Fatalf("found %s, wanted ?", found)
	}
	if s.Ready(p0, upgrade) {
		t.Error("found the upgrade ready while p1 shares")
	}
	do(t, s, p1, `close(3)`)
	if !s.Ready(p0, upgrade) {
		t.Error("found the upgrade not ready, and nobody is in the way")
	}
}

func TestClocksAreAnsweredFromTheStamp(t *testing.T) {
	s := boot(t, "ext4")
	c := sys.Call{Op: sys.OpOlder, Dur: time.Second, At: sys.Instant{Wall: time.Second}}
	if r, err := s.Do(p0, c); err != nil || !r.Yes() {
		t.Errorf("found %v, %v", r, err)
	}
}

func TestWhatNoKernelSees(t *testing.T) {
	s := boot(t, "ext4")
	for _, text := range []string{`inside()`, `go("hb")`, `join(#1)`, `cancelled(1s)`, `sleep(1s)`} {
		if found := do(t, s, p0, text); found != "-1 ENOSYS" {
			t.Errorf("%s: found %s", text, found)
		}
	}
}

func TestTheEnvironmentHasNoDescriptors(t *testing.T) {
	s := boot(t, "ext4", sys.Entry{Name: "l"})
	for text, wanted := range map[string]string{
		`open("l", O_RDWR)`: "-1 ENOSYS",
		`close(3)`:          "-1 EBADF",
		`unlink("l")`:       "0",
		`kill(p7)`:          "-1 ESRCH",
	} {
		if found := do(t, s, sys.Outside, text); found != wanted {
			t.Errorf("%s: found %s, wanted %s", text, found, wanted)
		}
	}
}

func TestAKilledProcessMakesNoCalls(t *testing.T) {
	s := holding(t)
	do(t, s, sys.Outside, `kill(p0)`)
	for _, text := range []string{`stat("l")`, `flock(3, LOCK_UN)`} {
		if found := do(t, s, p0, text); found != "-1 ESRCH" {
			t.Errorf("%s: found %s", text, found)
		}
	}
	if found := do(t, s, sys.Outside, `kill(p0)`); found != "-1 ESRCH" {
		t.Errorf("killed twice: found %s", found)
	}
	if wanted := "l -> {A, size=0, nlink=1, mtime=@0s}\np0 dead\np1 3<A>\n"; s.String() != wanted {
		t.Errorf("found\n%swanted\n%s", s, wanted)
	}
}

// Contents are kept as they are, so a case cannot ask for more than memory has.
func TestAFileThatWouldBeTooLargeEndsTheRun(t *testing.T) {
	s := holding(t)
	if _, err := s.Do(p0, call(t, `ftruncate(3, 9223372036854775807)`)); err == nil {
		t.Error("found no error")
	}
	if found := do(t, s, p0, `ftruncate(3, 1048576)`); found != "0" {
		t.Errorf("found %s", found)
	}
}

// Every link doubles the way: without a count over all of it, looking c40 up
// would take 2^40 steps.
func TestLinksAreCountedOverTheWholeWay(t *testing.T) {
	s := boot(t, "ext4", sys.Entry{Name: "c0", Kind: sys.Directory})
	for i := range 40 {
		from, to := string(rune('a'+i%26))+strings.Repeat("x", i/26), string(rune('a'+(i+1)%26))+strings.Repeat("x", (i+1)/26)
		if i == 0 {
			do(t, s, p0, `symlink(".", "a")`)
		}
		do(t, s, p0, `symlink("`+from+`/`+from+`", "`+to+`")`)
	}
	if found := do(t, s, p0, `stat("ox")`); found != "-1 ELOOP" {
		t.Errorf("found %s, wanted -1 ELOOP", found)
	}
}

func TestStartFilesHaveTheirAges(t *testing.T) {
	s := boot(t, "tmpfs",
		sys.Entry{Name: "d", Kind: sys.Directory, Age: time.Hour},
		sys.Entry{Name: "d/l", Content: "p7", Age: time.Minute})
	wanted := "d -> {A, dir, size=0, nlink=0, mtime=@-3600s}\nd/l -> {B, size=2, nlink=1, mtime=@-60s}\n"
	if s.String() != wanted {
		t.Errorf("found\n%swanted\n%s", s, wanted)
	}
}

func TestStartFilesThatCannotBeMade(t *testing.T) {
	for _, test := range []struct {
		files  []sys.Entry
		wanted string
	}{
		{[]sys.Entry{{Name: "l"}, {Name: "l"}}, "make start file l: file exists"},
		{[]sys.Entry{{Name: "d/l"}}, "make start file d/l: no such file or directory"},
		{[]sys.Entry{{Name: "l"}, {Name: "l/x"}}, "make start file l/x: not a directory"},
		{[]sys.Entry{{Name: ""}}, "make start file : no such file or directory"},
		{[]sys.Entry{{Name: "l/"}}, "make start file l/: no such file or directory"},
	} {
		_, err := sim.New(sim.Rules{}, sys.Setup{Files: test.files})
		if err == nil || err.Error() != test.wanted {
			t.Errorf("found error %v, wanted %s", err, test.wanted)
		}
	}
}

// What one trial leaves, another can start from.
func TestEntriesMakeTheSameFilesAgain(t *testing.T) {
	s := boot(t, "ext4", sys.Entry{Name: "l", Content: "123", Age: 31 * time.Second})
	do(t, s, p0, `mkdir("d", 0700)`)
	do(t, s, p0, `mkdir("d/e", 0700)`)
	do(t, s, p0, `symlink("l", "s")`)
	do(t, s, p0, `renameat2("l", "d/e/l", 0)`) // in a directory that is younger
	do(t, s, p0, `link("d/e/l", "again")`)
	entries := s.Entries(time.Second)
	again := boot(t, "ext4", entries...)
	wanted := `d -> {A, dir, size=0, nlink=0, mtime=@-1s}
s -> {B, symlink, size=1, nlink=1, mtime=@-1s}
again -> {C, size=3, nlink=2, mtime=@-32s}
d/e -> {D, dir, size=0, nlink=0, mtime=@-1s}
d/e/l -> {C, size=3, nlink=2, mtime=@-32s}
`
	if again.String() != wanted {
		t.Errorf("found\n%swanted\n%s", again, wanted)
	}
}

func TestNameTellsWhereADescriptorLeads(t *testing.T) {
	s := holding(t)
	if ino, ok := s.Name(p0, 3); !ok || ino.String() != "A" {
		t.Errorf("found %s, %v", ino, ok)
	}
	for _, fd := range []int{-1, 0, 2, 4, 99} {
		if ino, ok := s.Name(p0, fd); ok {
			t.Errorf("descriptor %d: found %s", fd, ino)
		}
	}
}

func TestMachinesFollowTheirFileSystem(t *testing.T) {
	for profile, magic := range map[string]string{"ext4": "0xef53", "tmpfs": "0x1021994", "zfs": "0x1021994"} {
		m := sim.Machine{Rules: sim.RulesOf(profile)}
		k, err := m.Boot(sys.Setup{Procs: 1})
		if err != nil || m.Profile() != profile || m.Close() != nil {
			t.Fatalf("found profile %s, %v", m.Profile(), err)
		}
		r, err := k.Do(p0, call(t, `statfs(".")`))
		if found := r.Format(sys.OpStatfs); err != nil || found != magic {
			t.Errorf("%s: found %s, %v, wanted %s", profile, found, err, magic)
		}
	}
}
