package twin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

var p0, p1 = sys.TID{Proc: 0}, sys.TID{Proc: 1}

// A fake stands for the real machine. It answers as another simulated kernel
// does, but for what it is told to lie about.
type fake struct {
	sim.Machine
	lie     func(sys.Call, sys.Ret) (sys.Ret, error)
	refuses error // by Boot and Close
	asked   []string
}

func (f *fake) Boot(setup sys.Setup) (sys.Kernel, error) {
	if f.refuses != nil {
		return nil, f.refuses
	}
	k, err := f.Machine.Boot(setup)
	return &fakeKernel{k, f}, err
}

func (f *fake) Close() error { return f.refuses }

type fakeKernel struct {
	sys.Kernel
	fake *fake
}

// Ready reports true, as the real kernel does, which cannot know.
func (*fakeKernel) Ready(sys.TID, sys.Call) bool { return true }

func (k *fakeKernel) Do(id sys.TID, c sys.Call) (sys.Ret, error) {
	k.fake.asked = append(k.fake.asked, c.Op.String())
	r, err := k.Kernel.Do(id, c)
	if k.fake.lie != nil && err == nil {
		return k.fake.lie(c, r)
	}
	return r, err
}

func boot(t *testing.T, f *fake) sys.Kernel {
	t.Helper()
	k, err := twin.Machine{Real: f}.Boot(sys.Setup{Procs: 2, Files: []sys.Entry{{Name: "l"}}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ext4() *fake { return &fake{Machine: sim.Machine{Rules: sim.RulesOf("ext4")}} }

func do(t *testing.T, k sys.Kernel, id sys.TID, text string) (string, error) {
	t.Helper()
	c, err := sys.ParseCall(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := k.Do(id, c)
	return r.Format(c.Op), err
}

// must carries the calls out, each with its answer.
func must(t *testing.T, k sys.Kernel, id sys.TID, lines ...string) {
	t.Helper()
	for _, line := range lines {
		text, wanted, _ := strings.Cut(line, " = ")
		if found, err := do(t, k, id, text); err != nil || found != wanted {
			t.Fatalf("%s: found %s, %v", line, found, err)
		}
	}
}

func TestKernelsThatAgreeAnswerAsOne(t *testing.T) {
	k := boot(t, ext4())
	must(t, k, p0, `open("l", O_RDWR) = 3<A>`, `flock(3, LOCK_EX) = 0`, `write(3, "p0") = 2`)
	must(t, k, p1, `open("l", O_RDWR) = 3<A>`, `flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN`, `read(3) = "p0"`)
	must(t, k, sys.Outside, `unlink("l") = 0`, `kill(p0) = 0`)
	must(t, k, p1, `flock(3, LOCK_EX) = 0`, `fstat(3) = {A, size=2, nlink=0, mtime=@0s}`)
}

func TestReadinessIsTheSimulatedKernels(t *testing.T) {
	k := boot(t, ext4())
	must(t, k, p0, `open("l", O_RDWR) = 3<A>`, `flock(3, LOCK_EX) = 0`)
	must(t, k, p1, `open("l", O_RDWR) = 3<A>`)
	ask := sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_EX}
	if k.Ready(p1, ask) {
		t.Error("found a lock ready that p0 holds")
	}
	must(t, k, p0, `close(3) = 0`)
	if !k.Ready(p1, ask) {
		t.Error("found a lock not ready that nobody holds")
	}
}

func TestALieIsADifferenceThatNamesBoth(t *testing.T) {
	for _, test := range []struct {
		op     sys.Op
		lie    sys.Ret
		call   string
		wanted string
	}{
		{sys.OpFlock, sys.Fail(sys.EWOULDBLOCK), `flock(3, LOCK_EX)`,
			`the kernels differ: p0 flock(3, LOCK_EX) = -1 EAGAIN on Linux, 0 simulated`},
		{sys.OpFlock, sys.Ret{Wait: true}, `flock(3, LOCK_EX)`,
			`the kernels differ: p0 flock(3, LOCK_EX) = ? on Linux, 0 simulated`},
		{sys.OpUnlink, sys.Fail(sys.ENOENT), `unlink("l")`,
			`the kernels differ: p0 unlink("l") = -1 ENOENT on Linux, 0 simulated`},
		{sys.OpStat, sys.Ret{Stat: sys.Stat{Ino: sys.Ino{Num: 1}, Nlink: 2}}, `stat("l")`,
			`the kernels differ: p0 stat("l") = {A, size=0, nlink=2, mtime=@0s} on Linux, {A, size=0, nlink=1, mtime=@0s} simulated`},
		{sys.OpOpen, sys.Ret{N: 4, Ino: sys.Ino{Num: 2}}, `open("l", O_RDWR)`,
			`the kernels differ: p0 open("l", O_RDWR) = 4<B> on Linux, 4<A> simulated`},
	} {
		f := ext4()
		k := boot(t, f)
		must(t, k, p0, `open("l", O_RDWR) = 3<A>`)
		f.lie = func(c sys.Call, r sys.Ret) (sys.Ret, error) { return test.lie, nil }
		_, err := do(t, k, p0, test.call)
		var d *twin.Difference
		if !errors.As(err, &d) || d.Error() != test.wanted {
			t.Errorf("found %v, wanted %s", err, test.wanted)
			continue
		}
		if d.By != p0 || d.Call.Op != test.op || d.Real != test.lie || d.Simulated == test.lie {
			t.Errorf("found %+v", d)
		}
	}
}

// Only processes that really wait can be refused by Linux. See
// TestLinuxRefusesToDeadlock.
func TestADeadlockIsTheSimulatedKernelsToSee(t *testing.T) {
	f := ext4()
	k := boot(t, f)
	must(t, k, p0, `open("l", O_RDWR) = 3<A>`, `fcntl(3, F_SETLK, {F_WRLCK, start=0, len=1}) = 0`)
	must(t, k, p1, `open("l", O_RDWR) = 3<A>`, `fcntl(3, F_SETLK, {F_WRLCK, start=1, len=1}) = 0`,
		`fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=1}) = ?`)
	const circle = `fcntl(3, F_SETLKW, {F_WRLCK, start=1, len=1})`
	f.lie = func(sys.Call, sys.Ret) (sys.Ret, error) { return sys.Ret{Wait: true}, nil }
	must(t, k, p0, circle+` = -1 EDEADLK`)
	f.lie = func(sys.Call, sys.Ret) (sys.Ret, error) { return sys.OK(), nil }
	if _, err := do(t, k, p0, circle); err == nil {
		t.Error("found no difference where the real kernel grants what p1 has")
	}
}

// Which number a new file gets is the file system's choice, and no difference:
// files have the simulated kernel's names. Which file is which is compared.
func TestFilesHaveTheSimulatedKernelsNames(t *testing.T) {
	f := ext4()
	z := sys.Ino{Num: 26, Gen: 3}
	f.lie = func(c sys.Call, r sys.Ret) (sys.Ret, error) {
		if c.Path == "new" {
			r.Ino = z
		}
		if c.Op == sys.OpFstat {
			r.Stat.Ino, r.Stat.Mtime.Of = z, z
		}
		return r, nil
	}
	k := boot(t, f)
	must(t, k, p0, `open("new", O_RDWR|O_CREAT, 0600) = 3<B>`, `fstat(3) = {B, size=0, nlink=1, mtime=@0s}`)
	must(t, k, p0, `open("l", O_RDWR) = 4<A>`)
	if _, err := do(t, k, p0, `fstat(4)`); err == nil {
		t.Error("found no difference where the real kernel says that two files are one")
	}
	k = boot(t, f)
	must(t, k, p0, `open("new", O_RDWR|O_CREAT, 0600) = 3<B>`)
	f.lie = nil
	if _, err := do(t, k, p0, `fstat(3)`); err == nil {
		t.Error("found no difference where the real kernel says that one file is two")
	}
}

func TestClocksAskNoKernel(t *testing.T) {
	f := ext4()
	k := boot(t, f)
	must(t, k, p0, `older(@-31s, 30s) = yes`, `deadline(5s) = @5s`, `expired(@1s) = no`, `same(@1s, @1s) = yes`)
	if len(f.asked) != 0 {
		t.Errorf("the real kernel was asked %v", f.asked)
	}
}

func TestErrorsOfTheRealMachineAreHandedOn(t *testing.T) {
	broken := errors.New("worker p0 died")
	f := ext4()
	k := boot(t, f)
	f.lie = func(sys.Call, sys.Ret) (sys.Ret, error) { return sys.Ret{}, broken }
	if _, err := do(t, k, p0, `stat("l")`); err != broken {
		t.Errorf("Do: found %v", err)
	}
	f.refuses = broken
	m := twin.Machine{Real: f}
	if _, err := m.Boot(sys.Setup{Procs: 1}); err != broken {
		t.Errorf("Boot: found %v", err)
	}
	if err := m.Close(); err != broken {
		t.Errorf("Close: found %v", err)
	}
	if m.Profile() != "ext4" {
		t.Errorf("Profile: found %s", m.Profile())
	}
	if _, err := m.Boot(sys.Setup{Files: []sys.Entry{{Name: "d/l"}}}); err == nil || err == broken {
		t.Errorf("Boot of an impossible start: found %v, wanted the simulated kernel's error", err)
	}
}
