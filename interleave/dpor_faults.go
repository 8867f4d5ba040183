package interleave

import (
	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// environment returns the footprint of a step of the environment's, which is
// about to be taken in the run, and learns what it does.
//
// Budgets are in no footprint although two kills may compete for one: runs that
// differ in the order of their steps alone spend the same. That a budget is
// spent hides steps, and so is the business of the search (see node.want).
func (w *world) environment(r *run, s trial.Step) *footprint {
	f := &footprint{everything: w.strange}
	f.looks(object{kind: endingKind}) // when all clients are done it is too late
	switch s.Env {
	case trial.Kill:
		f.touches = nil
		w.kill(f, r, s.Proc)
	case trial.Pause, trial.Resume:
		f.writes(ofProcess(processKind, s.Proc))
		f.looks(object{kind: clockKind}) // how far a jump goes hangs on who waits
	case trial.Jump, trial.Wall:
		f.writes(object{kind: clockKind})
	case trial.Unlinked:
		look{w, f, sys.Outside, sys.Call{Op: sys.OpUnlink, Path: trial.Path}, sys.OK()}.unlink()
	default:
		f.everything = true // time passes when nobody can go on: after all that was, before all that comes
	}
	return f
}

// kill notes all that a kill changes: the process's threads end, and it loses
// its descriptors. It also looks at what the threads wait for, so that a kill
// of who waits is not taken to commute with what would let it go on.
func (w *world) kill(f *footprint, r *run, proc int) {
	l := look{world: w, footprint: f, by: sys.TID{Proc: uint8(proc)}}
	f.writes(ofProcess(processKind, proc))
	for i, t := range r.threads {
		if int(t.id.Proc) != proc || t.state != waiting {
			continue
		}
		if i < len(r.clients) {
			f.shares(object{kind: endingKind})
		} else {
			f.looks(object{kind: endingKind})
		}
		switch {
		case t.call.Op.Lasts():
			f.looks(object{kind: clockKind})
		case t.call.Op == sys.OpFcntl:
			f.writes(object{kind: recordsKind})
		case waits(t.call):
			if ino, ok := w.fds[descriptor{proc, t.call.FD}]; ok {
				f.looks(ofInode(flockKind, ino))
			}
		}
	}
	for _, c := range r.clients {
		if r.trial.Clients[c.index].Proc == proc && claims(r.out.History, c.name) {
			f.looks(object{kind: claimsKind})
		}
	}
	for d, ino := range w.fds {
		if d.proc == proc {
			l.drops(d, ino)
			delete(w.fds, d)
		}
	}
}

// claims reports whether the last that is known of the client is that it got
// the lock.
func claims(h history.History, client string) bool {
	for i := len(h) - 1; i >= 0; i-- {
		if e := h[i]; e.Process == client {
			return e.Kind == history.Ok && acquires(e.F)
		}
	}
	return false
}
