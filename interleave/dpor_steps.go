package interleave

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// taught says how the footprint of each operation is found.
var taught = map[sys.Op]func(look){
	sys.OpOpen: look.open, sys.OpStat: look.stat, sys.OpLstat: look.stat, sys.OpStatfs: look.stat, sys.OpReadlink: look.stat,
	sys.OpUnlink: look.unlink, sys.OpRmdir: look.rmdir, sys.OpMkdir: look.mkdir, sys.OpSymlink: look.mkdir,
	sys.OpLink: look.link, sys.OpRename: look.rename,

	sys.OpClose: look.close, sys.OpFlock: look.flock, sys.OpFcntl: look.fcntl, sys.OpFstat: look.fstat, sys.OpFsync: look.fsync,
	sys.OpFchmod: look.fchmod, sys.OpRead: look.read, sys.OpWrite: look.write, sys.OpFtruncate: look.write,

	sys.OpUtimes: look.utimes, sys.OpLocked: look.flockHeld, sys.OpLoad: look.load, sys.OpStore: look.store,
	sys.OpGetpid: func(look) {}, sys.OpGettid: func(look) {}, sys.OpAlive: look.alive,

	sys.OpMutex: look.setCell, sys.OpUnmutex: look.setCell, sys.OpSwap: look.setCell, sys.OpPut: look.setCell, sys.OpGet: look.getCell,

	sys.OpDeadline: look.clock, sys.OpExpired: look.clock, sys.OpOlder: look.clock, sys.OpSleep: look.clock,
	sys.OpSame: func(look) {}, sys.OpInside: func(look) {},
	sys.OpGo: look.start, sys.OpJoin: look.join, sys.OpCancel: look.cancel, sys.OpCancelled: look.cancelled,
}

func (l look) alive() { l.looks(ofProcess(processKind, int(l.c.N))) }

// setCell: mutexes and what is in cells have names of their own kinds, and those
// that have one name conflict all the same.
func (l look) setCell() { l.writes(l.cell()) }

func (l look) getCell() {
	l.looks(l.cell())
	l.looks(ofDescriptor(descriptor{int(l.by.Proc), int(l.r.N)})) // its file is told, too
}

func (l look) cell() object {
	return object{kind: cellKind, x: uint32(l.by.Proc), name: l.c.Path}
}

func (l look) clock() { l.looks(object{kind: clockKind}) }

func (l look) start() { l.writes(ofProcess(threadsKind, int(l.by.Proc))) }

func (l look) join() { l.looks(ofThread(endedKind, l.sibling(l.c.N))) }

func (l look) cancel() { l.writes(ofThread(cancelledKind, l.sibling(l.c.N))) }

func (l look) cancelled() {
	l.clock()
	l.looks(ofThread(cancelledKind, l.by))
}

func (l look) sibling(n int64) sys.TID { return sys.TID{Proc: l.by.Proc, Thread: uint8(n)} }

// step returns the footprint of a thread's step, and learns what it told.
func (w *world) step(by sys.TID, s trial.Step) *footprint {
	f := &footprint{everything: w.strange}
	f.looks(ofProcess(processKind, int(by.Proc)))
	l := look{w, f, by, s.Call, s.Ret}
	if w.asked[by] && (s.Call.Op != sys.OpFcntl || s.Ret.Fault) {
		f.writes(object{kind: recordsKind}) // the thread was interrupted, and waits no more
	}
	w.asked[by] = s.Call.Op == sys.OpFcntl && s.Ret.Wait
	teach, ok := taught[s.Call.Op]
	switch {
	case !ok:
		f.everything, w.strange = true, true
	case !s.Ret.Fault:
		teach(l)
	case s.Call.Op == sys.OpClose:
		l.close() // it was carried out all the same
	case waits(s.Call) && s.Ret.Err != sys.EINTR:
		if d, ino, ok := l.file(see); ok && w.held.of(d) == 0 {
			f.looks(ofInode(flockKind, ino)) // only a call that could return is made to fail
		}
	}
	return f
}

// waits reports whether the call may have to wait for a flock.
func waits(c sys.Call) bool {
	return c.Op == sys.OpFlock && (c.Flags == sys.LOCK_SH || c.Flags == sys.LOCK_EX)
}

// around adds to a step's footprint what its call does not show: threads that
// ended or began to wait for a while, and operations that began or ended. News
// are the events that it added to the history.
func (r *run) around(f *footprint, by sys.TID, s trial.Step, news history.History) {
	for i, t := range r.threads {
		began := t.id == by || s.Call.Op == sys.OpGo && t.id == sys.TID{Proc: by.Proc, Thread: uint8(s.Ret.N)}
		if !began {
			continue
		}
		switch {
		case i >= len(r.clients):
			f.looks(object{kind: endingKind}) // it is cut off when all clients are done
		case t.state != waiting:
			f.shares(object{kind: endingKind})
		}
		if t.state != waiting {
			f.writes(ofThread(endedKind, t.id))
		} else if t.call.Op.Lasts() {
			f.looks(object{kind: clockKind}) // how long is counted from here
		}
	}
	for _, e := range news {
		f.claim(e)
	}
}

// claim says what an event of the history touches, and so which steps must not
// be taken for commuting although their calls do.
//
// Whether two claims overlap is told by the responses of the acquires that made
// them and by what ended them, the invocation of a release or a kill inside: they
// do if both responses come before both ends (see model.Exclusion). So the order
// of a response and an end matters, that of two responses or two ends does not.
// With this all runs of one trace have the same verdict, and as one run of each
// trace is made no violation is lost: not even that of two clients whose calls
// have nothing in common.
//
// It costs nothing where it finds nothing. If the calls alone leave a response
// and another client's end in no order, then the run in which the response
// comes first shows both clients inside: of a lock that excludes there is none.
func (f *footprint) claim(e history.Event) {
	switch {
	case e.Kind == history.Ok && acquires(e.F):
		f.shares(object{kind: claimsKind})
	case e.Kind == history.Invoke && e.F == history.Unlock:
		f.looks(object{kind: claimsKind})
	}
}

func acquires(f string) bool {
	return f == history.Lock || f == history.TryLock || f == history.RLock || f == history.TryRLock
}
