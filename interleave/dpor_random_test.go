package interleave_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A hand is what a written program has: the files that it has opened, which its
// threads use too, and the thread that it has started.
type hand struct {
	files []sys.File
	seen  sys.Time
	child []sys.Thread
}

// words are what written programs are made of. A word that needs a file and finds
// none does nothing. One that returns false has been refused the lock.
var vocabulary = map[string]func(*sys.Proc, *hand) bool{
	"open":      opens(trial.Path, sys.O_RDWR),
	"create":    opens(trial.Path, sys.O_RDWR|sys.O_CREAT),
	"exclusive": opens(trial.Path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL),
	"truncate":  opens(trial.Path, sys.O_RDWR|sys.O_TRUNC),
	"other":     opens("m", sys.O_RDWR|sys.O_CREAT),
	"below":     opens("d/x", sys.O_RDWR|sys.O_CREAT),
	"close": func(p *sys.Proc, h *hand) bool {
		if n := len(h.files); n > 0 {
			f := h.files[n-1]
			h.files = h.files[:n-1]
			_ = p.Close(f)
		}
		return true
	},
	"EX": flocks(sys.LOCK_EX), "EX try": flocks(sys.LOCK_EX | sys.LOCK_NB),
	"SH": flocks(sys.LOCK_SH), "SH try": flocks(sys.LOCK_SH | sys.LOCK_NB), "UN": flocks(sys.LOCK_UN),
	"fstat": on(func(p *sys.Proc, f sys.File) { _, _ = p.Fstat(f) }),
	"write": on(func(p *sys.Proc, f sys.File) { _ = p.Write(f, "x") }),
	"read":  on(func(p *sys.Proc, f sys.File) { _, _ = p.Read(f) }),
	"chmod": on(func(p *sys.Proc, f sys.File) { _ = p.Fchmod(f, 0o644) }),
	"stat": func(p *sys.Proc, h *hand) bool {
		st, _ := p.Stat(trial.Path)
		h.seen = st.Mtime
		return true
	},
	"older":      func(p *sys.Proc, h *hand) bool { return !p.Older(h.seen, 2*time.Second) },
	"stat m":     does(func(p *sys.Proc) { _, _ = p.Stat("m") }),
	"stat d":     does(func(p *sys.Proc) { _, _ = p.Stat("d") }),
	"dot":        does(func(p *sys.Proc) { _, _ = p.Lstat("./l") }),
	"unlink":     does(func(p *sys.Proc) { _ = p.Unlink(trial.Path) }),
	"rename":     does(func(p *sys.Proc) { _ = p.Rename(trial.Path, "m", 0) }),
	"back":       does(func(p *sys.Proc) { _ = p.Rename("m", trial.Path, sys.RENAME_NOREPLACE) }),
	"swap":       does(func(p *sys.Proc) { _ = p.Rename(trial.Path, "m", sys.RENAME_EXCHANGE) }),
	"link":       does(func(p *sys.Proc) { _ = p.Link(trial.Path, "m") }),
	"below gone": does(func(p *sys.Proc) { _ = p.Unlink("d/x") }),
	"mkdir":      does(func(p *sys.Proc) { _ = p.Mkdir("d", 0o700) }),
	"rmdir":      does(func(p *sys.Proc) { _ = p.Rmdir("d") }),
	"moved":      does(func(p *sys.Proc) { _ = p.Rename("d", "e", 0) }),
	"points":     does(func(p *sys.Proc) { _ = p.Symlink("m", trial.Path) }),
	"sleep":      does(func(p *sys.Proc) { p.Sleep(time.Second) }),
	"join": func(p *sys.Proc, h *hand) bool {
		for _, c := range h.child {
			p.Join(c)
		}
		return true
	},
	"cancel": func(p *sys.Proc, h *hand) bool {
		for _, c := range h.child {
			p.Cancel(c)
		}
		return true
	},
	"wait":   does(func(p *sys.Proc) { p.Cancelled(time.Second) }),
	"touch":  does(func(p *sys.Proc) { _ = p.Utimes(trial.Path, time.Second) }),
	"held":   does(func(p *sys.Proc) { _, _ = p.FlockHeld(trial.Path) }),
	"load":   does(func(p *sys.Proc) { _, _ = p.Load("m") }),
	"store":  does(func(p *sys.Proc) { _ = p.Store("m", "1") }),
	"getpid": does(func(p *sys.Proc) { p.Getpid() }),
	"alive":  does(func(p *sys.Proc) { p.Alive(1) }),
	"Lock":   does(func(p *sys.Proc) { p.Lock("m") }),
	"Unlock": does(func(p *sys.Proc) { p.Unlock("m") }),
	"Swap":   does(func(p *sys.Proc) { p.Swap("c", "1") }),
	"Put":    on(func(p *sys.Proc, f sys.File) { p.Put("c", f) }),
	"Get": func(p *sys.Proc, h *hand) bool {
		if f, ok := p.Get("c"); ok {
			h.files = append(h.files, f)
		}
		return true
	},
}

