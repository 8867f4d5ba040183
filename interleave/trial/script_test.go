package trial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

const script = `# p1 waits for p0.
-- kernel --
ext4
-- start --
l age=31s
-- schedule --
p0 open("l", O_RDWR) = 3<A>
p1 open("l", O_RDWR) = 3<A>
p0 flock(3, LOCK_EX) = 0
p1 flock(3, LOCK_EX) = ?
p1 flock(3, LOCK_EX) = ?
p1.hb stat("l") = {A, size=0, nlink=1, mtime=@-31s}
time +1s
p0 write(3, "x") = 1
p0 fstat(3) = {A, size=1, nlink=1, mtime=@1s}
kill p0
p1 flock(3, LOCK_EX) = 0
unlink l (outside)
-- state --
(unlinked) -> A
p0 dead
p1 3<A> LOCK_EX
`

func run(text string, boot func(sys.Setup) (sys.Kernel, error)) error {
	s, err := trial.ParseScript("x", []byte(text))
	if err != nil {
		return err
	}
	return s.Run(boot)
}

var inMemory = sim.Machine{Rules: sim.RulesOf("ext4")}.Boot

func TestAScriptRunsToItsEnd(t *testing.T) {
	s, err := trial.ParseScript("x", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	if s.Comment != "p1 waits for p0." || s.Profile != "ext4" || len(s.Start) != 1 || len(s.Steps) != 12 {
		t.Errorf("found %+v", s)
	}
	if err := s.Run(inMemory); err != nil {
		t.Error(err)
	}
	bare, err := trial.ParseScript("x", []byte("-- schedule --\np0 close(3) = -1 EBADF\n"))
	if err != nil || bare.Profile != "any" || bare.Run(inMemory) != nil {
		t.Errorf("found %+v, %v", bare, err)
	}
}

// What the runner must not let pass.
func TestScriptsCanFail(t *testing.T) {
	for _, test := range []struct{ old, new, wanted string }{
		{"p0 flock(3, LOCK_EX) = 0", "p0 flock(3, LOCK_EX) = -1 EBADF", "x:9: flock(3, LOCK_EX): found 0, wanted -1 EBADF"},
		{"p1 flock(3, LOCK_EX) = ?", "p1 flock(3, LOCK_EX) = 0", "x:10: flock(3, LOCK_EX): found ?, wanted 0"},
		{"kill p0\n", "p0 close(3) = 0\np1 flock(3, LOCK_EX) = ?\n", "x:17: flock(3, LOCK_EX): found 0, wanted ?"},
		{"time +1s", "p1 close(3) = 0", `x:13: found "p1 close(3)", but p1 waits in flock(3, LOCK_EX)`},
		{"mtime=@1s", "mtime=@2s", "x:15: fstat(3): found {A, size=1, nlink=1, mtime=@1s}, wanted {A, size=1, nlink=1, mtime=@2s}"},
		{"age=31s", "age=32s", "x:12: stat(\"l\"): found {A, size=0, nlink=1, mtime=@-32s}"},
		{"kill p0\n", "kill p0\nkill p0\n", "x:17: kill(p0): found -1 ESRCH, wanted 0"},
		{"l age=31s\n", "", `x:6: open("l", O_RDWR): found -1 ENOENT, wanted 3<A>`},
		{"l age=31s\n", "d/l age=31s\n", "x: make start file d/l: no such file or directory"},
		{"p1 3<A> LOCK_EX", "p1 3<A>", "x: found the state\n(unlinked) -> A\np0 dead\np1 3<A> LOCK_EX\nwanted\n(unlinked) -> A\np0 dead\np1 3<A>\n"},
		{"# p1", "p1", `x:1: found "p1 waits for p0.", wanted a comment or a section such as -- schedule --`},
		{"-- start --", "-- begin --", `x:4: found section "begin", wanted section start or schedule or state`},
		{"-- kernel --\next4\n-- start --\nl age=31s\n", "-- start --\nl age=31s\n-- kernel --\next4\n", `x:4: found section "kernel", wanted section schedule or state`},
		{"-- state --", "-- state --\n-- more --", `x:20: found section "more", wanted no more sections`},
		{"time +1s", "jump +1s", `x:13: found "jump +1s", wanted a call, time, kill or unlink`},
		{"time +1s", "pause p0", `x:13: found "pause p0", wanted a call, time, kill or unlink`},
		{"time +1s", "p0 inside() = 0", `x:13: found "p0 inside()", wanted a call that a kernel carries out`},
		{"time +1s", "p0 close(3) = -1 EIO (fault)", `x:13: found "p0 close(3) = -1 EIO (fault)", wanted an answer that a kernel gives`},
		{"time +1s", "q0 close(3) = 0", `x:13: found thread "q0", wanted one such as p0 or p0.a`},
		{"time +1s", "p0. close(3) = 0", `x:13: found thread "p0.", wanted one such as p0 or p0.a`},
		{"time +1s", "p00 close(3) = 0", `x:13: found thread "p00", wanted`},
		{"time +1s", "p26 close(3) = 0", `x:13: found thread "p26", wanted`},
		{"time +1s", "p0 fork() = p1", `x:13: fork(): found p2, wanted p1`},
		{"time +1s", "p0 fork() = p2\np4 close(3) = 0", `x:14: found p4, wanted a process that is there or forked before`},
		{"time +1s", "p1.hb fork() = p2\nkill p3", `x:14: found p3, wanted a process that is there or forked before`},
		{"time +1s", "p0 fork() = p-5", `x:13: fork(): found p2, wanted p-5`},
		{"kill p0", "kill p26", `x:16: found thread "p26", wanted`},
		{"p0 open", "p0 opens", `x:7: step 1: found call "opens", wanted one of`},
	} {
		text := strings.Replace(script, test.old, test.new, 1)
		if text == script {
			t.Fatalf("the script has no %q", test.old)
		}
		if err := run(text, inMemory); err == nil || !strings.HasPrefix(err.Error(), test.wanted) {
			t.Errorf("%q in place of %q:\nfound error %v\nwanted      %s", test.new, test.old, err, test.wanted)
		}
	}
	for text, wanted := range map[string]string{
		"":                       "x: found an empty file, wanted a script",
		"\x00":                   "x: found binary data, wanted a script",
		"# nothing\n":            `x:2: found the file's end, wanted a section "schedule" with steps`,
		"-- schedule --\n\n":     `x:3: found the file's end, wanted a section "schedule" with steps`,
		"-- state --\np0 dead\n": `x:3: found the file's end, wanted a section "schedule" with steps`,
	} {
		if _, err := trial.ParseScript("x", []byte(text)); err == nil || err.Error() != wanted {
			t.Errorf("%q: found error %v, wanted %s", text, err, wanted)
		}
	}
}

// A plain kernel can neither say beforehand whether a call would wait, nor
// print its state.
type plain struct{ sys.Kernel }

func (plain) Ready(sys.TID, sys.Call) bool { return true }

func TestScriptsRunOnKernelsThatKnowLess(t *testing.T) {
	err := run(script, func(s sys.Setup) (sys.Kernel, error) {
		k, err := inMemory(s)
		return plain{k}, err
	})
	if err != nil {
		t.Error(err)
	}
}

type broken struct{ sys.Kernel }

func (broken) Do(sys.TID, sys.Call) (sys.Ret, error) { return sys.Ret{}, errors.New("the worker died") }

func TestErrorsOfTheKernelNameTheLine(t *testing.T) {
	err := run(script, func(s sys.Setup) (sys.Kernel, error) {
		k, err := inMemory(s)
		return broken{k}, err
	})
	if wanted := `x:7: open("l", O_RDWR): the worker died`; err == nil || err.Error() != wanted {
		t.Errorf("found %v, wanted %s", err, wanted)
	}
}
