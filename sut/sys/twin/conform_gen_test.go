package twin_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A row is an operation whose calls are drawn: how often, compared with others,
// and how each of its arguments is drawn.
type row struct {
	op     sys.Op
	weight int
	args   []drawn
}

// drawn draws an argument into its place in the call.
type drawn func(*rapid.T, *sys.Call)

// rows are the calls that a conformance run makes. To add one, add a line.
var rows = []row{
	{sys.OpOpen, 8, []drawn{path, flags(sys.O_RDWR | sys.O_CREAT), mode}},
	{sys.OpOpen, 6, []drawn{path, openFlags, mode}},
	{sys.OpFlock, 14, []drawn{fd, flockHow}},
	{sys.OpFcntl, 14, []drawn{fd, fcntlCommand, record}},
	{sys.OpDup, 4, []drawn{fd}},
	{sys.OpClose, 3, []drawn{fd}},
	{sys.OpRead, 3, []drawn{fd}},
	{sys.OpWrite, 3, []drawn{fd, data}},
	{sys.OpFtruncate, 3, []drawn{fd, size}},
	{sys.OpFstat, 3, []drawn{fd}},
	{sys.OpStat, 4, []drawn{path}},
	{sys.OpLstat, 3, []drawn{path}},
	{sys.OpUnlink, 5, []drawn{path}},
	{sys.OpRename, 8, []drawn{path, path2, renameFlags}},
	{sys.OpLink, 5, []drawn{path, path2}},
	{sys.OpSymlink, 5, []drawn{path, target}},
	{sys.OpReadlink, 2, []drawn{path}},
	{sys.OpMkdir, 5, []drawn{path, mode}},
	{sys.OpRmdir, 3, []drawn{path}},
	{sys.OpFchmod, 1, []drawn{fd, mode}},
	{sys.OpStatfs, 1, []drawn{path}},
	{sys.OpUtimes, 3, []drawn{path, ahead}},
	{sys.OpLoad, 3, []drawn{path}},
	{sys.OpStore, 4, []drawn{path, data}},
	{sys.OpGetpid, 1, nil},
	{sys.OpAlive, 1, []drawn{victim}},

	// Dear: a disk takes milliseconds for the first, what all processes have open
	// is looked at for the second, and new processes are made for the others.
	{sys.OpFsync, 1, []drawn{fd, rarely}},
	{sys.OpLocked, 2, []drawn{path, rarely}},
	{sys.OpKill, 1, []drawn{victim, rarely}},
	{sys.OpFork, 1, []drawn{rarely}},
	{sys.OpExec, 1, []drawn{rarely}},
	{sys.OpExit, 1, []drawn{rarely}},
	{sys.OpDaemon, 1, []drawn{rarely}},
}

// anyCall draws a call of any row.
var anyCall = rapid.Custom(func(t *rapid.T) sys.Call {
	r := pick(t, weighted)
	c := sys.Call{Op: r.op}
	for _, draw := range r.args {
		draw(t, &c)
	}
	return c
})

// weighted are the rows, each as often as it weighs.
var weighted = func() (all []row) {
	for _, r := range rows {
		all = append(all, slices.Repeat([]row{r}, r.weight)...)
	}
	return all
}()

// pick draws each of these as often as any other. rapid's own SampledFrom
// favours what stands first.
func pick[T any](t *rapid.T, of []T) T {
	const bits = 10
	n := 0
	for range bits {
		n *= 2
		if bit.Draw(t, "bit") {
			n++
		}
	}
	return of[n*len(of)>>bits]
}

var bit = rapid.Bool()

// names lead to few files in many ways, so that calls collide. None leads out
// of the trial's directory by itself; see targets for what links could do.
var names = slices.Concat(
	slices.Repeat([]string{"l", "m", "d", "s", "d/l"}, 4),
	slices.Repeat([]string{"d/m", "d/d", "s/l", "d/s", "l/", "d/"}, 2),
	[]string{
		"m/l", "s/d", "d/d/l", "s/", "m/", "d/d/", "s/l/", "", "none", "none/l", "none/../l",
		".", "./l", "d/.", "s/.", "d/..", "s/..", "d/../l", "s/../l", "d/./m", "d//l", "l/..", "l/.",
	},
)

// targets are what symbolic links lead to.
//
// None has a "." or ".." element: through a link to "." the path "s/.." leads
// out of the trial's directory, which exists for the real kernel alone.
var targets = []string{"l", "m", "d", "s", "d/l", "d/d", "d/", "l/", "none", "d/none", "s/l", ""}

