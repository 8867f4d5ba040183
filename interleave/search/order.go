package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// inOrder renames the processes of the finding in the order of their first
// steps, so that who begins is p0. Trials whose clients share processes are
// left as they are, and so are those in which a process's number is told.
func inOrder(f *Finding, m sys.Machine, p model.Property) (*Finding, error) {
	order := appearance(f)
	if f.Trial.Procs() != len(f.Trial.Clients) || slices.IsSorted(order) || slices.ContainsFunc(f.Steps, numbers) {
		return f, nil
	}
	t := f.Trial
	t.Clients = slices.Clone(t.Clients)
	names := make([]string, len(order)) // of each process, the new one
	for i, old := range order {
		t.Clients[i] = trial.Client{Proc: i, Work: f.Trial.Clients[old].Work}
		names[old] = fmt.Sprintf("p%d", i)
	}
	steps := slices.Clone(f.Steps)
	for i := range steps {
		steps[i] = renamed(steps[i], names, order)
	}
	out, err := replayed(&t, m, steps)
	if err != nil {
		return nil, err
	}
	found, err := NewJudge(m.Profile(), []model.Property{p}).Judge(&t, out)
	if err == nil && found == nil {
		err = fmt.Errorf("the schedule holds when its processes are renamed")
	}
	return found, err
}

// appearance returns the clients in the order of their first steps; those
// without one come last.
func appearance(f *Finding) []int {
	var order []int
	note := func(client int) {
		if client >= 0 && !slices.Contains(order, client) {
			order = append(order, client)
		}
	}
	for _, s := range f.Steps {
		if s.Env == trial.None {
			note(f.Trial.ClientOf(s.Thread))
		}
	}
	for i := range f.Trial.Clients {
		note(i)
	}
	return order
}

// numbers reports whether the step tells lock code which process is which, or
// makes one more.
func numbers(s trial.Step) bool {
	switch s.Call.Op {
	case sys.OpGetpid, sys.OpAlive, sys.OpFork:
		return true
	case sys.OpFcntl:
		return s.Ret.Record.PID > 0
	}
	return false
}

func renamed(s trial.Step, names []string, order []int) trial.Step {
	switch s.Env {
	case trial.None:
		name, rest, threaded := strings.Cut(s.Thread, ".")
		var proc int
		_, _ = fmt.Sscanf(name, "p%d", &proc)
		s.Thread = names[proc]
		if threaded {
			s.Thread += "." + rest
		}
	case trial.Kill, trial.Pause, trial.Resume:
		s.Proc = slices.Index(order, s.Proc)
	}
	return s
}
