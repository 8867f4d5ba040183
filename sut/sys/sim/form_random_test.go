package sim_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// anyCall returns a call of the kind that lock code makes, most of them on few
// names and descriptors so that calls meet.
func anyCall(r *rand.Rand) sys.Call {
	path := func() string { return []string{"l", "l", "m", "d", "d/l", "s"}[r.IntN(6)] }
	fd := 3 + r.IntN(4)
	flags := []int{sys.O_RDWR | sys.O_CREAT, sys.O_RDWR | sys.O_CREAT, sys.O_RDONLY, sys.O_WRONLY | sys.O_APPEND | sys.O_CREAT,
		sys.O_RDWR | sys.O_CREAT | sys.O_EXCL, sys.O_RDWR | sys.O_TRUNC | sys.O_CLOEXEC}
	flocks := []int{sys.LOCK_SH, sys.LOCK_EX, sys.LOCK_UN, sys.LOCK_SH | sys.LOCK_NB, sys.LOCK_EX | sys.LOCK_NB, sys.LOCK_EX | sys.LOCK_NB}
	renames := []int{0, 0, sys.RENAME_NOREPLACE, sys.RENAME_EXCHANGE}
	all := []sys.Call{
		{Op: sys.OpOpen, Path: path(), Flags: flags[r.IntN(len(flags))], Mode: 0o600},
		{Op: sys.OpOpen, Path: path(), Flags: flags[r.IntN(len(flags))], Mode: 0o600},
		{Op: sys.OpOpen, Path: path(), Flags: flags[r.IntN(len(flags))], Mode: 0o600},
		{Op: sys.OpClose, FD: fd}, {Op: sys.OpClose, FD: fd}, {Op: sys.OpDup, FD: fd},
		{Op: sys.OpFlock, FD: fd, Flags: flocks[r.IntN(len(flocks))]}, {Op: sys.OpFlock, FD: fd, Flags: flocks[r.IntN(len(flocks))]},
		{Op: sys.OpFcntl, FD: fd, Flags: sys.F_SETLK, Record: sys.Record{Type: int16(r.IntN(3)), Len: int64(r.IntN(3))}},
		{Op: sys.OpWrite, FD: fd, Data: "x"}, {Op: sys.OpRead, FD: fd}, {Op: sys.OpFtruncate, FD: fd, N: int64(r.IntN(3))},
		{Op: sys.OpFstat, FD: fd}, {Op: sys.OpStat, Path: path()}, {Op: sys.OpLstat, Path: path()}, {Op: sys.OpStat, Path: "."},
		{Op: sys.OpUnlink, Path: path()}, {Op: sys.OpRename, Path: path(), Path2: path(), Flags: renames[r.IntN(4)]},
		{Op: sys.OpLink, Path: path(), Path2: path()}, {Op: sys.OpSymlink, Path: path(), Path2: path()}, {Op: sys.OpReadlink, Path: path()},
		{Op: sys.OpMkdir, Path: path(), Mode: 0o700}, {Op: sys.OpRmdir, Path: path()},
		{Op: sys.OpUtimes, Path: path(), Dur: time.Duration(r.IntN(3)-1) * time.Second}, {Op: sys.OpLocked, Path: path()},
		{Op: sys.OpLoad, Path: path()}, {Op: sys.OpStore, Path: path(), Data: "xyz"[:r.IntN(4)]}, {Op: sys.OpAlive, N: int64(r.IntN(4))},
		{Op: sys.OpMutex, Path: path()}, {Op: sys.OpUnmutex, Path: path()}, {Op: sys.OpSwap, Path: path(), Data: "xyz"[:r.IntN(4)]},
		{Op: sys.OpPut, Path: path(), FD: fd * r.IntN(2)}, {Op: sys.OpGet, Path: path()}, {Op: sys.OpGetpid},
	}
	if r.IntN(60) == 0 {
		return []sys.Call{{Op: sys.OpExit}, {Op: sys.OpExec}, {Op: sys.OpFork}}[r.IntN(3)]
	}
	return all[r.IntN(len(all))]
}

// A pair is a kernel and what became of it by writing and reading, which began a
// new count of time and of inodes. They must answer alike, but for these.
type pair struct {
	t         *rapid.T
	one, two  *sim.State
	now       time.Duration // of the first; the second's began at since
	since     time.Duration
	there     map[uint16]uint16 // the second's inodes by the first's
	back      map[uint16]uint16
	processes int
}

