package twin_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// procs is how many processes a trial begins with, and maxProcs how many it
// comes to by fork. It takes so many steps on average: many trials are a few
// steps long, some are hundreds.
const (
	procs    = 3
	maxProcs = 6
	steps    = 80
)

// callsEnv says how many calls the conformance runs are to make in all.
const callsEnv = "GHOSTLOCK_CALLS"

// someCalls takes some seconds. Each of the flaws that are tried needs far fewer.
const someCalls = 60_000

func wantedCalls(t *testing.T) int {
	text := os.Getenv(callsEnv)
	switch {
	case text == "" && testing.Short():
		return someCalls / 60
	case text == "":
		return someCalls
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s: found %q, wanted a number of calls", callsEnv, text)
	}
	return n
}

// starts are what trials begin with, the least first.
var starts = [][]sys.Entry{
	nil,
	{{Name: "l", Content: "17", Age: 1e9}},
	{{Name: "l", Content: "17", Age: 1e9}, {Name: "d", Kind: sys.Directory, Age: 2e9}, {Name: "d/l"}},
}

// A conformance makes random calls on a machine that compares two kernels, and
// from time to time compares their states as well. It fails with the shortest
// script that rapid can find, which is one for testdata/kernel.
type conformance struct {
	machine twin.Machine

	// real tells the state of the real kernel as the simulated one tells its
	// own, but for the order of the lines.
	real func(*walk) ([]string, error)

	calls, looks, trials int
	sufficed             int // calls until the first difference; 0: none was found
}

// run makes at least so many calls.
func (c *conformance) run(t rapid.TB, wanted int) {
	for c.calls < wanted {
		set(t, "rapid.checks", 1+(wanted-c.calls)/steps)
		set(t, "rapid.steps", steps)
		rapid.Check(t, c.trial)
	}
}

func set(t rapid.TB, name string, to int) {
	if err := flag.Set(name, strconv.Itoa(to)); err != nil {
		t.Fatal(err)
	}
}

// trial is one trial.
func (c *conformance) trial(t *rapid.T) {
	w := &walk{conformance: c, start: rapid.SampledFrom(starts).Draw(t, "start"), procs: make([]process, procs)}
	var err error
	if w.kernel, err = c.machine.Boot(sys.Setup{Procs: procs, Files: w.start}); err != nil {
		t.Fatal(err)
	}
	c.trials++
	for n := range procs * rapid.SampledFrom([]int{0, 1, 2, 2}).Draw(t, "opened") {
		w.do(sys.TID{Proc: uint8(n % procs)}, sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT, Mode: 0o600})
	}
	t.Repeat(w.actions())
	w.compare()
	if w.err != nil {
		if c.sufficed == 0 {
			c.sufficed = c.calls
		}
		t.Logf("%v, after\n%s", w.err, w)
		// In these words wherever it was, and whatever time it is: rapid takes
		// what fails otherwise for another failure, and does not shrink it.
		t.Fatal("the kernels differ")
	}
}

// A walk is a trial under way.
type walk struct {
	*conformance
	kernel sys.Kernel
	start  []sys.Entry
	now    sys.Instant
	procs  []process
	taken  []taken // so far
	err    error   // how the kernels differ; nothing more is done then
}

type process struct {
	dead bool
	asks sys.Call // what it waits for, if that has an Op
}

// A taken is a step that was taken, and when.
type taken struct {
	id   sys.TID
	call sys.Call
	ret  sys.Ret
	at   sys.Instant
}

// actions are what rapid repeats. It takes each name as often as any other.
func (w *walk) actions() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){
		"": func(*rapid.T) {
			if len(w.taken)%50 == 49 {
				w.compare()
			}
		},
		"interrupted": w.interrupted,
		"time passes": func(t *rapid.T) { w.now = w.now.Add(rapid.SampledFrom(ticks).Draw(t, "by")) },
	}
	for i := range 12 {
		all[fmt.Sprintf("call %d", i)] = w.call
	}
	for i := range 3 {
		all[fmt.Sprintf("granted %d", i)] = w.granted
	}
	return all
}

