package search

import (
	"fmt"
	"maps"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Pattern is the kind of trouble that a schedule shows, read off its calls:
// part of a finding's signature. It explains; what is violated it does not say.
type Pattern string

// The patterns.
const (
	// Orphan: somebody locks a file whose name is gone. Whoever opens the name
	// now gets another file, and locks that.
	Orphan Pattern = "orphan"

	// Hijack: somebody takes the name from a file that another has locked.
	Hijack Pattern = "hijack"

	// Lost: somebody removes the name and finds that another was quicker.
	Lost Pattern = "lost-unlink"

	// Stat: somebody sees that there is no file and creates it, and it is there
	// by then.
	Stat Pattern = "stat-then-create"

	// Other: none of these.
	Other Pattern = "other"
)

// Patterns lists the patterns that explain a violation of the property, the
// most telling first.
func Patterns(property string) []Pattern {
	if property == "honesty" {
		return []Pattern{Lost, Other}
	}
	return []Pattern{Orphan, Hijack, Stat, Other}
}

// PatternOf returns the most telling pattern of a schedule that violates the
// property, and a sentence that tells where it shows.
func PatternOf(property string, t *trial.Trial, steps []trial.Step) (Pattern, string) {
	w := watch{trial: t, files: map[fileRef]sys.Ino{}, locked: map[sys.Ino]string{}, gone: map[sys.Ino]string{}, absent: map[string]bool{}, said: map[Pattern]string{}}
	for i, s := range steps {
		w.step(i+1, s)
	}
	for _, p := range Patterns(property) {
		if why, ok := w.said[p]; ok {
			return p, why
		}
	}
	return Other, ""
}

// A watch follows the lock file through a schedule.
type watch struct {
	trial  *trial.Trial
	files  map[fileRef]sys.Ino
	named  sys.Ino            // what the lock's path leads to
	locked map[sys.Ino]string // who has a lock on it
	gone   map[sys.Ino]string // who removed its name
	absent map[string]bool    // who saw that there is none
	said   map[Pattern]string
}

type fileRef struct{ proc, fd int }

func (w *watch) step(n int, s trial.Step) {
	switch s.Env {
	case trial.Unlinked:
		w.unlinked(n, "somebody outside")
	case trial.Kill:
		maps.DeleteFunc(w.locked, func(_ sys.Ino, holder string) bool { return w.procOf(holder) == s.Proc })
	}
	if s.Env != trial.None || s.Call.Op == sys.OpUnlink && s.Ret.Err == sys.ENOENT && s.Ret.Fault {
		return
	}
	ref := fileRef{w.procOf(s.Thread), s.Call.FD}
	switch {
	case s.Call.Op == sys.OpUnlink && s.Call.Path == trial.Path && s.Ret.Err == sys.ENOENT:
		w.say(Lost, "step %d: %s went to remove %s, and somebody else had done so", n, s.Thread, trial.Path)
	case s.Call.Op == sys.OpStat && s.Call.Path == trial.Path:
		w.absent[s.Thread] = s.Ret.Err == sys.ENOENT
	case s.Ret.Err != 0 || s.Ret.Wait:
	case s.Call.Op == sys.OpUnlink && s.Call.Path == trial.Path:
		w.unlinked(n, s.Thread)
	case s.Call.Op == sys.OpOpen && s.Call.Path == trial.Path:
		if w.absent[s.Thread] && w.named == s.Ret.Ino {
			w.say(Stat, "step %d: %s created %s, which it had seen was not there, and found %s", n, s.Thread, trial.Path, w.named)
		}
		ref.fd = int(s.Ret.N)
		w.files[ref], w.named = s.Ret.Ino, s.Ret.Ino
	case s.Call.Op == sys.OpFlock:
		w.flocked(n, s, w.files[ref])
	case s.Call.Op == sys.OpClose && w.locked[w.files[ref]] == s.Thread:
		delete(w.locked, w.files[ref])
	}
}

func (w *watch) procOf(thread string) int {
	return w.trial.Clients[w.trial.ClientOf(thread)].Proc
}

func (w *watch) unlinked(n int, by string) {
	if holder, held := w.locked[w.named]; held && holder != by {
		w.say(Hijack, "step %d: %s took the name %s from %s, which %s had locked", n, by, trial.Path, w.named, holder)
	}
	w.gone[w.named], w.named = by, sys.Ino{}
}

func (w *watch) flocked(n int, s trial.Step, file sys.Ino) {
	if s.Call.Flags&sys.LOCK_UN != 0 {
		if w.locked[file] == s.Thread {
			delete(w.locked, file)
		}
		return
	}
	w.locked[file] = s.Thread
	if by, ok := w.gone[file]; ok {
		w.say(Orphan, "step %d: %s locked %s, from which %s had taken the name %s", n, s.Thread, file, by, trial.Path)
	}
}

// say keeps the latest place at which the pattern shows.
func (w *watch) say(p Pattern, format string, args ...any) {
	w.said[p] = strings.TrimSpace(fmt.Sprintf(format, args...))
}
