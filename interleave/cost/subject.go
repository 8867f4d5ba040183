package cost

import (
	"context"
	"errors"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// A subject is one lock being measured, in rounds that others' lie between.
type subject struct {
	entry  lock.Entry
	result Result
	length time.Duration // of a round
	levels []level

	contended, recovered time.Duration // what it took until now
	times                []float64     // of recovery
}

// unmeasured says why a lock cannot be measured; it is no failure of the bench.
type unmeasured string

func (u unmeasured) Error() string { return string(u) }

// Shares of a lock's budget: what the rounds last together, what they may take
// with all around them, and how many there are even if that takes longer. The
// rest is the recovery's.
const (
	roundsLast = 0.45
	roundsTake = 0.65
	fewest     = 3
)

// Measure measures the locks, a round of each in turn: a machine that is slow
// for a while is so for all of them, and their intervals tell. What cannot be
// measured of a lock is told in its result.
//
// An error is the harness's, or the context's. The results then have what was
// measured so far, and the bench is of no use any more.
func (b *Bench) Measure(ctx context.Context, locks ...lock.Entry) ([]Result, error) {
	subjects := make([]*subject, len(locks))
	for i, e := range locks {
		subjects[i] = b.subject(e)
	}
	err := b.rounds(ctx, subjects)
	results := make([]Result, len(locks))
	for i, s := range subjects {
		results[i] = b.resultOf(s)
	}
	return results, err
}

func (b *Bench) rounds(ctx context.Context, subjects []*subject) error {
	for n := range b.options.Rounds {
		for i, s := range subjects {
			if b.options.Progress != nil {
				b.options.Progress(n*len(subjects)+i, b.options.Rounds*len(subjects))
			}
			if err := b.roundOf(ctx, s, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// subject counts the lock's calls, which needs no kernel.
func (b *Bench) subject(e lock.Entry) *subject {
	s := &subject{entry: e, levels: make([]level, len(b.options.Processes))}
	s.result = Result{Lock: e.Name, Machine: b.machine, Waits: e.Waits}
	var err error
	if s.result.First, s.result.Calls, err = Calls(e); err != nil {
		s.result.First, s.result.Calls, s.result.Uncounted = 0, 0, err.Error()
	}
	return s
}

// roundOf measures the lock's n-th round: each level once, and a kill. What has
// used up its share of the budget has no more rounds.
func (b *Bench) roundOf(ctx context.Context, s *subject, n int) (err error) {
	if s.result.Unsupported != "" {
		return nil
	}
	b.enroll()
	begin := time.Now()
	if n == 0 {
		err = b.prepare(ctx, s)
	}
	if err == nil && (n < fewest || s.contended < time.Duration(roundsTake*float64(b.options.Budget))) {
		err = b.contend(ctx, s)
		s.contended += time.Since(begin)
	}
	begin = time.Now()
	if err == nil && !s.hopeless() && s.recovered < time.Duration((1-roundsTake)*float64(b.options.Budget)) {
		err = b.crash(ctx, s)
		s.recovered += time.Since(begin)
	}
	if why := unmeasured(""); errors.As(err, &why) {
		s.result.Unsupported, err = string(why), nil
	}
	return err
}

// prepare finds out how long the lock's rounds must be, and what becomes of its
// durations in the recovery.
func (b *Bench) prepare(ctx context.Context, s *subject) error {
	o := b.options
	pair, err := b.alone(ctx, s)
	if err != nil {
		return err
	}
	s.length = time.Duration(roundsLast * float64(o.Budget) / float64(o.Rounds*len(o.Processes)))
	s.length = max(s.length, 2*pair) // or a slow lock is cut in each
	s.result.Recovery = recovery(s.entry.Defaults, o.Threshold)
	return nil
}

// resultOf returns what the lock's rounds come to.
func (b *Bench) resultOf(s *subject) Result {
	r := s.result
	r.Levels = []Level{} // not nil, which is null in JSON
	for i, l := range s.levels {
		if len(l.throughput) > 0 {
			r.Levels = append(r.Levels, l.level(b.options.Processes[i]))
		}
	}
	if r.Recovery != nil {
		r.Recovery = r.Recovery.after(s.times)
	}
	return r
}
