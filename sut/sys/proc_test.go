package sys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A scripted host gives one answer to every call, and keeps the calls.
type scripted struct {
	answer sys.Ret
	calls  []sys.Call
	body   func(*sys.Proc)
}

func (h *scripted) Call(c sys.Call) sys.Ret {
	h.calls = append(h.calls, c)
	return h.answer
}

func (h *scripted) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	h.body = body
	return h.Call(c)
}

// opened returns a Proc of the host's and a file with descriptor 7 that was
// opened as "l".
func opened(t *testing.T) (*sys.Proc, *scripted, sys.File) {
	t.Helper()
	h := &scripted{answer: sys.Ret{N: 7}}
	p := sys.NewProc(h)
	f, err := p.Open("l", sys.O_RDWR, 0)
	if err != nil || f.Name() != "l" {
		t.Fatalf("found file %q, %v", f.Name(), err)
	}
	h.calls, h.answer = nil, sys.OK()
	return p, h, f
}

// The methods that can fail, and the call that each announces.
var methods = []struct {
	call, path string
	do         func(*sys.Proc, sys.File) error
}{
	{`open("l", O_RDWR|O_CREAT, 0600)`, "l", func(p *sys.Proc, _ sys.File) error {
		_, err := p.Open("l", sys.O_RDWR|sys.O_CREAT, 0o600)
		return err
	}},
	{`close(7)`, "l", func(p *sys.Proc, f sys.File) error { return p.Close(f) }},
	{`read(7)`, "l", func(p *sys.Proc, f sys.File) error { _, err := p.Read(f); return err }},
	{`write(7, "x")`, "l", func(p *sys.Proc, f sys.File) error { return p.Write(f, "x") }},
	{`ftruncate(7, 5)`, "l", func(p *sys.Proc, f sys.File) error { return p.Ftruncate(f, 5) }},
	{`fstat(7)`, "l", func(p *sys.Proc, f sys.File) error { _, err := p.Fstat(f); return err }},
	{`stat("a")`, "a", func(p *sys.Proc, _ sys.File) error { _, err := p.Stat("a"); return err }},
	{`lstat("a")`, "a", func(p *sys.Proc, _ sys.File) error { _, err := p.Lstat("a"); return err }},
	{`unlink("a")`, "a", func(p *sys.Proc, _ sys.File) error { return p.Unlink("a") }},
	{`renameat2("a", "b", RENAME_EXCHANGE)`, "a", func(p *sys.Proc, _ sys.File) error { return p.Rename("a", "b", sys.RENAME_EXCHANGE) }},
	{`link("a", "b")`, "a", func(p *sys.Proc, _ sys.File) error { return p.Link("a", "b") }},
	{`symlink("target", "s")`, "s", func(p *sys.Proc, _ sys.File) error { return p.Symlink("target", "s") }},
	{`readlink("s")`, "s", func(p *sys.Proc, _ sys.File) error { _, err := p.Readlink("s"); return err }},
	{`mkdir("d", 0700)`, "d", func(p *sys.Proc, _ sys.File) error { return p.Mkdir("d", 0o700) }},
	{`rmdir("d")`, "d", func(p *sys.Proc, _ sys.File) error { return p.Rmdir("d") }},
	{`fsync(7)`, "l", func(p *sys.Proc, f sys.File) error { return p.Fsync(f) }},
	{`fchmod(7, 0640)`, "l", func(p *sys.Proc, f sys.File) error { return p.Fchmod(f, 0o640) }},
	{`flock(7, LOCK_EX|LOCK_NB)`, "l", func(p *sys.Proc, f sys.File) error { return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB) }},
	{`dup(7)`, "l", func(p *sys.Proc, f sys.File) error { _, err := p.Dup(f); return err }},
	{`fcntl(7, F_SETLKW, {F_WRLCK, start=0, len=10})`, "l", func(p *sys.Proc, f sys.File) error {
		return p.FcntlFlock(f, sys.F_SETLKW, &sys.Record{Type: sys.F_WRLCK, Len: 10})
	}},
	{`utimes("l", 5s)`, "l", func(p *sys.Proc, _ sys.File) error { return p.Utimes("l", 5*time.Second) }},
	{`flock_held("l")`, "l", func(p *sys.Proc, _ sys.File) error { _, err := p.FlockHeld("l"); return err }},
	{`load("data")`, "data", func(p *sys.Proc, _ sys.File) error { _, err := p.Load("data"); return err }},
	{`store("data", "7")`, "data", func(p *sys.Proc, _ sys.File) error { return p.Store("data", "7") }},
	{`fork("child")`, "child", func(p *sys.Proc, _ sys.File) error { return p.Fork("child", nil) }},
	{`exec()`, "", func(p *sys.Proc, _ sys.File) error { return p.Exec() }},
	{`daemon()`, "", func(p *sys.Proc, _ sys.File) error { return p.Daemonize() }},
	{`statfs(".")`, ".", func(p *sys.Proc, _ sys.File) error { _, err := p.Statfs("."); return err }},
}

