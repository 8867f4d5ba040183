package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Programs returns the trial of a lock with a program in each client's place: the
// tool, which is Ghostlock itself, as "hold LOCK {lock}". What a client does besides
// acquiring and releasing its program does not.
func Programs(t *trial.Trial, tool string) (*trial.Trial, error) {
	of := &trial.Trial{Start: t.Start, Budget: t.Budget, Skew: t.Skew}
	for _, c := range t.Clients {
		if c.Letter != "" {
			return nil, fmt.Errorf("found %s, which shares its process, wanted one for each program", c.Name())
		}
		command := trial.Command{tool, "hold", t.Lock.Name, "{lock}"}
		n, err := acquisitions(c.Work)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name(), err)
		}
		if n > 1 {
			command = append(command, "--acquires", strconv.Itoa(n))
		}
		for _, word := range strings.Fields(t.Config.String()) {
			if !slices.Contains(strings.Fields(t.Lock.Defaults.String()), word) {
				command = append(command, "--set", word)
			}
		}
		of.Clients = append(of.Clients, trial.Client{Proc: c.Proc, Program: command})
	}
	return of, nil
}

// acquisitions returns how often the client acquires.
func acquisitions(w trial.Workload) (n int, err error) {
	for _, a := range w {
		how, does := a.Verb.Acquires()
		if does && how != (lock.How{}) {
			return 0, fmt.Errorf("found %s, wanted lock: a program acquires in no other way", a.Verb)
		}
		if does {
			n++
		}
	}
	return n, nil
}

// Translate returns the case of a lock as one of programs, which the machine runs:
// the trial is what [Programs] returns for it. The programs make their own calls, in
// the order in which the case's threads make them, and each must be of the same
// operation; the case that is returned has theirs, with the answers that they got.
// Steps that no program shows are left out: comparisons of clocks, and what is
// between the threads of a process. An error is a [*interleave.Divergence] of the
// case's steps where the programs do not follow them.
func Translate(c *trial.Case, t *trial.Trial, m sys.Machine) (*trial.Case, error) {
	p, err := model.PropertyByName(c.Verdict.Property)
	if err != nil {
		return nil, err
	}
	if p.Replays || p.Probes {
		return nil, fmt.Errorf("found %s, which is judged by running lock code again, wanted a property that the history alone decides", p.Name)
	}
	f := &follower{}
	for i, s := range c.Steps {
		if s.Ret.Fault {
			return nil, fmt.Errorf("%s: found a call that fails by the environment's making, which programs' do not", c.Pos(i))
		}
		if op, ok := shown(s); ok {
			f.wanted = append(f.wanted, follow{index: i, step: s, op: op, client: c.Trial.ClientOf(s.Thread)})
		}
	}
	out, err := interleave.Run(t, m, f)
	if err != nil {
		return nil, err
	}
	return judged(c, t, out, NewJudge(m.Profile(), []model.Property{p}))
}

// judged returns the case with what the programs did, if that shows the same.
func judged(c *trial.Case, t *trial.Trial, out interleave.Outcome, j *Judge) (*trial.Case, error) {
	found, err := j.Judge(t, out)
	switch {
	case err != nil:
		return nil, err
	case j.Undecided > 0 || (found != nil) != (c.Verdict.Verdict == model.Violated):
		return nil, fmt.Errorf("the programs follow the case, and do not show that %s", c.Verdict)
	case found != nil:
		return found.Case(c.Comment), nil
	}
	there := *c
	there.Trial, there.Steps, there.Profile = *t, slices.Clone(out.Steps), profileOf(out.Steps, j.profile)
	return &there, nil
}

// shown returns the operation by which a program shows the step, if it does.
func shown(s trial.Step) (sys.Op, bool) {
	switch op := s.Call.Op; op {
	case sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame, sys.OpGo, sys.OpJoin, sys.OpCancel,
		sys.OpGetpid, sys.OpAlive, sys.OpDup:
		return 0, false
	case sys.OpCancelled:
		return sys.OpSleep, !s.Ret.Yes() // who is told to stop does not wait
	default:
		return op, !op.InMemory() && !s.Ret.Wait
	}
}

// A follower is the chooser that lets programs take the steps of a case of a lock.
type follower struct {
	wanted []follow
	at     int
}

// A follow is one of those steps.
type follow struct {
	index  int // in the case
	step   trial.Step
	op     sys.Op
	client int
}

// Choose implements interleave.Chooser.
func (f *follower) Choose(m *interleave.Menu) (int, error) {
	if f.at == len(f.wanted) {
		return 0, interleave.ErrStop
	}
	w := f.wanted[f.at]
	found := "no such step possible"
	for i, o := range m.Options {
		switch {
		case o.Env != w.step.Env || o.Fault != 0:
		case o.Env != trial.None && m.Head(i) == w.step.Head(),
			o.Env == trial.None && m.Client(i) == w.client && m.Call(i).Op == w.op:
			f.at++
			return i, nil
		case o.Env != trial.None || m.Client(i) == w.client:
			found = m.Head(i)
		}
	}
	return 0, &interleave.Divergence{Index: w.index, Want: w.step.Head(), Found: found}
}

// Took implements interleave.Chooser: any answer will do.
func (f *follower) Took(trial.Step) error { return nil }