func (p *pair) do(id sys.TID, c sys.Call) {
	d := c
	c.At = sys.Instant{Wall: p.now, Mono: p.now}
	d.At = sys.Instant{Wall: p.now - p.since, Mono: p.now - p.since}
	if a, b := p.one.Ready(id, c), p.two.Ready(id, d); a != b {
		p.t.Fatalf("p%d %s: found it ready %t, wanted %t", id.Proc, c, b, a)
	}
	a, err := p.one.Do(id, c)
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := p.two.Do(id, d)
	if err != nil {
		p.t.Fatal(err)
	}
	p.same(a.Ino, b.Ino)
	p.same(a.Stat.Ino, b.Stat.Ino)
	b.Ino, b.Stat.Ino, b.Stat.Mtime.Of = a.Ino, a.Stat.Ino, a.Stat.Mtime.Of
	if a.Err == 0 && (c.Op == sys.OpStat || c.Op == sys.OpLstat || c.Op == sys.OpFstat) {
		b.Stat.Mtime.At += p.since
	}
	if a != b {
		p.t.Fatalf("p%d %s: found %+v, wanted %+v, of\n%s", id.Proc, c, b, a, p.two)
	}
	if c.Op == sys.OpFork && a.Err == 0 {
		p.processes++
	}
}

// same notes that the inodes go by these numbers; always, and no others do.
func (p *pair) same(a, b sys.Ino) {
	there, ok := p.there[a.Num]
	back, also := p.back[b.Num]
	if ok != also || ok && (there != b.Num || back != a.Num) {
		p.t.Fatalf("found inode %d for %d, was %d for %d", b.Num, a.Num, there, back)
	}
	p.there[a.Num], p.back[b.Num] = b.Num, a.Num
}

// A state that was written and read is the same again: it looks the same, is
// written the same, and answers whatever it is asked as it would have.
func TestAStateThatWasReadIsTheOneThatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := sim.RulesOf(rapid.SampledFrom([]string{"ext4", "tmpfs", "nfs2", "nfs3-nolock", "nfs4", "smb", "fuse"}).Draw(t, "profile"))
		s, err := sim.New(rules, sys.Setup{Procs: 3, Files: []sys.Entry{{Name: "l", Content: "xy", Age: time.Minute}, {Name: "d", Kind: sys.Directory}}})
		if err != nil {
			t.Fatal(err)
		}
		p := &pair{t: t, one: s, two: &sim.State{}, there: map[uint16]uint16{}, back: map[uint16]uint16{}, processes: 3}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		p.two.CopyFrom(s)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for range rapid.IntRange(0, 60).Draw(t, "calls") {
				p.now += time.Duration(r.IntN(2)) * time.Second
				p.do(sys.TID{Proc: uint8(r.IntN(p.processes))}, anyCall(r))
			}
			p.rewrite()
		}
	})
}

// rewrite writes the second kernel and reads it again.
func (p *pair) rewrite() {
	f := sim.Form{Now: p.now - p.since, Oldest: time.Hour, Numbers: true, Directories: true}
	for i := range p.processes {
		f.Order = append(f.Order, i)
	}
	before := looks(p.two, f.Now)
	written := p.two.Append([]byte("before"), &f)
	rest := p.two.Read(append(written, "after"...)[len("before"):], &f)
	if string(rest) != "after" {
		p.t.Fatalf("found %q left, wanted after", rest)
	}
	p.since, f.Now = p.now, 0
	p.renumber(&f)
	if after := looks(p.two, 0); after != before {
		p.t.Fatalf("found\n%swanted\n%s", after, before)
	}
	if again := p.two.Append([]byte("before"), &f); !bytes.Equal(again, written) {
		p.t.Fatalf("found it written as\n%x then as\n%x", written, again)
	}
}

// renumber takes note of the numbers that inodes were written as. The number of
// a file that is gone may mean another one from here on.
func (p *pair) renumber(f *sim.Form) {
	there := p.there
	p.there, p.back = map[uint16]uint16{}, map[uint16]uint16{}
	for a, b := range there {
		if n := f.Inode[b]; n >= 0 {
			p.there[a], p.back[uint16(n)] = uint16(n), a
		}
	}
}

var (
	inodeName = regexp.MustCompile(`\b[A-Z]+\b('\d*)?`)
	instant   = regexp.MustCompile(`mtime=@[^}]*`)
)

// looks returns what the state looks like but for the names of inodes, with ages
// in place of instants.
func looks(s *sim.State, now time.Duration) string {
	text := instant.ReplaceAllStringFunc(s.String(), func(at string) string {
		d, err := time.ParseDuration(at[len("mtime=@"):])
		if err != nil {
			return err.Error()
		}
		return "age=" + (now - d).String()
	})
	lines := strings.SplitAfter(inodeName.ReplaceAllString(text, "?"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}
