package twin_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// A flaw makes a call as a kernel would that got one thing wrong. before is a
// kernel that gets it right.
type flaw func(before *flawed, id sys.TID, c sys.Call) (sys.Ret, error)

// flaws are what a simulated kernel was once wrong about, or could be.
var flaws = map[string]flaw{
	"a conversion that is refused keeps the old lock":    keepsRefused,
	"closing one of two duplicates frees the lock":       closeUnlocks,
	"a new file is taken for the one before it":          forgetsGenerations,
	"truncating to the same size moves no mtime":         keepsMtime,
	"a file that is renamed over keeps its link":         keepsLink,
	"unlink of a directory is refused as POSIX has it":   posixUnlink,
	"giving up a record lock gives up all of them":       unlocksAll,
	"whoever is killed holds on to its locks":            holdsOn,
	"a rename that another name is in the way of is one": replaces,
}

// A flawed stands for the real machine, and for its kernel.
type flawed struct {
	sim.Machine
	*sim.State
	flaw   flaw
	victim map[sys.Ino]bool // files that were renamed over
}

func (f *flawed) Boot(setup sys.Setup) (_ sys.Kernel, err error) {
	f.State, err = sim.New(f.Rules, setup)
	f.victim = map[sys.Ino]bool{}
	return f, err
}

func (f *flawed) Do(id sys.TID, c sys.Call) (sys.Ret, error) { return f.flaw(f, id, c) }

// ask makes a call that changes nothing.
func (f *flawed) ask(id sys.TID, c sys.Call) sys.Ret {
	if id != sys.Outside {
		id.Thread++ // who waits goes on waiting
	}
	r, err := f.State.Do(id, c)
	if err != nil {
		panic(err)
	}
	return r
}

func keepsRefused(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	shared := false
	if c.Op == sys.OpFlock {
		for line := range strings.Lines(f.String()) {
			shared = shared || strings.HasPrefix(line, fmt.Sprintf("p%d %d<", id.Proc, c.FD)) && strings.Contains(line, "LOCK_SH")
		}
	}
	r, err := f.State.Do(id, c)
	if shared && r.Err == sys.EWOULDBLOCK {
		_, err = f.State.Do(id, sys.Call{Op: sys.OpFlock, FD: c.FD, Flags: sys.LOCK_SH})
	}
	return r, err
}

func closeUnlocks(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpClose {
		if _, err := f.State.Do(id, sys.Call{Op: sys.OpFlock, FD: c.FD, Flags: sys.LOCK_UN}); err != nil {
			return sys.Ret{}, err
		}
	}
	return f.State.Do(id, c)
}

func forgetsGenerations(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	r, err := f.State.Do(id, c)
	r.Ino.Gen, r.Stat.Ino.Gen, r.Stat.Mtime.Of.Gen = 0, 0, 0
	return r, err
}

func keepsMtime(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpFtruncate {
		if st := f.ask(id, sys.Call{Op: sys.OpFstat, FD: c.FD}).Stat; st.Size == c.N {
			c.At.Wall = st.Mtime.At
		}
	}
	return f.State.Do(id, c)
}

func keepsLink(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	before := f.ask(id, sys.Call{Op: sys.OpLstat, Path: c.Path2}).Stat.Ino
	r, err := f.State.Do(id, c)
	switch {
	case c.Op == sys.OpRename && r.Err == 0 && before.Num != 0 && f.ask(id, sys.Call{Op: sys.OpLstat, Path: c.Path2}).Stat.Ino != before:
		f.victim[before] = true
	case c.Op == sys.OpFstat && f.victim[r.Stat.Ino]:
		r.Stat.Nlink++
	}
	return r, err
}

func posixUnlink(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	r, err := f.State.Do(id, c)
	if c.Op == sys.OpUnlink && r.Err == sys.EISDIR {
		r.Err = sys.EPERM
	}
	return r, err
}

func unlocksAll(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpFcntl && c.Record.Type == sys.F_UNLCK {
		c.Record.Start, c.Record.Len = 0, 0
	}
	return f.State.Do(id, c)
}

func holdsOn(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpKill {
		return sys.OK(), nil
	}
	return f.State.Do(id, c)
}

func replaces(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) {
	if c.Op == sys.OpRename && c.Flags == sys.RENAME_NOREPLACE {
		c.Flags = 0
	}
	return f.State.Do(id, c)
}

// As many calls as are made by default find each of them.
func TestRandomCallsFindEachFlaw(t *testing.T) {
	if testing.Short() {
		t.Skip("makes calls until each flaw shows")
	}
	for name, flaw := range flaws {
		t.Run(name, func(t *testing.T) {
			m := &flawed{Machine: sim.Machine{Rules: sim.RulesOf("ext4")}, flaw: flaw}
			c := &conformance{
				machine: twin.Machine{Real: m},
				real:    func(*walk) ([]string, error) { return stateOf(m.State), nil },
			}
			finds(t, c)
		})
	}
}

// What no answer has told is seen in the state.
func TestStatesThatDifferAreFound(t *testing.T) {
	for name, hides := range map[string]string{"a lock": "LOCK_EX", "a file's content": "holds", "an open file": "p1 4<"} {
		t.Run(name, func(t *testing.T) {
			right := func(f *flawed, id sys.TID, c sys.Call) (sys.Ret, error) { return f.State.Do(id, c) }
			m := &flawed{Machine: sim.Machine{Rules: sim.RulesOf("ext4")}, flaw: right}
			c := &conformance{machine: twin.Machine{Real: m}, real: func(w *walk) (lines []string, err error) {
				for _, line := range stateOf(m.State) {
					if !strings.Contains(line, hides) {
						lines = append(lines, line)
					}
				}
				return lines, nil
			}}
			finds(t, c)
		})
	}
}

// finds runs the conformance test, which must fail, and soon.
func finds(t *testing.T, c *conformance) {
	t.Helper()

	shrinking := flag.Lookup("rapid.shrinktime").Value
	before := shrinking.String()
	defer shrinking.Set(before)
	if err := shrinking.Set("1s"); err != nil {
		t.Fatal(err)
	}
	seen := &failure{TB: t}
	done := make(chan bool)
	go func() {
		defer close(done)
		c.run(seen, someCalls)
	}()
	<-done
	if c.sufficed == 0 || !seen.failed || seen.text == "" {
		t.Fatalf("found no difference in %d calls: %s", c.calls, seen.text)
	}
	t.Logf("found after %d calls: %s", c.sufficed, seen.text)
}

// A failure is a test that is to fail.
type failure struct {
	rapid.TB
	failed bool
	text   string // the script that it logged
}

func (f *failure) Failed() bool { return f.failed }
func (f *failure) Fail()        { f.failed = true }

func (f *failure) FailNow() {
	f.failed = true
	runtime.Goexit()
}

func (f *failure) Logf(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); strings.Contains(text, "-- schedule --") {
		f.text = text
	}
}

func (f *failure) Log(args ...any)                   { f.Logf("%s", fmt.Sprint(args...)) }
func (f *failure) Errorf(format string, args ...any) { f.failed = true }
func (f *failure) Error(args ...any)                 { f.failed = true }
