package search_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// The mutants are made from locks that are written out again in these files,
// as those of package lock cannot be changed from here. Each, unchanged, does
// call by call what the registered lock does.
func TestMutantBasesAreTheLocks(t *testing.T) {
	for name, again := range map[string]func(lock.Config) lock.Lock{
		"ktstr-try":    newKtstr(false, nil),
		"ktstr-block":  newKtstr(true, nil),
		"pact-sidecar": newPact(nil),
		"ctx-v2":       newCtx(nil),
		"ctx-v0":       newCtxV0(0),
		"posixage-v0":  newPosixageV0(false),
		"posixage-v1":  newPosixageV1(nil),
		"posixage-v2a": newPosixage(false, nil),
		"posixage-v2":  newPosixage(true, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := mutantBase(name)
			for i, start := range interleave.Starts() {
				m := mutant{base: base, new: again, name: name, start: start}
				m.bounds.Budget = trial.Budget{Kills: i, Errors: i}
				m.bounds.Work = interleave.LongWork(base.Defaults)
				if err := m.same(t); err != nil {
					t.Errorf("start %s: %v", start, err)
				}
			}
		})
	}
}

// same runs the base and lets the mutant follow it.
func (m mutant) same(t *testing.T) error {
	t.Helper()
	run := search.Sampled(m.trials(t, m.base, 1), interleave.Strategies()[0], 1)
	for n := range 100 {
		tr, out, err := run(n, mutantMachine)
		if err != nil {
			return err
		}
		copied := *tr
		copied.Lock = m.entry()
		again, err := interleave.Run(&copied, mutantMachine, interleave.NewReplay(out.Steps))
		if err != nil {
			return fmt.Errorf("schedule %d: %w", n+1, err)
		}
		sameKind := func(a, b int) bool { return out.History[a].Kind == again.History[b].Kind }
		if len(again.History) != len(out.History) || !slices.EqualFunc(indices(out.History), indices(again.History), sameKind) {
			return fmt.Errorf("schedule %d: found\n%s\nwanted\n%s", n+1, again.History, out.History)
		}
	}
	return nil
}

func indices[T any](s []T) []int {
	n := make([]int, len(s))
	for i := range n {
		n[i] = i
	}
	return n
}
