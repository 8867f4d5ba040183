package sys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// How each operation is written, with an answer of each form.
func TestCallsReadLikeStrace(t *testing.T) {
	a, b := sys.Ino{Num: 1}, sys.Ino{Num: 2}
	age := sys.Time{Of: a, At: -31 * time.Second}
	stat := sys.Stat{Ino: a, Size: 3, Nlink: 1, Mtime: age}
	dir := sys.Stat{Ino: b, Kind: sys.Directory, Mtime: sys.Time{Of: b}}
	link := sys.Stat{Ino: b, Kind: sys.Symlink, Size: 1, Nlink: 2, Mtime: sys.Time{Of: b, At: 1500 * time.Millisecond}}
	for _, test := range []struct {
		line string
		call sys.Call
		ret  sys.Ret
	}{
		{`open("l", O_RDONLY) = 3<A>`, sys.Call{Op: sys.OpOpen, Path: "l"}, sys.Ret{N: 3, Ino: a}},
		{`open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST`,
			sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT | sys.O_EXCL, Mode: 0o600}, sys.Fail(sys.EEXIST)},
		{`open("l", O_WRONLY|O_TRUNC|O_APPEND|O_NOFOLLOW|O_CLOEXEC) = 12<B'>`,
			sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_WRONLY | sys.O_TRUNC | sys.O_APPEND | sys.O_NOFOLLOW | sys.O_CLOEXEC},
			sys.Ret{N: 12, Ino: sys.Ino{Num: 2, Gen: 1}}},
		{`open(".", O_RDONLY|O_DIRECTORY) = 3<?>`, sys.Call{Op: sys.OpOpen, Path: ".", Flags: sys.O_DIRECTORY}, sys.Ret{N: 3}},
		{`close(3) = 0`, sys.Call{Op: sys.OpClose, FD: 3}, sys.OK()},
		{`read(3) = "12\n"`, sys.Call{Op: sys.OpRead, FD: 3}, sys.Ret{Data: "12\n"}},
		{`write(3, "p0, \"a\"") = 7`, sys.Call{Op: sys.OpWrite, FD: 3, Data: `p0, "a"`}, sys.Ret{N: 7}},
		{`ftruncate(3, 0) = 0`, sys.Call{Op: sys.OpFtruncate, FD: 3}, sys.OK()},
		{`fstat(3) = {A, size=3, nlink=1, mtime=@-31s}`, sys.Call{Op: sys.OpFstat, FD: 3}, sys.Ret{Stat: stat}},
		{`stat("d") = {B, dir, size=0, nlink=0, mtime=@0s}`, sys.Call{Op: sys.OpStat, Path: "d"}, sys.Ret{Stat: dir}},
		{`lstat("s") = {B, symlink, size=1, nlink=2, mtime=@1.5s}`, sys.Call{Op: sys.OpLstat, Path: "s"}, sys.Ret{Stat: link}},
		{`unlink("l") = -1 ENOENT`, sys.Call{Op: sys.OpUnlink, Path: "l"}, sys.Fail(sys.ENOENT)},
		{`renameat2("a", "b", 0) = 0`, sys.Call{Op: sys.OpRename, Path: "a", Path2: "b"}, sys.OK()},
		{`renameat2("a", "b", RENAME_NOREPLACE) = -1 EEXIST`,
			sys.Call{Op: sys.OpRename, Path: "a", Path2: "b", Flags: sys.RENAME_NOREPLACE}, sys.Fail(sys.EEXIST)},
		{`link("a", "b") = 0`, sys.Call{Op: sys.OpLink, Path: "a", Path2: "b"}, sys.OK()},
		{`symlink("target", "s") = 0`, sys.Call{Op: sys.OpSymlink, Path: "s", Path2: "target"}, sys.OK()},
		{`readlink("s") = "target"`, sys.Call{Op: sys.OpReadlink, Path: "s"}, sys.Ret{Data: "target"}},
		{`mkdir("d", 0755) = 0`, sys.Call{Op: sys.OpMkdir, Path: "d", Mode: 0o755}, sys.OK()},
		{`rmdir("d") = -1 ENOTEMPTY`, sys.Call{Op: sys.OpRmdir, Path: "d"}, sys.Fail(sys.ENOTEMPTY)},
		{`fsync(3) = -1 EIO (fault)`, sys.Call{Op: sys.OpFsync, FD: 3}, sys.Ret{Err: sys.EIO, Fault: true}},
		{`fchmod(3, 0644) = 0`, sys.Call{Op: sys.OpFchmod, FD: 3, Mode: 0o644}, sys.OK()},
		{`flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN`,
			sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_EX | sys.LOCK_NB}, sys.Fail(sys.EWOULDBLOCK)},
		{`flock(3, LOCK_SH) = ?`, sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_SH}, sys.Ret{Wait: true}},
		{`flock(3, LOCK_UN) = 0`, sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_UN}, sys.OK()},
		{`fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = -1 EAGAIN`,
			sys.Call{Op: sys.OpFcntl, FD: 3, Flags: sys.F_SETLK, Record: sys.Record{Type: sys.F_WRLCK}}, sys.Fail(sys.EAGAIN)},
		{`fcntl(3, F_OFD_SETLKW, {F_RDLCK, start=10, len=-5}) = 0`,
			sys.Call{Op: sys.OpFcntl, FD: 3, Flags: sys.F_OFD_SETLKW, Record: sys.Record{Start: 10, Len: -5}}, sys.OK()},
		{`fcntl(3, F_GETLK, {F_RDLCK, start=0, len=1}) = {F_WRLCK, start=0, len=5, p0}`,
			sys.Call{Op: sys.OpFcntl, FD: 3, Flags: sys.F_GETLK, Record: sys.Record{Len: 1}},
			sys.Ret{Record: sys.Record{Type: sys.F_WRLCK, Len: 5, PID: sys.PIDOf(0)}}},
		{`fcntl(3, F_OFD_GETLK, {F_WRLCK, start=0, len=1}) = {F_RDLCK, start=0, len=0, ofd}`,
			sys.Call{Op: sys.OpFcntl, FD: 3, Flags: sys.F_OFD_GETLK, Record: sys.Record{Type: sys.F_WRLCK, Len: 1}},
			sys.Ret{Record: sys.Record{PID: sys.OFD}}},
		{`fcntl(3, F_GETLK, {F_WRLCK, start=7, len=1}) = {F_UNLCK, start=7, len=1}`,
			sys.Call{Op: sys.OpFcntl, FD: 3, Flags: sys.F_GETLK, Record: sys.Record{Type: sys.F_WRLCK, Start: 7, Len: 1}},
			sys.Ret{Record: sys.Record{Type: sys.F_UNLCK, Start: 7, Len: 1}}},
		{`dup(3) = 4<A>`, sys.Call{Op: sys.OpDup, FD: 3}, sys.Ret{N: 4, Ino: a}},
		{`fork() = p2`, sys.Call{Op: sys.OpFork}, sys.Ret{N: 2}},
		{`exec() = 0`, sys.Call{Op: sys.OpExec}, sys.OK()},
		{`exit() = 0`, sys.Call{Op: sys.OpExit}, sys.OK()},
		{`statfs(".") = 0xef53`, sys.Call{Op: sys.OpStatfs, Path: "."}, sys.Ret{N: sys.MagicExt4}},
		{`deadline(5s) = @5.01s`, sys.Call{Op: sys.OpDeadline, Dur: 5 * time.Second}, sys.Ret{Time: sys.Time{At: 5010 * time.Millisecond}}},
		{`expired(@5s) = yes`, sys.Call{Op: sys.OpExpired, T: sys.Time{At: 5 * time.Second}}, sys.Bool(true)},
		{`older(A.mtime, 30s) = no`, sys.Call{Op: sys.OpOlder, T: sys.Time{Of: a}, Dur: 30 * time.Second}, sys.Bool(false)},
		{`same(A.mtime, B.mtime) = no`, sys.Call{Op: sys.OpSame, T: sys.Time{Of: a}, U: sys.Time{Of: b}}, sys.Bool(false)},
		{`sleep(10ms) = 0`, sys.Call{Op: sys.OpSleep, Dur: 10 * time.Millisecond}, sys.OK()},
		{`go("hb") = #1`, sys.Call{Op: sys.OpGo, Path: "hb"}, sys.Ret{N: 1}},
		{`join(#1) = 0`, sys.Call{Op: sys.OpJoin, N: 1}, sys.OK()},
		{`cancel(#1) = 0`, sys.Call{Op: sys.OpCancel, N: 1}, sys.OK()},
		{`cancelled(90s) = yes`, sys.Call{Op: sys.OpCancelled, Dur: 90 * time.Second}, sys.Bool(true)},
		{`inside() = 0`, sys.Call{Op: sys.OpInside}, sys.OK()},
		{`interrupt() = 0`, sys.Call{Op: sys.OpInterrupt}, sys.OK()},
		{`kill(p1) = 0`, sys.Call{Op: sys.OpKill, N: 1}, sys.OK()},
	} {
		head, tail, _ := strings.Cut(test.line, ") = ")
		head += ")"
		if found := test.call.String() + " = " + test.ret.Format(test.call.Op); found != test.line {
			t.Errorf("found %s, wanted %s", found, test.line)
		}
		if c, err := sys.ParseCall(head); err != nil || c != test.call {
			t.Errorf("%s: found %+v, %v, wanted %+v", head, c, err, test.call)
		}
		if r, err := sys.ParseRet(test.call.Op, tail); err != nil || r != test.ret {
			t.Errorf("%s: found answer %+v, %v, wanted %+v", test.line, r, err, test.ret)
		}
	}
}