func opens(path string, flags int) func(*sys.Proc, *hand) bool {
	return func(p *sys.Proc, h *hand) bool {
		f, err := p.Open(path, flags, 0o600)
		if err == nil {
			h.files = append(h.files, f)
		}
		return err == nil
	}
}

func flocks(how int) func(*sys.Proc, *hand) bool {
	return func(p *sys.Proc, h *hand) bool {
		return len(h.files) == 0 || p.Flock(h.files[len(h.files)-1], how) == nil
	}
}

func on(do func(*sys.Proc, sys.File)) func(*sys.Proc, *hand) bool {
	return func(p *sys.Proc, h *hand) bool {
		if len(h.files) > 0 {
			do(p, h.files[0])
		}
		return true
	}
}

func does(do func(*sys.Proc)) func(*sys.Proc, *hand) bool {
	return func(p *sys.Proc, _ *hand) bool {
		do(p)
		return true
	}
}

// A written program: to acquire, what a thread does meanwhile, to release.
type written struct{ acquire, thread, release []string }

func (d written) run(p *sys.Proc, words []string, h *hand) bool {
	for _, w := range words {
		if w == "go" {
			files := slices.Clone(h.files)
			h.child = append(h.child, p.Go("x", func(p *sys.Proc) { d.run(p, d.thread, &hand{files: files}) }))
		} else if !vocabulary[w](p, h) {
			return false
		}
	}
	return true
}

// drawing is a lock whose clients have a program each, told by their verb.
func drawing(programs [3]written) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		d := programs[0]
		if how.Try {
			d = programs[1]
		} else if how.Shared {
			d = programs[2]
		}
		h := &hand{}
		if !d.run(p, d.acquire, h) {
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error {
			d.run(p, d.release, h)
			return nil
		}, nil
	}
}

func drawProgram(t *rapid.T, longest int) written {
	var all []string
	for w := range vocabulary {
		all = append(all, w)
	}
	// Files and locks twice as often as all else.
	all = append(all, "create", "create", "EX", "EX", "EX try", "SH", "close", "unlink", "fstat")
	slices.Sort(all)
	some := func(label string, least, most int) []string {
		return rapid.SliceOfN(rapid.SampledFrom(all), least, most).Draw(t, label)
	}
	d := written{acquire: some("acquire", 1, longest), release: some("release", 0, 2)}
	if rapid.IntRange(0, 3).Draw(t, "thread") == 0 {
		d.thread = some("thread", 1, 2)
		at := rapid.IntRange(0, len(d.acquire)).Draw(t, "go")
		d.acquire = slices.Insert(d.acquire, at, "go")
	}
	return d
}

func drawTrial(t *rapid.T, tb testing.TB) *trial.Trial {
	clients := rapid.SampledFrom([][]string{
		{"p0: lock inside unlock", "p1: trylock inside unlock"},
		{"p0.a: lock inside unlock", "p0.b: trylock inside unlock"},
		{"p0: lock inside unlock", "p1: trylock inside unlock", "p2: rlock inside unlock"},
		{"p0.a: lock inside unlock", "p0.b: trylock inside unlock", "p1: rlock inside unlock"},
	}).Draw(t, "clients")
	longest := 7 - 2*len(clients) + 1
	var programs [3]written
	for i := range clients {
		programs[i] = drawProgram(t, longest)
	}
	tr := drawing(programs).Trial(tb, clients...)
	tr.Budget = rapid.SampledFrom([]trial.Budget{
		{}, {}, {}, {}, {Kills: 1}, {Kills: 1}, {Kills: 2}, {Errors: 1}, {Kills: 1, Errors: 1}, {Jumps: 1}, {Pauses: 1}, {Unlinks: 1}, {Jumps: 1, Kills: 1},
	}).Draw(t, "budget")
	tr.Config.Stale = rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(t, "stale")
	if rapid.Bool().Draw(t, "start") {
		tr.Start = []sys.Entry{{Name: trial.Path, Age: time.Second}}
	}
	return tr
}

// manyRuns is where the yardstick gets too long.
const manyRuns = 1500

// at most so many runs are made of an enumerator that says it has more.
type limited struct {
	enumerator
	left *int
}

func (l limited) Next() bool {
	*l.left--
	return *l.left > 0 && l.enumerator.Next()
}

// Of programs that are drawn DPOR finds the traces that all runs together have.
func TestDPORFindsTheTracesOfDrawnPrograms(t *testing.T) {
	compared, skipped := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTrial(rt, t)
		m := sim.Machine{Rules: sim.RulesOf(rapid.SampledFrom([]string{"tmpfs", "tmpfs", "ext4"}).Draw(rt, "profile"))}
		left := manyRuns
		all := summed(rt, tr, m, limited{interleave.NewBounded(longest, longest), &left})
		if left <= 0 {
			skipped++
			return
		}
		compared++
		d := interleave.NewDPOR(m, longest)
		found := summed(rt, tr, m, d)
		if differ := found.differ(all); differ != "" {
			rt.Fatalf("%s", differ)
		}
		if found.violations() != all.violations() || found.twice() > 0 {
			rt.Fatalf("found %d violations, wanted %d", found.violations(), all.violations())
		}
	})
	t.Logf("%d compared, %d too long", compared, skipped)
}
