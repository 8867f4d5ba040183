package mutate

import "github.com/ghostlock/ghostlock/sut/sys"

// A removal is a way to take a guard out.
type removal struct {
	name    string // %s stands for the operation
	changed string // in a line

	// guards reports whether a site where the code was seen is a guard that the
	// removal takes out.
	guards func(*sighting) bool

	// do answers a call at the site; look changes what the code looks at.
	do   func(s *seam, at site, c sys.Call) sys.Ret
	look func(sys.Stat) sys.Stat

	// with reports whether calls at another site are changed together with the
	// guard's. It may be nil.
	with func(guard, at site) bool
}

// removals are all there are. Those of fewer calls come first.
var removals = []removal{
	{name: "no-flock", changed: "flock is not called: it is answered as granted", guards: of(sys.OpFlock, locks), do: skip},
	{name: "no-setlk", changed: "the record lock is not asked for: it is answered as granted", guards: of(sys.OpFcntl, locks), do: skip},
	{name: "no-getlk", changed: "nobody is asked for: no record lock is found", guards: of(sys.OpFcntl, looks), do: answers(sys.Ret{Record: sys.Record{Type: sys.F_UNLCK}})},
	{name: "no-unlock", changed: "LOCK_UN is not called", guards: unlocksLocked(sys.OpFlock), do: skip},
	{name: "no-unlck", changed: "F_UNLCK is not called", guards: unlocksLocked(sys.OpFcntl), do: skip},
	{name: "no-excl", changed: "open without O_EXCL", guards: flagged(sys.OpOpen, sys.O_EXCL), do: without(sys.O_EXCL)},
	{name: "replaces", changed: "rename without RENAME_NOREPLACE", guards: flagged(sys.OpRename, sys.RENAME_NOREPLACE), do: without(sys.RENAME_NOREPLACE)},
	{name: "link-exists", changed: "that link finds the name taken is answered as success", guards: failed(sys.OpLink, sys.EEXIST), do: forgiving(sys.EEXIST)},
	{name: "symlink-exists", changed: "that symlink finds the name taken is answered as success", guards: failed(sys.OpSymlink, sys.EEXIST), do: forgiving(sys.EEXIST)},
	{name: "mkdir-exists", changed: "that mkdir finds the name taken is answered as success", guards: failed(sys.OpMkdir, sys.EEXIST), do: forgiving(sys.EEXIST)},
	{name: "unlink-gone", changed: "that unlink finds no such name is answered as success", guards: failed(sys.OpUnlink, sys.ENOENT), do: forgiving(sys.ENOENT)},
	{name: "rename-gone", changed: "that rename finds no such name is answered as success", guards: failed(sys.OpRename, sys.ENOENT), do: forgiving(sys.ENOENT)},
	{name: "rmdir-gone", changed: "that rmdir finds no such name is answered as success", guards: failed(sys.OpRmdir, sys.ENOENT), do: forgiving(sys.ENOENT)},

	{name: "same-file", changed: "files are the same whenever they are compared", guards: of(opSame, "")},
	{name: "linked-once", changed: "a file has one name at least, whenever that is looked at", guards: of(opLook, ""), look: func(s sys.Stat) sys.Stat { s.Nlink = max(1, s.Nlink); return s }},
	{name: "linked-twice", changed: "a file has two names, whenever that is looked at", guards: of(opLook, ""), look: func(s sys.Stat) sys.Stat { s.Nlink = 2; return s }},
	{name: "not-empty", changed: "a file is not empty, whenever that is looked at", guards: of(opLook, ""), look: func(s sys.Stat) sys.Stat { s.Size = max(1, s.Size); return s }},
	{name: "empty", changed: "a file is empty, whenever that is looked at", guards: of(opLook, ""), look: func(s sys.Stat) sys.Stat { s.Size = 0; return s }},
	{name: "same-time", changed: "times are equal whenever they are compared", guards: of(sys.OpSame, ""), do: answers(sys.Bool(true))},
	{name: "always-old", changed: "a file is old whenever its age is asked for", guards: of(sys.OpOlder, ""), do: answers(sys.Bool(true))},
	{name: "never-old", changed: "no file is ever old", guards: of(sys.OpOlder, ""), do: answers(sys.Bool(false))},
	{name: "all-dead", changed: "every process is dead that is asked for", guards: of(sys.OpAlive, ""), do: answers(sys.Bool(false))},
	{name: "all-alive", changed: "every process is alive that is asked for", guards: of(sys.OpAlive, ""), do: answers(sys.Bool(true))},
	{name: "never-held", changed: "/proc/locks has nobody with a flock on the file", guards: of(sys.OpLocked, ""), do: answers(sys.Bool(false))},
	{name: "no-deadline", changed: "no deadline is ever over", guards: of(sys.OpExpired, ""), do: answers(sys.Bool(false))},
	{name: "stale-%s", changed: "what is looked at again is answered as at first", guards: repeated, do: asBefore},
	{name: "own-%s", changed: "what is read is answered as what the code wrote there", guards: wrote, do: asWritten},

	{name: "no-mutex", changed: "the process's mutex is neither locked nor unlocked", guards: of(sys.OpMutex, ""), do: skip, with: unlocksMutex},
	{name: "no-unmutex", changed: "the process's mutex is not unlocked", guards: of(sys.OpUnmutex, ""), do: skip},
	{name: "no-swap", changed: "the process's cell is not written, and answered as empty", guards: of(sys.OpSwap, ""), do: skip},
	{name: "no-thread", changed: "the thread is not started", guards: of(sys.OpGo, ""), do: answers(sys.Ret{N: nobody})},
	{name: "no-join", changed: "the thread's end is not waited for", guards: of(sys.OpJoin, ""), do: skip},
	{name: "no-cancel", changed: "the thread is not told to stop", guards: of(sys.OpCancel, ""), do: skip},
	{name: "no-wait", changed: "the code does not sleep before it goes on", guards: of(sys.OpSleep, waits), do: skip},

	{name: "no-unlink", changed: "unlink is not called", guards: of(sys.OpUnlink, ""), do: skip},
	{name: "no-rmdir", changed: "rmdir is not called", guards: of(sys.OpRmdir, ""), do: skip},
	{name: "no-rename", changed: "rename is not called", guards: of(sys.OpRename, ""), do: skip},
	{name: "no-write", changed: "nothing is written", guards: of(sys.OpWrite, ""), do: skip},
	{name: "no-truncate", changed: "ftruncate is not called", guards: of(sys.OpFtruncate, ""), do: skip},
	{name: "no-utimes", changed: "utimes is not called", guards: of(sys.OpUtimes, ""), do: skip},
	{name: "no-close", changed: "the descriptor of a locked file is not closed", guards: closesLocked, do: skip},
}