// Two calls that differ only in when they are made print alike.
func TestTheStampIsNotPrinted(t *testing.T) {
	c := sys.Call{Op: sys.OpSleep, Dur: time.Second, At: sys.Instant{Wall: time.Hour, Mono: time.Minute}}
	if found := c.String(); found != "sleep(1s)" {
		t.Errorf("found %s", found)
	}
}

func TestFlagsWithoutANameAreHex(t *testing.T) {
	for _, test := range []struct {
		call   sys.Call
		wanted string
	}{
		{sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | 0x1000}, `open("l", O_RDWR|0x1000)`},
		{sys.Call{Op: sys.OpOpen, Path: "l", Flags: sys.O_ACCMODE}, `open("l", 0x3)`},
		{sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_SH | sys.LOCK_EX}, `flock(3, 0x3)`},
		{sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_NB}, `flock(3, LOCK_NB)`},
		{sys.Call{Op: sys.OpFlock, FD: 3}, `flock(3)`},
		{sys.Call{Op: sys.OpRename, Path: "a", Path2: "b", Flags: 4}, `renameat2("a", "b", 0x4)`},
		{sys.Call{Op: sys.OpRename, Path: "a", Path2: "b", Flags: 3}, `renameat2("a", "b", RENAME_NOREPLACE|RENAME_EXCHANGE)`},
	} {
		if found := test.call.String(); found != test.wanted {
			t.Errorf("found %s, wanted %s", found, test.wanted)
		}
	}
}