// call makes a call, if one who can make it now is found.
func (w *walk) call(t *rapid.T) {
	c := anyCall.Draw(t, "call")
	var by []sys.TID
	for p := range w.procs {
		if !w.procs[p].dead && w.procs[p].asks.Op == 0 {
			by = append(by, sys.TID{Proc: uint8(p)})
		}
	}
	if byName(c) {
		by = append(by, sys.Outside)
	}
	switch {
	case c.Op == sys.OpKill && int(c.N) < len(w.procs) && !w.procs[c.N].dead:
		w.do(sys.Outside, c)
	case c.Op == 0, c.Op == sys.OpKill, c.Op == sys.OpFork && len(w.procs) == maxProcs, len(by) == 0:
		// Nobody makes it.
	default:
		w.do(by[rapid.IntRange(0, len(by)-1).Draw(t, "by")], c)
	}
}

// granted lets a call return that waits and now can.
func (w *walk) granted(t *rapid.T) {
	id := w.oneThat(t, func(id sys.TID, c sys.Call) bool { return w.kernel.Ready(id, c) })
	c := w.procs[id.Proc].asks
	w.procs[id.Proc].asks = sys.Call{}
	w.do(id, c)
}

// interrupted has a process give up waiting.
func (w *walk) interrupted(t *rapid.T) {
	id := w.oneThat(t, func(sys.TID, sys.Call) bool { return true })
	w.procs[id.Proc].asks = sys.Call{}
	w.do(id, sys.Call{Op: sys.OpInterrupt})
}

// oneThat draws a process that waits in such a call.
func (w *walk) oneThat(t *rapid.T, such func(sys.TID, sys.Call) bool) sys.TID {
	var those []sys.TID
	for p := range w.procs {
		id := sys.TID{Proc: uint8(p)}
		if c := w.procs[p].asks; c.Op != 0 && such(id, c) {
			those = append(those, id)
		}
	}
	if len(those) == 0 {
		t.SkipNow()
	}
	return those[rapid.IntRange(0, len(those)-1).Draw(t, "process")]
}

// do makes the call on both kernels, if it is ready. If it is not, or has to
// wait, its process waits.
func (w *walk) do(id sys.TID, c sys.Call) {
	if w.err != nil {
		return
	}
	c.At = w.now
	ret := sys.Ret{Wait: true}
	if w.kernel.Ready(id, c) {
		w.calls++
		if ret, w.err = w.kernel.Do(id, c); w.err != nil {
			return
		}
	}
	w.taken = append(w.taken, taken{id, c, ret, w.now})
	switch {
	case ret.Wait:
		w.procs[id.Proc].asks = c
	case c.Op == sys.OpFork && ret.Err == 0:
		w.procs = append(w.procs, process{})
	case c.Op == sys.OpKill:
		w.procs[c.N] = process{dead: true}
	case c.Op == sys.OpExit:
		w.procs[id.Proc].dead = true
	}
}

// String is the walk as a script of testdata/kernel, but that there the
// environment only unlinks.
func (w *walk) String() string {
	var b strings.Builder
	b.WriteString("-- start --\n")
	for _, e := range w.start {
		name := e.Name
		if e.Kind == sys.Directory {
			name += "/"
		}
		fmt.Fprintf(&b, "%s age=%s content=%q\n", name, sys.FormatDuration(e.Age), e.Content)
	}
	b.WriteString("-- schedule --\n")
	var now sys.Instant
	for _, s := range w.taken {
		if s.at != now {
			fmt.Fprintf(&b, "time +%s\n", sys.FormatDuration(s.at.Wall-now.Wall))
			now = s.at
		}
		switch {
		case s.call.Op == sys.OpKill:
			fmt.Fprintf(&b, "kill p%d\n", s.call.N)
		case s.id == sys.Outside:
			fmt.Fprintf(&b, "%s = %s (outside)\n", s.call, s.ret.Format(s.call.Op))
		default:
			fmt.Fprintf(&b, "p%d %s = %s\n", s.id.Proc, s.call, s.ret.Format(s.call.Op))
		}
	}
	return b.String()
}
