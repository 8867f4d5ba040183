package sys_test

import (
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"pgregory.net/rapid"
)

// lastOp is the last of the operations.
const lastOp = sys.OpKill

var (
	// texts are strings that could be mistaken for what is around them.
	texts = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"l", "", ",", ", ", `"`, `\`, `\"`, "\n", ") = ", `") = 3<A>`, "äöü", "日本", "\x00", "\xff\xfe", "-1 ENOENT", "?",
	}))
	durations = rapid.OneOf(
		rapid.Map(rapid.Int64(), func(n int64) time.Duration { return time.Duration(n) }),
		rapid.Map(rapid.Int32(), func(n int32) time.Duration { return time.Duration(n) * time.Second }),
	)
	inodes = rapid.Custom(func(t *rapid.T) sys.Ino {
		num := rapid.Uint16().Draw(t, "num")
		return sys.Ino{Num: num, Gen: rapid.Uint16Range(0, 65535*min(num, 1)).Draw(t, "gen")}
	})
	times = rapid.Custom(func(t *rapid.T) sys.Time {
		return sys.Time{Of: inodes.Draw(t, "of"), At: durations.Draw(t, "at")}
	})
	records = rapid.Custom(func(t *rapid.T) sys.Record {
		return sys.Record{
			Type:  rapid.OneOf(rapid.Int16Range(0, 3), rapid.Int16Range(0, 1<<15-1)).Draw(t, "type"),
			Start: rapid.Int64().Draw(t, "start"),
			Len:   rapid.Int64().Draw(t, "len"),
			PID:   rapid.IntRange(-1, 26).Draw(t, "pid"),
		}
	})
	// All that lock code can ask for, and the environment.
	operations = rapid.Map(rapid.IntRange(1, int(lastOp)), func(n int) sys.Op { return sys.Op(n) }).
			Filter(func(op sys.Op) bool { return op != sys.OpForeign })
	calls = rapid.Custom(func(t *rapid.T) sys.Call {
		return sys.Call{
			Op:    operations.Draw(t, "op"),
			FD:    rapid.Int().Draw(t, "fd"),
			Flags: rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 1<<31-1)).Draw(t, "flags"),
			Mode:  rapid.Uint32Range(0, 0o7777).Draw(t, "mode"),
			N:     rapid.Int64().Draw(t, "n"),
			Path:  texts.Draw(t, "path"),
			Path2: texts.Draw(t, "path2"),
			Data:  texts.Draw(t, "data"),
			Dur:   durations.Draw(t, "dur"),
			T:     times.Draw(t, "t"),
			U:     times.Draw(t, "u"),

			Record: records.Draw(t, "record"),
		}
	})
	errnos = rapid.OneOf(
		rapid.SampledFrom([]sys.Errno{sys.ENOENT, sys.EEXIST, sys.EWOULDBLOCK, sys.EOPNOTSUP, sys.EDQUOT}),
		rapid.Map(rapid.IntRange(1, 255), func(n int) sys.Errno { return sys.Errno(n) }),
	)
	rets = rapid.Custom(func(t *rapid.T) sys.Ret {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return sys.Ret{Wait: true}
		case 1:
			return sys.Ret{Err: errnos.Draw(t, "errno"), Fault: rapid.Bool().Draw(t, "fault")}
		}
		return sys.Ret{
			N:    rapid.Int64().Draw(t, "n"),
			Ino:  inodes.Draw(t, "ino"),
			Time: times.Draw(t, "time"),
			Data: texts.Draw(t, "data"),

			Record: records.Draw(t, "record"),
			Stat: sys.Stat{
				Ino:   inodes.Draw(t, "inode"),
				Kind:  sys.Kind(rapid.IntRange(0, 2).Draw(t, "type")),
				Nlink: rapid.Int().Draw(t, "nlink"),
				Size:  rapid.Int64().Draw(t, "size"),
				Mtime: sys.Time{At: durations.Draw(t, "mtime")},
			},
		}
	})
)

// What a call's text leaves out (a stamp, unused fields, the instant of a
// file's mtime) is gone; the text is the same.
func TestEveryCallReadsBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := calls.Draw(t, "call").String()
		c, err := sys.ParseCall(text)
		if err != nil || c.String() != text {
			t.Fatalf("%s: found %s, %v", text, c, err)
		}
	})
}

func TestEveryRetReadsBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := sys.Op(rapid.IntRange(1, int(lastOp)).Draw(t, "op"))
		text := rets.Draw(t, "ret").Format(op)
		r, err := sys.ParseRet(op, text)
		if err != nil || r.Format(op) != text {
			t.Fatalf("%s = %s: found %s, %v", op, text, r.Format(op), err)
		}
	})
}

func FuzzParseCall(f *testing.F) {
	for _, text := range []string{
		`open("l", O_RDWR|O_CREAT, 0600)`, `flock(3, LOCK_EX|LOCK_NB)`, `write(3, "a, \") = \x00")`, `inside()`,
		`renameat2("a", "b", 0)`, `older(AA'2.mtime, 30s)`, `same(@-1s, @1.5ms)`, `kill(p1)`, `join(#1)`, `close(`,
		`fcntl(3, F_OFD_SETLKW, {F_WRLCK, start=-1, len=0, ofd})`, `fcntl(3, 0, {0xffff, start=1, len=2, p0})`, `fcntl(3, F_SETLK, {`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := sys.ParseCall(text); err == nil && c.String() != text {
			t.Errorf("%q reads as %s", text, c)
		}
	})
}

func FuzzParseRet(f *testing.F) {
	for op := range lastOp {
		for _, text := range []string{"0", "3<A>", "3<?>", "12", "yes", "p2", "@-31s", `"\xff"`, "#1", "0xef53", "-1 ENOENT", "-1 EIO (fault)", "?", "{A', dir, size=1, nlink=2, mtime=@0s}", "{F_RDLCK, start=0, len=9, p1}", "{F_UNLCK}"} {
			f.Add(uint8(op), text)
		}
	}
	f.Fuzz(func(t *testing.T, op uint8, text string) {
		if r, err := sys.ParseRet(sys.Op(op), text); err == nil && r.Format(sys.Op(op)) != text {
			t.Errorf("%s = %q reads as %s", sys.Op(op), text, r.Format(sys.Op(op)))
		}
	})
}