func TestInodesAreNamedLikeColumns(t *testing.T) {
	for _, test := range []struct {
		ino    sys.Ino
		wanted string
	}{
		{sys.Ino{}, "?"},
		{sys.Ino{Num: 1}, "A"},
		{sys.Ino{Num: 26}, "Z"},
		{sys.Ino{Num: 27}, "AA"},
		{sys.Ino{Num: 52}, "AZ"},
		{sys.Ino{Num: 53}, "BA"},
		{sys.Ino{Num: 702}, "ZZ"},
		{sys.Ino{Num: 703}, "AAA"},
		{sys.Ino{Num: 65535}, "CRXO"},
		{sys.Ino{Num: 1, Gen: 1}, "A'"},
		{sys.Ino{Num: 27, Gen: 2}, "AA'2"},
		{sys.Ino{Num: 2, Gen: 65535}, "B'65535"},
	} {
		if found := test.ino.String(); found != test.wanted {
			t.Errorf("%+v: found %s, wanted %s", test.ino, found, test.wanted)
		}
		r, err := sys.ParseRet(sys.OpOpen, "3<"+test.wanted+">")
		if err != nil || r.Ino != test.ino {
			t.Errorf("%s: found %+v, %v", test.wanted, r.Ino, err)
		}
	}
}

func TestDurationsAreInSeconds(t *testing.T) {
	for wanted, d := range map[string]time.Duration{
		"0s": 0, "31s": 31 * time.Second, "90s": 90 * time.Second, "-3600s": -time.Hour,
		"10ms": 10 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "1m0.5s": time.Minute + 500*time.Millisecond,
	} {
		if found := sys.FormatDuration(d); found != wanted {
			t.Errorf("%d: found %s, wanted %s", d, found, wanted)
		}
	}
}