func TestEachMethodIsOneCall(t *testing.T) {
	for _, m := range methods {
		p, h, f := opened(t)
		if err := m.do(p, f); err != nil {
			t.Errorf("%s: %v", m.call, err)
		}
		if len(h.calls) != 1 || h.calls[0].String() != m.call {
			t.Errorf("found calls %v, wanted %s", h.calls, m.call)
		}
	}
}

func TestErrorsArePathErrors(t *testing.T) {
	for _, m := range methods {
		p, h, f := opened(t)
		h.answer = sys.Fail(sys.EACCES)
		err := m.do(p, f)
		op := h.calls[0].Op.String()
		var pathErr *fs.PathError
		if !errors.As(err, &pathErr) || *pathErr != (fs.PathError{Op: op, Path: m.path, Err: sys.EACCES}) {
			t.Errorf("%s: found error %#v", m.call, err)
			continue
		}
		if wanted := op + " " + m.path + ": permission denied"; err.Error() != wanted {
			t.Errorf("found %q, wanted %q", err, wanted)
		}
		if !errors.Is(err, fs.ErrPermission) || !errors.Is(err, sys.EACCES) {
			t.Errorf("%s: %v is not fs.ErrPermission", m.call, err)
		}
	}
}

func TestMethodsReturnTheirPartOfTheAnswer(t *testing.T) {
	p, h, f := opened(t)
	h.answer = sys.Ret{N: 1, Data: "text", Stat: sys.Stat{Nlink: 3}, Time: sys.Time{At: 5}}
	if text, _ := p.Read(f); text != "text" {
		t.Errorf("Read: found %q", text)
	}
	if text, _ := p.Readlink("s"); text != "text" {
		t.Errorf("Readlink: found %q", text)
	}
	for name, stat := range map[string]func() (sys.Stat, error){
		"Stat":  func() (sys.Stat, error) { return p.Stat("l") },
		"Lstat": func() (sys.Stat, error) { return p.Lstat("l") },
		"Fstat": func() (sys.Stat, error) { return p.Fstat(f) },
	} {
		if st, _ := stat(); st.Nlink != 3 {
			t.Errorf("%s: found %v", name, st)
		}
	}
	if twin, _ := p.Dup(f); p.Close(twin) != nil || twin.Name() != "l" || h.calls[len(h.calls)-1].String() != "close(1)" {
		t.Errorf("Dup: found file %q, closed by %s", twin.Name(), h.calls[len(h.calls)-1])
	}
	if text, _ := p.Load("data"); text != "text" {
		t.Errorf("Load: found %q", text)
	}
	if text := p.Swap("c", ""); text != "text" {
		t.Errorf("Swap: found %q", text)
	}
	if held, _ := p.FlockHeld("l"); !held || !p.Alive(1) {
		t.Error("FlockHeld, Alive: found no, wanted yes")
	}
	if pid, tid := p.Getpid(), p.Gettid(); pid.String() != "p1" || tid != 1 {
		t.Errorf("Getpid, Gettid: found %s, %d", pid, tid)
	}
	if got, ok := p.Get("c"); !ok || got.Name() != "c" || p.Close(got) != nil || h.calls[len(h.calls)-1].String() != "close(1)" {
		t.Errorf("Get: found file %q, %v, closed by %s", got.Name(), ok, h.calls[len(h.calls)-1])
	}
	if magic, _ := p.Statfs("."); magic != 1 {
		t.Errorf("Statfs: found %d", magic)
	}
	if d := p.Deadline(time.Second); d.At != 5 {
		t.Errorf("Deadline: found %v", d)
	}
	h.answer.Err = sys.ENOENT
	if _, ok := p.Get("c"); ok {
		t.Error("Get: found a file in an empty cell")
	}
	h.answer.Err = 0
	if !p.Expired(sys.Time{}) || !p.Older(sys.Time{}, 0) || !p.Same(sys.Time{}, sys.Time{}) || !p.Cancelled(0) {
		t.Error("found no, wanted yes")
	}
}