// What is a guard.

func of(op sys.Op, kind string) func(*sighting) bool {
	return func(g *sighting) bool { return g.op == op && g.kind == kind }
}

func flagged(op sys.Op, flag int) func(*sighting) bool {
	return func(g *sighting) bool { return g.op == op && g.flags&flag != 0 }
}

func failed(op sys.Op, e sys.Errno) func(*sighting) bool {
	return func(g *sighting) bool { return g.op == op && g.failed[e] }
}

func repeated(g *sighting) bool {
	switch g.op {
	case sys.OpRead, sys.OpReadlink, sys.OpStat, sys.OpLstat, sys.OpFstat, sys.OpLoad:
		return g.again
	}
	return false
}

func wrote(g *sighting) bool {
	return (g.op == sys.OpRead || g.op == sys.OpReadlink || g.op == sys.OpLoad) && g.wrote
}

func unlocksLocked(op sys.Op) func(*sighting) bool {
	return func(g *sighting) bool { return g.op == op && g.kind == unlocks && g.locked }
}

func closesLocked(g *sighting) bool { return g.op == sys.OpClose && g.locked }

func unlocksMutex(guard, at site) bool { return at.op == sys.OpUnmutex && at.path == guard.path }

// What is done instead.

func skip(s *seam, _ site, _ sys.Call) sys.Ret { return s.answer(sys.OK()) }

func answers(r sys.Ret) func(*seam, site, sys.Call) sys.Ret {
	return func(s *seam, _ site, _ sys.Call) sys.Ret { return s.answer(r) }
}

func without(flag int) func(*seam, site, sys.Call) sys.Ret {
	return func(s *seam, _ site, c sys.Call) sys.Ret {
		c.Flags &^= flag
		return s.ask(c)
	}
}

func forgiving(e sys.Errno) func(*seam, site, sys.Call) sys.Ret {
	return func(s *seam, _ site, c sys.Call) sys.Ret {
		if r := s.ask(c); r.Err != e || r.Fault {
			return r
		}
		return sys.OK()
	}
}

func asBefore(s *seam, at site, c sys.Call) sys.Ret {
	if r, known := s.memory.before(at, c); known {
		return s.answer(r)
	}
	return s.ask(c)
}

func asWritten(s *seam, _ site, c sys.Call) sys.Ret {
	if data, known := s.memory.wrote[s.memory.pathOf(c)]; known {
		return s.answer(sys.Ret{Data: data})
	}
	return s.ask(c)
}