func TestUnknownOperationsPrint(t *testing.T) {
	for op, wanted := range map[sys.Op]string{0: "op#0()", 200: "op#200()"} {
		if found := (sys.Call{Op: op}).String(); found != wanted {
			t.Errorf("found %s, wanted %s", found, wanted)
		}
		if found := (sys.Ret{N: 7}).Format(op); found != "7" {
			t.Errorf("found answer %s, wanted 7", found)
		}
		if _, err := sys.ParseRet(op, "7"); err == nil || !strings.HasPrefix(err.Error(), "found op#") {
			t.Errorf("found error %v", err)
		}
	}
}

func TestCallErrorsSayWhatWasFoundAndWanted(t *testing.T) {
	for _, test := range []struct{ text, wanted string }{
		{"", `found "", wanted a call such as close(3)`},
		{"close", `found "close", wanted a call such as close(3)`},
		{"close(3", `found "close(3", wanted a call such as close(3)`},
		{"closed(3)", `found call "closed", wanted one of open, close, read, `},
		{"close()", `found close(), wanted it written close(0)`},
		{"close(3, 4)", `close: found 2 arguments, wanted 1`},
		{"close(x)", `close: argument 1: found "x", wanted a descriptor`},
		{"close(03)", `found close(03), wanted it written close(3)`},
		{"close(3, )", `found "" after argument 1, wanted a comma and an argument`},
		{`stat(l)`, `stat: argument 1: found l, wanted a string in double quotes`},
		{"stat(`l`)", "stat: argument 1: found `l`, wanted a string in double quotes"},
		{`stat("l)`, `found "l, wanted a closing quote`},
		{`stat("l"x)`, `found "x" after argument 1, wanted a comma and an argument`},
		{`stat("\x6c")`, `found stat("\x6c"), wanted it written stat("l")`},
		{`open("l", O_RDWR|O_CREATE, 0600)`, `open: argument 2: found flag "O_CREATE", wanted one of O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, `},
		{`open("l", O_CREAT|O_RDWR, 0600)`, `found open("l", O_CREAT|O_RDWR, 0600), wanted it written open("l", O_RDWR|O_CREAT, 0600)`},
		{`open("l", O_RDWR|O_CREAT)`, `found open("l", O_RDWR|O_CREAT), wanted it written open("l", O_RDWR|O_CREAT, 0000)`},
		{`open("l", O_RDWR, 0600)`, `found open("l", O_RDWR, 0600), wanted it written open("l", O_RDWR)`},
		{`open("l", O_RDWR|O_CREAT, 0888)`, `open: argument 3: found mode "0888", wanted octal digits`},
		{`ftruncate(3, much)`, `ftruncate: argument 2: found "much", wanted a size`},
		{`join(1)`, `join: argument 1: found "1", wanted # and a number`},
		{`kill(#1)`, `kill: argument 1: found "#1", wanted p and a number`},
		{`kill(pA)`, `kill: argument 1: found "A", wanted p and a number`},
		{`sleep(soon)`, `sleep: argument 1: found "soon", wanted a duration such as 30s`},
		{`sleep(1m30s)`, `found sleep(1m30s), wanted it written sleep(90s)`},
		{`fcntl(3, F_SETFL, {F_WRLCK, start=0, len=0})`, `fcntl: argument 2: found flag "F_SETFL", wanted one of 0, F_GETLK, F_SETLK, `},
		{`fcntl(3, F_SETLK, {F_EXLCK, start=0, len=0})`, `fcntl: argument 3: found flag "F_EXLCK", wanted one of F_RDLCK, F_WRLCK, F_UNLCK`},
		{`fcntl(3, F_SETLK, {F_WRLCK, start=x, len=0})`, `fcntl: argument 3: found "x", wanted an offset`},
		{`fcntl(3, F_SETLK, {F_WRLCK, start=0, 10})`, `fcntl: argument 3: found "10", wanted p and a number`},
		{`fcntl(3, F_SETLK, {F_WRLCK})`, `found fcntl(3, F_SETLK, {F_WRLCK}), wanted it written fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0})`},
		{`fcntl(3, F_SETLK, {F_WRLCK`, `found "fcntl(3, F_SETLK, {F_WRLCK", wanted a call`},
		{`older(A, 30s)`, `older: argument 1: found "A", wanted a time such as A.mtime or @10ms`},
		{`older(a.mtime, 30s)`, `older: argument 1: found "a", wanted an inode's name such as A`},
	} {
		_, err := sys.ParseCall(test.text)
		if err == nil || !strings.HasPrefix(err.Error(), test.wanted) {
			t.Errorf("%s: found error %v, wanted %s", test.text, err, test.wanted)
		}
	}
}