func TestOnlyLookingForALockTellsOfIt(t *testing.T) {
	p, h, f := opened(t)
	inTheWay := sys.Record{Type: sys.F_WRLCK, Len: 5, PID: sys.PIDOf(2)}
	h.answer.Record = inTheWay
	for _, cmd := range []int{sys.F_GETLK, sys.F_OFD_GETLK} {
		asked := sys.Record{Len: 9}
		if err := p.FcntlFlock(f, cmd, &asked); err != nil || asked != inTheWay {
			t.Errorf("FcntlFlock: found %s, %v, wanted %s", asked, err, inTheWay)
		}
	}
	asked := sys.Record{Len: 9}
	if err := p.FcntlFlock(f, sys.F_SETLK, &asked); err != nil || asked != (sys.Record{Len: 9}) {
		t.Errorf("FcntlFlock changed what was to be set to %s, %v", asked, err)
	}
}

func TestStepsThatCannotFailAreOneCallEach(t *testing.T) {
	h := &scripted{answer: sys.Ret{N: 2}}
	p := sys.NewProc(h)
	ran := false
	thread := p.Go("hb", func(*sys.Proc) { ran = true })
	h.body(nil)
	p.Cancel(thread)
	p.Join(thread)
	p.Cancelled(time.Second)
	p.Inside()
	p.Sleep(10 * time.Millisecond)
	p.Deadline(5 * time.Second)
	p.Expired(sys.Time{At: time.Second})
	a := sys.Time{Of: sys.Ino{Num: 1}}
	p.Older(a, 30*time.Second)
	p.Same(a, sys.Time{})
	p.Getpid()
	p.Alive(3)
	p.Lock("m")
	p.Unlock("m")
	p.Swap("c", "text")
	f, _ := p.Get("c")
	p.Put("c", f)
	p.Put("c", sys.File{})
	var found []string
	for _, c := range h.calls {
		found = append(found, c.String())
	}
	wanted := []string{
		`go("hb")`, `cancel(#2)`, `join(#2)`, `cancelled(1s)`, `inside()`, `sleep(10ms)`, `deadline(5s)`,
		`expired(@1s)`, `older(A.mtime, 30s)`, `same(A.mtime, @0s)`,
		`getpid()`, `alive(p3)`, `mutex_lock("m")`, `mutex_unlock("m")`, `swap("c", "text")`, `get("c")`, `put("c", 2)`, `put("c", 0)`,
	}
	if !ran || !slices.Equal(found, wanted) {
		t.Errorf("found %v, ran %v, wanted %v", found, ran, wanted)
	}
}

// A thread that a host has not ended at an exit does not go on.
func exits(t *testing.T, p *sys.Proc) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("Exit returned")
		}
	}()
	p.Exit()
}

// Every operation has its method but the environment's.
func TestEveryOperationHasANameAndAMethod(t *testing.T) {
	h := &scripted{}
	p := sys.NewProc(h)
	for _, m := range methods {
		_ = m.do(p, sys.File{})
	}
	p.Go("", nil)
	p.Cancel(sys.Thread{})
	p.Join(sys.Thread{})
	p.Cancelled(0)
	p.Inside()
	p.Sleep(0)
	p.Deadline(0)
	p.Expired(sys.Time{})
	p.Older(sys.Time{}, 0)
	p.Same(sys.Time{}, sys.Time{})
	exits(t, p)
	p.Getpid()
	p.Gettid()
	p.Alive(0)
	p.Lock("")
	p.Unlock("")
	p.Swap("", "")
	p.Put("", sys.File{})
	p.Get("")
	named := map[string]bool{}
	for op := sys.OpOpen; op <= lastOp; op++ {
		if named[op.String()] || op.String() == "" {
			t.Errorf("found operation %d named %q, wanted a name of its own", op, op)
		}
		named[op.String()] = true
		called := slices.ContainsFunc(h.calls, func(c sys.Call) bool { return c.Op == op })
		if called != (op < sys.OpForeign) {
			t.Errorf("%s: found a method: %v", op, called)
		}
	}
	if beyond := lastOp + 1; beyond.String() != fmt.Sprintf("op#%d", beyond) {
		t.Errorf("found operation %s beyond the last", beyond)
	}
}
