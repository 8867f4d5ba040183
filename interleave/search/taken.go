package search

import (
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// taken takes the run's steps again, in memory, and looks at what each does to
// those who hold the lock. It is the rule of explore's ownership, over a history
// and not over states.
func taken(t *trial.Trial, out interleave.Outcome, profile string) ([]model.Taking, error) {
	memory := &sim.Recorder{Machine: sim.Machine{Rules: sim.RulesOf(profile)}}
	p := &pursuit{Replay: interleave.NewReplay(out.Steps), memory: memory, trial: t, out: out, holders: make([]holder, len(t.Clients))}
	_, err := interleave.Run(t, memory, p)
	return p.takings, err
}

// A pursuit is a chooser that follows the holders through a schedule.
type pursuit struct {
	*interleave.Replay
	memory  *sim.Recorder
	trial   *trial.Trial
	out     interleave.Outcome
	holders []holder
	before  belongings
	by      int // the process whose step is next
	steps   int // that were taken
	told    int // events of the history that are behind
	takings []model.Taking
}

// A holder is what a client's lock consists of.
type holder struct {
	holds bool
	named bool // the path leads to the file that it led to at the acquire
}

// belongings are what can be taken from holders: the file that the path leads to,
// and of each process what it has of the kernel's locks.
type belongings struct {
	file  int
	locks []lockKind
}

type lockKind int

const (
	noLocks lockKind = iota
	flocks
	recordLocks
)

func (p *pursuit) locksOf(proc int) lockKind {
	switch s := p.memory.State; {
	case s.RecordLocks(proc):
		return recordLocks
	case s.Locks(proc, sim.NoFile):
		return flocks
	}
	return noLocks
}

// Choose implements interleave.Chooser.
func (p *pursuit) Choose(m *interleave.Menu) (int, error) {
	p.follow()
	p.before = belongings{file: p.memory.State.Named(trial.Path)}
	for proc := range p.trial.Procs() {
		p.before.locks = append(p.before.locks, p.locksOf(proc))
	}
	i, err := p.Replay.Choose(m)
	if err == nil && i < m.Threads {
		p.by = int(m.TID(i).Proc)
	}
	return i, err
}

// follow brings the holders up to the step that is next. An invocation is part
// of the step that follows it.
func (p *pursuit) follow() {
	for ; p.told < len(p.out.History) && p.out.After[p.told] <= p.steps; p.told++ {
		e := p.out.History[p.told]
		client := slices.Index(p.trial.Names(), e.Process)
		h, proc := &p.holders[client], p.trial.Clients[client].Proc
		switch {
		case e.F == history.Kill || e.Kind == history.Invoke && (e.F == history.Unlock || history.IsConversion(e.F)):
			*h = holder{} // a conversion gives up what there was, and makes a claim anew
		case e.Kind == history.Ok && history.IsAcquire(e.F) || e.Kind != history.Info && history.IsConversion(e.F):
			file := p.memory.State.Named(trial.Path)
			h.holds = true
			h.named = file != sim.NoFile && (p.locksOf(proc) == noLocks || p.memory.State.Locks(proc, file))
		}
	}
}

// Took implements interleave.Chooser.
func (p *pursuit) Took(s trial.Step) error {
	p.steps++
	named := p.memory.State.Named(trial.Path)
	moved := named != p.before.file
	actor := -1
	if s.Env == trial.None {
		actor = p.trial.ClientOf(s.Thread)
	}
	for i := range p.holders {
		h, c := &p.holders[i], p.trial.Clients[i]
		own := i == actor && p.by == c.Proc // and not a child's of it
		if actor >= 0 && !own && h.holds {
			had := p.before.locks[c.Proc]
			if had != noLocks && p.locksOf(c.Proc) == noLocks && (p.by != c.Proc || had == recordLocks) {
				p.took(s.Thread, i, "the kernel's lock")
			}
			if moved && h.named {
				p.took(s.Thread, i, "the path")
			}
		}
		h.named = h.named && !moved || moved && own && h.holds && named != sim.NoFile
	}
	return p.Replay.Took(s)
}

// took notes that the last step took something.
func (p *pursuit) took(by string, from int, what string) {
	p.takings = append(p.takings, model.Taking{At: p.told - 1, Steps: p.steps, By: by, From: p.trial.Names()[from], What: what})
}
