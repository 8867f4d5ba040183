package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Fuzz runs trials under random schedules until one violates a property.
//
// What run n does depends on n alone, and of several violations the one of the
// lowest run counts. So a fuzz finds the same thing with one machine and with
// two.
type Fuzz struct {
	Machines   []sys.Machine // one goroutine each; at least one
	Runner     Runner
	Properties []model.Property
	Pattern    Pattern // only findings that show it count; "" for any
	Runs       int     // at most so many; 0 for no bound but the context

	// Stats is kept up to date while the fuzz runs.
	Stats *Stats
}

// A Runner makes run n on the machine. It is called from several goroutines,
// and must do the same for the same n.
type Runner func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error)

// Sampled returns the runner that lets the trials take turns, each under
// another schedule of the strategy's.
func Sampled(trials []*trial.Trial, s interleave.Strategy, seed uint64) Runner {
	return func(n int, m sys.Machine) (*trial.Trial, interleave.Outcome, error) {
		t := trials[n%len(trials)]
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		out, err := interleave.Run(t, m, s.New(rng, guess))
		return t, out, err
	}
}

// Stats counts what a fuzz has done so far. Its fields may be read at any time.
type Stats struct {
	Runs, Steps, Undecided, Cut, Stuck atomic.Int64

	Histories atomic.Int64 // different ones

	mu  sync.Mutex
	met map[string]bool
}

// meet notes a history that one of the machines has met.
func (s *Stats) meet(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.met == nil {
		s.met = map[string]bool{}
	}
	if !s.met[key] {
		s.met[key] = true
		s.Histories.Add(1)
	}
}

// guess is about how many steps a run takes.
const guess = 24

// Run returns the finding and the number of its run, or nil and the number of
// runs that found nothing. It ends early, with nil, when the context does.
func (f *Fuzz) Run(ctx context.Context) (*Finding, int, error) {
	var best firstFinding
	best.at.Store(int64(f.limit()))
	errs := make([]error, len(f.Machines))
	shard := func(i int) {
		errs[i] = f.shard(ctx, i, &best)
		if errs[i] != nil {
			best.at.Store(0)
		}
	}
	if len(f.Machines) == 1 {
		shard(0) // it may be bound to the caller's thread
	} else {
		var wg sync.WaitGroup
		for i := range f.Machines {
			wg.Go(func() { shard(i) })
		}
		wg.Wait()
	}
	for _, err := range errs {
		if err != nil {
			return nil, int(f.Stats.Runs.Load()), err
		}
	}
	if best.finding == nil {
		return nil, int(f.Stats.Runs.Load()), nil
	}
	return best.finding, int(best.at.Load()) + 1, nil
}

func (f *Fuzz) limit() int {
	if f.Runs == 0 {
		return 1 << 62
	}
	return f.Runs
}

// firstFinding keeps the finding of the lowest run; at bounds the runs that are
// still worth making.
type firstFinding struct {
	mu      sync.Mutex
	at      atomic.Int64
	finding *Finding
}

func (b *firstFinding) offer(n int, found *Finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int64(n) < b.at.Load() {
		b.at.Store(int64(n))
		b.finding = found
	}
}

// shard makes every run whose number is i modulo the number of machines.
func (f *Fuzz) shard(ctx context.Context, i int, best *firstFinding) error {
	m := f.Machines[i]
	if p, ok := m.(sys.Pinner); ok {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		if err := p.Pin(i); err != nil {
			return err
		}
	}
	judge := NewJudge(m.Profile(), f.Properties)
	judge.Met = f.Stats.meet
	for n := i; int64(n) < best.at.Load(); n += len(f.Machines) {
		if ctx.Err() != nil {
			return nil
		}
		found, err := f.one(n, m, judge)
		if err != nil {
			return err
		}
		if found != nil {
			best.offer(n, found)
			return nil
		}
	}
	return nil
}

// one makes run n.
func (f *Fuzz) one(n int, m sys.Machine, judge *Judge) (*Finding, error) {
	undecided := judge.Undecided
	t, out, err := f.Runner(n, m)
	if err != nil {
		return nil, fmt.Errorf("run %d, after step %d: %w", n+1, len(out.Steps), err)
	}
	found, err := judge.Judge(t, out)
	if err != nil {
		return nil, fmt.Errorf("run %d, judged: %w", n+1, err)
	}
	f.Stats.Runs.Add(1)
	f.Stats.Steps.Add(int64(len(out.Steps)))
	f.Stats.Undecided.Add(int64(judge.Undecided - undecided))
	switch out.End {
	case interleave.Cut:
		f.Stats.Cut.Add(1)
	case interleave.Stuck:
		f.Stats.Stuck.Add(1)
	}
	if found != nil && f.Pattern != "" && found.Pattern != f.Pattern {
		found = nil
	}
	return found, nil
}
