package sim_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// recordHeld returns a kernel in which p0 has a record lock on l's first byte,
// and both processes have l open.
func recordHeld(t *testing.T) *sim.State {
	s := boot(t, "ext4", sys.Entry{Name: "l"})
	do(t, s, p0, `open("l", O_RDWR)`)
	do(t, s, p1, `open("l", O_RDWR)`)
	do(t, s, p0, `fcntl(3, F_SETLK, {F_WRLCK, start=0, len=1})`)
	return s
}

func TestOnlyABlockingRecordLockWaits(t *testing.T) {
	for text, wanted := range map[string]bool{
		`fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=0})`:     false,
		`fcntl(3, F_SETLKW, {F_RDLCK, start=0, len=1})`:     false,
		`fcntl(3, F_OFD_SETLKW, {F_RDLCK, start=0, len=1})`: false,
		`fcntl(3, F_SETLKW, {F_WRLCK, start=1, len=0})`:     true,
		`fcntl(3, F_SETLKW, {F_UNLCK, start=0, len=0})`:     true,
		`fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0})`:      true,
		`fcntl(3, F_OFD_SETLK, {F_WRLCK, start=0, len=0})`:  true,
		`fcntl(3, F_GETLK, {F_WRLCK, start=0, len=0})`:      true,
		`fcntl(3, F_SETLKW, {0x3, start=0, len=0})`:         true, // EINVAL at once
		`fcntl(9, F_SETLKW, {F_WRLCK, start=0, len=0})`:     true, // EBADF at once
	} {
		if found := recordHeld(t).Ready(p1, call(t, text)); found != wanted {
			t.Errorf("%s: ready %v, wanted %v", text, found, wanted)
		}
	}
}

// Asking is a step of its own for those whom somebody could wait for in turn.
func TestAWaitIsAskedForOnce(t *testing.T) {
	s := recordHeld(t)
	ask := call(t, `fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=1})`)
	if s.Ready(p1, ask) {
		t.Error("found a step in which nothing changes: p1 has nothing that others could wait for")
	}
	do(t, s, p1, `fcntl(3, F_SETLK, {F_RDLCK, start=7, len=1})`)
	if !s.Ready(p1, ask) {
		t.Fatal("wanted the request ready: p0 may come to wait for p1")
	}
	if found := do(t, s, p1, `fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=1})`); found != "?" {
		t.Fatalf("found %s, wanted ?", found)
	}
	if s.Ready(p1, ask) {
		t.Error("found the request ready again, and p0 is still in the way")
	}
	do(t, s, p0, `close(3)`)
	if !s.Ready(p1, ask) {
		t.Error("found the request not ready, and nobody is in the way")
	}
}

// circle is what p0 is refused while p1 waits for it.
const circle = `fcntl(3, F_SETLKW, {F_WRLCK, start=7, len=1})`

func TestWhoIsInterruptedWaitsNoMore(t *testing.T) {
	for _, by := range []string{`interrupt()`, `stat("l")`, `fcntl(3, F_GETLK, {F_WRLCK, start=0, len=0})`} {
		s := recordHeld(t)
		do(t, s, p1, `fcntl(3, F_SETLK, {F_WRLCK, start=7, len=1})`)
		do(t, s, p1, `fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=1})`)
		if found := do(t, s, p0, circle); found != "-1 EDEADLK" {
			t.Fatalf("found %s while p1 waits for p0", found)
		}
		do(t, s, p1, by)
		if found := do(t, s, p0, circle); found != "?" {
			t.Errorf("found %s after p1 made %s", found, by)
		}
	}
}

// A description that went takes what it waited for with it: another may get
// its place.
func TestADescriptionThatWentWaitsNoMore(t *testing.T) {
	s := recordHeld(t)
	do(t, s, p1, `fcntl(3, F_OFD_SETLK, {F_WRLCK, start=7, len=1})`)
	do(t, s, p1, `fcntl(3, F_OFD_SETLKW, {F_WRLCK, start=0, len=1})`)
	do(t, s, sys.TID{Proc: 1, Thread: 1}, `close(3)`)
	do(t, s, p1, `open("l", O_RDWR)`)
	do(t, s, p1, `fcntl(3, F_OFD_SETLK, {F_WRLCK, start=7, len=1})`)
	if found := do(t, s, p0, circle); found != "?" {
		t.Errorf("found %s, and nobody waits", found)
	}
}

func TestTheDumpTellsWhoHasAndWhoWaits(t *testing.T) {
	s := recordHeld(t)
	do(t, s, p1, `fcntl(3, F_OFD_SETLK, {F_RDLCK, start=7, len=0})`)
	do(t, s, p1, `fcntl(3, F_SETLKW, {F_RDLCK, start=0, len=2})`)
	wanted := `l -> {A, size=0, nlink=1, mtime=@0s}
p0 3<A>
p1 3<A>
A {F_WRLCK, start=0, len=1, p0}
A {F_RDLCK, start=7, len=0, ofd}
p1 waits for A {F_RDLCK, start=0, len=2, p1}
`
	if s.String() != wanted {
		t.Errorf("found\n%swanted\n%s", s, wanted)
	}
}