var (
	path   = func(t *rapid.T, c *sys.Call) { c.Path = pick(t, names) }
	path2  = func(t *rapid.T, c *sys.Call) { c.Path2 = pick(t, names) }
	target = func(t *rapid.T, c *sys.Call) { c.Path2 = pick(t, targets) }

	fd   = func(t *rapid.T, c *sys.Call) { c.FD = pick(t, fds) }
	data = func(t *rapid.T, c *sys.Call) { c.Data = pick(t, contents) }
	size = func(t *rapid.T, c *sys.Call) { c.N = pick(t, sizes) }

	ahead = func(t *rapid.T, c *sys.Call) { c.Dur = pick(t, aheads) }

	victim = func(t *rapid.T, c *sys.Call) { c.N = rapid.Int64Range(0, maxProcs-1).Draw(t, "process") }

	renameFlags = flags(0, 0, sys.RENAME_NOREPLACE, sys.RENAME_EXCHANGE, sys.RENAME_NOREPLACE|sys.RENAME_EXCHANGE)

	flockHow = flags(
		sys.LOCK_SH, sys.LOCK_EX, sys.LOCK_UN, sys.LOCK_SH, sys.LOCK_EX, sys.LOCK_UN,
		sys.LOCK_SH|sys.LOCK_NB, sys.LOCK_EX|sys.LOCK_NB, sys.LOCK_SH|sys.LOCK_NB, sys.LOCK_EX|sys.LOCK_NB,
		sys.LOCK_UN|sys.LOCK_NB, 0, sys.LOCK_NB, sys.LOCK_SH|sys.LOCK_EX,
	)

	fcntlCommand = flags(
		sys.F_SETLK, sys.F_SETLKW, sys.F_OFD_SETLK, sys.F_OFD_SETLKW, sys.F_GETLK, sys.F_OFD_GETLK,
		sys.F_SETLK, sys.F_SETLKW, sys.F_OFD_SETLK, sys.F_OFD_SETLKW, 0xffff,
	)

	// What a mode forbids is not simulated, and root may do everything: owners
	// keep their rights, of directories too.
	mode = func(t *rapid.T, c *sys.Call) { c.Mode = pick(t, modes) }
)

var (
	fds      = []int{3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 7, 8}
	contents = []string{"a", "bcd", "0123456789\n\x00\xff", ""}
	modes    = []uint32{0o700, 0o755, 0o777}
	sizes    = []int64{0, 1, 3, 20, -1}
	aheads   = []time.Duration{0, time.Second, -time.Minute}
	ticks    = []time.Duration{time.Nanosecond, time.Millisecond, time.Second}
	types    = []int16{sys.F_RDLCK, sys.F_WRLCK, sys.F_RDLCK, sys.F_WRLCK, sys.F_UNLCK, 3}
)

// openFlags draws any access mode with any of the other flags.
func openFlags(t *rapid.T, c *sys.Call) {
	c.Flags = pick(t, []int{sys.O_RDONLY, sys.O_WRONLY, sys.O_RDWR, sys.O_ACCMODE})
	for _, f := range []int{sys.O_CREAT, sys.O_TRUNC} {
		if bit.Draw(t, "flag") {
			c.Flags |= f
		}
	}
	for _, f := range []int{sys.O_EXCL, sys.O_APPEND, sys.O_DIRECTORY, sys.O_NOFOLLOW, sys.O_CLOEXEC} {
		if pick(t, []bool{false, false, false, true}) {
			c.Flags |= f
		}
	}
}

// record draws a lock on few bytes, so that locks meet.
func record(t *rapid.T, c *sys.Call) {
	c.Record = sys.Record{
		Type:  pick(t, types),
		Start: rapid.Int64Range(0, 9).Draw(t, "start"),
		Len:   rapid.Int64Range(-2, 8).Draw(t, "len"),
	}
}

// flags draws one of these.
func flags(of ...int) drawn {
	return func(t *rapid.T, c *sys.Call) { c.Flags = pick(t, of) }
}

// rarely takes back most calls that were drawn.
func rarely(t *rapid.T, c *sys.Call) {
	if pick(t, []bool{true, true, true, true, false}) {
		*c = sys.Call{}
	}
}

// byName reports whether the environment can make the call too, which has no
// descriptors.
func byName(c sys.Call) bool { return c.Path != "" && c.Op != sys.OpOpen }