func TestRetErrorsSayWhatWasFoundAndWanted(t *testing.T) {
	for _, test := range []struct {
		op           sys.Op
		text, wanted string
	}{
		{sys.OpClose, "", `close = : wanted 0 or an error`},
		{sys.OpClose, "1", `close = 1: wanted 0 or an error`},
		{sys.OpClose, "-1 EBAD", `close = -1 EBAD: found error "EBAD", wanted a symbol such as ENOENT`},
		{sys.OpClose, "-1 E#2", `close = -1 E#2: found error "E#2", wanted a symbol such as ENOENT`},
		{sys.OpClose, "-1 EIO(fault)", `close = -1 EIO(fault): found error "EIO(fault)", wanted a symbol such as ENOENT`},
		{sys.OpOpen, "3", `open = 3: wanted a descriptor such as 3<A>`},
		{sys.OpOpen, "x<A>", `open = x<A>: found "x", wanted a descriptor`},
		{sys.OpOpen, "3<A", `open = 3<A: wanted it written 3<A>`},
		{sys.OpOpen, "3<>", `open = 3<>: found "", wanted an inode's name such as A`},
		{sys.OpOpen, "3<a>", `open = 3<a>: found "a", wanted an inode's name such as A`},
		{sys.OpOpen, "3<A'1>", `open = 3<A'1>: found "A'1", wanted an inode's name such as A`},
		{sys.OpOpen, "3<CRXP>", `open = 3<CRXP>: found "CRXP", wanted an inode's name such as A`},
		{sys.OpWrite, "many", `write = many: found "many", wanted a count`},
		{sys.OpRead, "x", `read = x: found x, wanted a string in double quotes`},
		{sys.OpFcntl, "12", `fcntl = 12: found flag "12", wanted one of F_RDLCK, F_WRLCK, F_UNLCK`},
		{sys.OpFcntl, "{F_UNLCK}", `fcntl = {F_UNLCK}: wanted it written {F_UNLCK, start=0, len=0}`},
		{sys.OpExpired, "maybe", `expired = maybe: wanted yes or no`},
		{sys.OpDeadline, "5s", `deadline = 5s: found "5s", wanted a time such as A.mtime or @10ms`},
		{sys.OpGo, "1", `go = 1: found "1", wanted # and a number`},
		{sys.OpFork, "2", `fork = 2: found "2", wanted p and a number`},
		{sys.OpStatfs, "ext4", `statfs = ext4: wanted a magic number such as 0xef53`},
		{sys.OpStatfs, "61267", `statfs = 61267: wanted it written 0xef53`},
		{sys.OpStat, "{A}", `stat = {A}: wanted it written {A, size=0, nlink=0, mtime=@0s}`},
		{sys.OpStat, "{A, size=x, nlink=1, mtime=@0s}", `stat = {A, size=x, nlink=1, mtime=@0s}: found "x", wanted a size`},
		{sys.OpStat, "{A, mode=0600}", `stat = {A, mode=0600}: wanted a stat such as {A, size=0, nlink=1, mtime=@0s}`},
	} {
		_, err := sys.ParseRet(test.op, test.text)
		if err == nil || err.Error() != test.wanted {
			t.Errorf("found error %v, wanted %s", err, test.wanted)
		}
	}
}

// Programs make calls that lock code cannot: they have the name and the arguments
// that they were written with.
func TestCallsOfProgramsReadBackAsTheyWereWritten(t *testing.T) {
	for _, text := range []string{`access("l", 4)`, `wait()`, `dup2(3, 9)`, `utimensat("a, b")`, `close(3)`} {
		c, err := sys.ParseForeign(text)
		if err != nil || c.String() != text {
			t.Errorf("%s: found %s, %v", text, c, err)
		}
		if known := c.Op != sys.OpForeign; known != (text == "close(3)") {
			t.Errorf("%s: found the operation %s", text, c.Op)
		}
	}
	for _, text := range []string{"", "access", "access(", "(3)", "Access(3)", "close(x)"} {
		if c, err := sys.ParseForeign(text); err == nil {
			t.Errorf("%s: found %s, wanted an error", text, c)
		}
	}
}
