package explore

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A hand is what one acquisition of a drawn lock has: the files that it opened
// and what it was told of files.
type hand struct {
	files   []sys.File
	seen    []sys.Stat
	threads []sys.Thread
}

// A word is what drawn locks are made of: a call, or a question about what a
// call has told. The answer, yes or no, says which way the lock goes on. A word
// that needs a file or a stat and finds none says no.
type word func(*sys.Proc, *hand) bool

var vocabulary = map[string]word{
	"open":      opens(trial.Path, sys.O_RDWR),
	"create":    opens(trial.Path, sys.O_RDWR|sys.O_CREAT),
	"exclusive": opens(trial.Path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL),
	"truncate":  opens(trial.Path, sys.O_RDWR|sys.O_TRUNC),
	"append":    opens(trial.Path, sys.O_RDWR|sys.O_APPEND),
	"other":     opens("m", sys.O_RDWR|sys.O_CREAT),
	"close": func(p *sys.Proc, h *hand) bool {
		n := len(h.files)
		if n == 0 {
			return false
		}
		f := h.files[n-1]
		h.files = h.files[:n-1]
		return p.Close(f) == nil
	},
	"dup": onFile(func(p *sys.Proc, h *hand, f sys.File) bool {
		g, err := p.Dup(f)
		if err == nil {
			h.files = append(h.files, g)
		}
		return err == nil
	}),
	"EX": flocks(sys.LOCK_EX), "EX try": flocks(sys.LOCK_EX | sys.LOCK_NB),
	"SH": flocks(sys.LOCK_SH), "SH try": flocks(sys.LOCK_SH | sys.LOCK_NB), "UN": flocks(sys.LOCK_UN),
	"ftruncate": onFile(func(p *sys.Proc, _ *hand, f sys.File) bool { return p.Ftruncate(f, 0) == nil }),
	"write":     onFile(func(p *sys.Proc, _ *hand, f sys.File) bool { return p.Write(f, "x") == nil }),
	"read": onFile(func(p *sys.Proc, _ *hand, f sys.File) bool {
		text, err := p.Read(f)
		return err == nil && text == "x"
	}),
	"fstat": onFile(func(p *sys.Proc, h *hand, f sys.File) bool {
		st, err := p.Fstat(f)
		h.seen = append(h.seen, st)
		return err == nil
	}),
	"stat": func(p *sys.Proc, h *hand) bool {
		st, err := p.Stat(trial.Path)
		if err == nil {
			h.seen = append(h.seen, st)
		}
		return err == nil
	},
	"stat .": func(p *sys.Proc, h *hand) bool {
		st, err := p.Stat(".")
		h.seen = append(h.seen, st)
		return err == nil
	},
	"older": seen(1, func(p *sys.Proc, st []sys.Stat) bool { return p.Older(st[0].Mtime, 2*time.Second) }),
	"named": seen(1, func(p *sys.Proc, st []sys.Stat) bool { return p.Nlink(st[0]) > 0 }),
	"empty": seen(1, func(p *sys.Proc, st []sys.Stat) bool { return p.Size(st[0]) == 0 }),
	"same":  seen(2, func(p *sys.Proc, st []sys.Stat) bool { return p.SameFile(st[0], st[1]) }),
	"moved": seen(2, func(p *sys.Proc, st []sys.Stat) bool { return p.Same(st[0].Mtime, st[1].Mtime) }),

	"unlink": does(func(p *sys.Proc) error { return p.Unlink(trial.Path) }),
	"rename": does(func(p *sys.Proc) error { return p.Rename("m", trial.Path, 0) }),
	"take":   does(func(p *sys.Proc) error { return p.Rename(trial.Path, "m", sys.RENAME_NOREPLACE) }),
	"swap":   does(func(p *sys.Proc) error { return p.Rename(trial.Path, "m", sys.RENAME_EXCHANGE) }),
	"link":   does(func(p *sys.Proc) error { return p.Link("m", trial.Path) }),
	"mkdir":  does(func(p *sys.Proc) error { return p.Mkdir("d", 0o700) }),
	"rmdir":  does(func(p *sys.Proc) error { return p.Rmdir("d") }),

	"sleep": func(p *sys.Proc, _ *hand) bool { p.Sleep(time.Second); return true },
	"poll":  polls,
	"join": func(p *sys.Proc, h *hand) bool {
		for _, t := range h.threads {
			p.Join(t)
		}
		return len(h.threads) > 0
	},
	"cancel": func(p *sys.Proc, h *hand) bool {
		for _, t := range h.threads {
			p.Cancel(t)
		}
		return len(h.threads) > 0
	},
	"wait": func(p *sys.Proc, _ *hand) bool { return p.Cancelled(time.Second) },

	"touch": does(func(p *sys.Proc) error { return p.Utimes(trial.Path, time.Second) }),
	"held":  func(p *sys.Proc, _ *hand) bool { yes, err := p.FlockHeld(trial.Path); return err == nil && yes },
	"load":  func(p *sys.Proc, _ *hand) bool { text, err := p.Load("m"); return err == nil && text == "" },
	"store": does(func(p *sys.Proc) error { return p.Store("m", "1") }),
	"alive": func(p *sys.Proc, _ *hand) bool { return p.Alive(1 - p.Getpid()) },
	"mutex": func(p *sys.Proc, _ *hand) bool { p.Lock("m"); return true },
	"free":  func(p *sys.Proc, _ *hand) bool { p.Unlock("m"); return true },
	"cell":  func(p *sys.Proc, _ *hand) bool { return p.Swap("c", "1") == "" },
	"clear": func(p *sys.Proc, _ *hand) bool { return p.Swap("c", "") == "" },
	"put":   onFile(func(p *sys.Proc, _ *hand, f sys.File) bool { p.Put("f", f); return true }),
	"get": func(p *sys.Proc, h *hand) bool {
		f, ok := p.Get("f")
		if ok {
			h.files = append(h.files, f)
		}
		return ok
	},
}

