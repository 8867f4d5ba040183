package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A tabling is a table being computed: the verdict of each cell.
type tabling struct {
	find     finder
	extent   extent
	time     func(cell) time.Duration // that a cell may take, if it is not cellTime
	findings bool                     // every violation is wanted with its case
	cache    *cache
	told     func(cell, *answer) // is called after each, if it is set; one at a time

	mu    sync.Mutex
	found map[cell]*answer
	asked int // of explorers; the others were known

	// What went wrong in the harness: the cells are undecided, and everything
	// else goes on.
	failed []error
}

// compute computes the cells on all processors.
func (t *tabling) compute(ctx context.Context, cells []cell) error {
	t.found = map[cell]*answer{}
	return handOut(ctx, runtime.NumCPU(), inGroups(cells), func(ctx context.Context, _ int, groups <-chan []cell) error {
		x := newExplorer()
		defer x.close()
		for group := range groups {
			if err := t.group(ctx, x, group); err != nil {
				return err
			}
		}
		return nil
	})
}

// inGroups puts the cells of one lock and environment together: what is learned
// of the lock's code for one of them serves the others. The groups that take
// long come first.
func inGroups(cells []cell) [][]cell {
	of := map[[2]string][]cell{}
	for _, c := range cells {
		of[[2]string{c.environment, c.lock}] = append(of[[2]string{c.environment, c.lock}], c)
	}
	var all [][]cell
	for _, env := range byEffort() {
		for _, e := range lock.All() {
			if group := of[[2]string{env, e.Name}]; group != nil {
				all = append(all, group)
			}
		}
	}
	return all
}

// byEffort returns the names of the environments, the one with the largest
// graphs first.
func byEffort() []string {
	return []string{"errors", "pause", "kill", "suspend", "long", "skew", "nfs2", "smb", "nfs4", "nfs3-nolock", "fuse", "calm", "child", "cleaner", "planted"}
}

// group computes the cells, one after the other.
func (t *tabling) group(ctx context.Context, x *explorer, group []cell) error {
	for _, c := range group {
		if ctx.Err() != nil {
			return nil
		}
		e, err := t.find(c.lock)
		if err != nil {
			return err
		}
		a, err := t.answer(ctx, x, c, e)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a = &answer{Verdict: model.Undecided.String(), Why: err.Error()}
		}
		t.mu.Lock()
		if err != nil {
			t.failed = append(t.failed, fmt.Errorf("%s: %w", c, err))
		}
		t.found[c] = a
		if t.told != nil {
			t.told(c, a)
		}
		t.mu.Unlock()
	}
	return nil
}

// answer returns what is known of the cell, or asks for it. A violation is looked
// for again, with its case, where that is wanted.
func (t *tabling) answer(ctx context.Context, x *explorer, c cell, e lock.Entry) (*answer, error) {
	ask, err := t.task(c, e)
	if err != nil {
		return nil, err
	}
	ask.Brief = !t.findings
	key, err := t.cache.key(e, ask)
	if err != nil {
		return nil, err
	}
	if a := t.cache.get(key); a != nil && (ask.Time == cellTime || verdict(a.Verdict) != model.Undecided) {
		return a, nil
	}
	t.mu.Lock()
	t.asked++
	t.mu.Unlock()
	ask.Brief = true
	a, err := asked(ctx, x, ask)
	if err == nil && t.findings && verdict(a.Verdict) == model.Violated {
		err = shown(ctx, x, ask, a)
	}
	if err != nil {
		return nil, err
	}
	return a, t.cache.put(key, c.String(), a)
}

// task returns what an explorer is asked about the cell.
func (t *tabling) task(c cell, e lock.Entry) (*task, error) {
	ask, err := c.task(e, t.extent)
	if err == nil && t.time != nil {
		ask.Time = t.time(c)
	}
	return ask, err
}

// show adds the smallest case to what was found of the cell, which is violated.
func (t *tabling) show(ctx context.Context, x *explorer, c cell) error {
	e, err := t.find(c.lock)
	if err != nil {
		return err
	}
	ask, err := t.task(c, e)
	if err != nil {
		return err
	}
	return shown(ctx, x, ask, t.found[c])
}

// shown adds to the answer, which is violated, the smallest case. There is no
// verdict without one.
func shown(ctx context.Context, x *explorer, t *task, a *answer) error {
	t.Plans = t.Plans[a.Trial : a.Trial+1]
	t.Brief, t.Shrink = false, true
	b, err := asked(ctx, x, t)
	if err != nil {
		return err
	}
	a.Found = b.Found
	if b.Found == nil {
		a.Verdict, a.Why = model.Undecided.String(), b.Why
	}
	return nil
}

// asked returns the explorer's answer, undecided where its child had to be
// stopped.
func asked(ctx context.Context, x *explorer, t *task) (*answer, error) {
	a, err := x.ask(ctx, t, func(covered) {})
	var s *stopped
	if errors.As(err, &s) {
		return &answer{Verdict: model.Undecided.String(), Why: s.why}, nil
	}
	return a, err
}
