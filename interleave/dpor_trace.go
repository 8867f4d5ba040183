package interleave

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A Tracer follows another chooser and tells which trace each run was, so that
// runs can be told apart by more than the order of steps that do not conflict.
type Tracer struct {
	Chooser
	observer
}

// NewTracer returns a tracer of the chooser's runs on the machine.
func NewTracer(ch Chooser, m sys.Machine) *Tracer {
	return &Tracer{Chooser: ch, observer: observer{reuse: reuses(m), remote: sim.FromDocuments(m.Profile())}}
}

// Choose implements Chooser.
func (t *Tracer) Choose(m *Menu) (int, error) {
	i, err := t.Chooser.Choose(m)
	if m.Step == 0 {
		t.events = t.events[:0]
	}
	if err == nil {
		t.chose(m, i)
	}
	return i, err
}

// Took implements Chooser.
func (t *Tracer) Took(s trial.Step) error {
	e, _, err := t.took(s)
	if err != nil {
		return err
	}
	t.relate(e)
	t.events = append(t.events, *e)
	return t.Chooser.Took(s)
}

// Trace returns the run's trace as a text, the same for all runs of the trace:
// its Foata normal form, in which each step stands on the first level that is
// above those of all that happens before it.
func (t *Tracer) Trace() string {
	levels := make([]int, len(t.events))
	lines := make([]string, len(t.events))
	names := t.inodes()
	for i, e := range t.events {
		for k := range i {
			if e.past.has(k) {
				levels[i] = max(levels[i], levels[k]+1)
			}
		}
		lines[i] = fmt.Sprintf("%4d %s", levels[i], e.text(names))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// inodes names each inode by the step that made it, as that thread counts: in
// which order two threads made theirs is then not told.
func (t *Tracer) inodes() map[sys.Ino]string {
	names := map[sys.Ino]string{{}: ""}
	if t.run != nil {
		for i := range t.run.trial.Start {
			names[sys.Ino{Num: uint16(i + 1)}] = fmt.Sprintf("start %d", i)
		}
	}
	made := map[sys.TID]int{}
	for _, e := range t.events {
		if _, ok := names[e.step.Ret.Ino]; !ok {
			made[e.id.by]++
			names[e.step.Ret.Ino] = fmt.Sprintf("%s %d", e.step.Thread, made[e.id.by])
		}
	}
	return names
}

// text writes the step with the inodes by those names.
func (e *event) text(names map[sys.Ino]string) string {
	c, r := e.step.Call, e.step.Ret
	met := " " + names[r.Ino] + names[r.Stat.Ino] + names[c.T.Of] + names[c.U.Of]
	for _, of := range []*sys.Ino{&r.Ino, &r.Stat.Ino, &r.Stat.Mtime.Of, &r.Time.Of, &c.T.Of, &c.U.Of} {
		*of = sys.Ino{}
	}
	s := e.step
	s.Call, s.Ret = c, r
	return s.String() + met
}