func opens(path string, flags int) word {
	return func(p *sys.Proc, h *hand) bool {
		f, err := p.Open(path, flags, 0o600)
		if err == nil {
			h.files = append(h.files, f)
		}
		return err == nil
	}
}

func flocks(how int) word {
	return onFile(func(p *sys.Proc, _ *hand, f sys.File) bool { return p.Flock(f, how) == nil })
}

// onFile does something to the file that was opened last.
func onFile(do func(*sys.Proc, *hand, sys.File) bool) word {
	return func(p *sys.Proc, h *hand) bool {
		return len(h.files) > 0 && do(p, h, h.files[len(h.files)-1])
	}
}

// seen asks about what the last calls of stat told.
func seen(n int, ask func(*sys.Proc, []sys.Stat) bool) word {
	return func(p *sys.Proc, h *hand) bool {
		return len(h.seen) >= n && ask(p, h.seen[len(h.seen)-n:])
	}
}

func does(do func(*sys.Proc) error) word {
	return func(p *sys.Proc, _ *hand) bool { return do(p) == nil }
}

// polls tries flock every second and gives up after two.
func polls(p *sys.Proc, h *hand) bool {
	if len(h.files) == 0 {
		return false
	}
	f, deadline := h.files[0], p.Deadline(2*time.Second)
	expired := func(error) bool { return p.Expired(deadline) }
	return p.Retry(sys.Backoff{Initial: time.Second}, expired, func() error {
		return p.Flock(f, sys.LOCK_EX|sys.LOCK_NB)
	}) == nil
}

// A line is one word of a drawn lock, and what follows where it says no:
// another word, "refuse", or nothing in particular.
type line struct{ do, or string }

// A written lock: what acquires, what a thread does that "go" starts, what
// releases; tidy ones close everything when they are refused and at the end.
type written struct {
	acquire, thread, release []line
	tidy                     bool
}

// run goes through the lines, and reports whether none refused.
func (w written) run(p *sys.Proc, lines []line, h *hand) bool {
	for _, l := range lines {
		switch {
		case l.do == "go":
			theirs := &hand{files: slices.Clone(h.files), seen: slices.Clone(h.seen)}
			h.threads = append(h.threads, p.Go("x", func(p *sys.Proc) { w.run(p, w.thread, theirs) }))
		case vocabulary[l.do](p, h) || l.or == "":
		case l.or == "refuse":
			return false
		default:
			vocabulary[l.or](p, h)
		}
	}
	return true
}

func (w written) finish(p *sys.Proc, h *hand) {
	for w.tidy && len(h.files) > 0 {
		vocabulary["close"](p, h)
	}
}

// drawn is a lock whose clients have a program each, told by their verb.
func drawn(programs [3]written) tiny {
	return func(p *sys.Proc, how lock.How) (lock.Release, error) {
		w := programs[0]
		if how.Try {
			w = programs[1]
		} else if how.Shared {
			w = programs[2]
		}
		h := &hand{}
		if !w.run(p, w.acquire, h) {
			w.finish(p, h)
			return nil, lock.ErrBusy
		}
		return func(p *sys.Proc) error {
			h := &hand{slices.Clone(h.files), slices.Clone(h.seen), slices.Clone(h.threads)} // a child releases, too
			w.run(p, w.release, h)
			w.finish(p, h)
			return nil
		}, nil
	}
}

// drawLock draws a program of at most so many words.
func drawLock(t *rapid.T, longest int) written {
	all := slices.Sorted(func(yield func(string) bool) {
		for w := range vocabulary {
			if !yield(w) {
				return
			}
		}
	})
	// What locks are mostly made of comes more often.
	all = append(all, "create", "create", "create", "EX try", "EX try", "EX", "exclusive", "stat", "fstat", "same", "older", "named", "unlink", "close")
	some := func(label string, least, most int) []line {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) line {
			l := line{do: rapid.SampledFrom(all).Draw(t, "do")}
			switch rapid.IntRange(0, 5).Draw(t, "or") {
			case 0, 1, 2:
				l.or = "refuse"
			case 3:
				l.or = rapid.SampledFrom(all).Draw(t, "word")
			}
			return l
		}), least, most).Draw(t, label)
	}
	w := written{acquire: some("acquire", 1, longest), release: some("release", 0, 2), tidy: rapid.Bool().Draw(t, "tidy")}
	if rapid.IntRange(0, 4).Draw(t, "threads") == 0 {
		w.thread = some("thread", 1, 2)
		w.acquire = slices.Insert(w.acquire, rapid.IntRange(0, len(w.acquire)).Draw(t, "go"), line{do: "go"})
	}
	return w
}
