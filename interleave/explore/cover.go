package explore

import (
	"context"
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Cover chooses schedules that, run on another kernel, put to the test all
// that an exploration has taken from the simulated one: every pair of a kernel's
// state and a call made in it, and a way to every state in which nothing can
// happen any more. Pairs are remembered, so that what one lock's schedules have
// shown is not shown again by another's. A Cover is for one goroutine.
type Cover struct {
	seen map[string]bool
}

// Pairs returns how many pairs of a kernel's state and a call are covered.
func (c *Cover) Pairs() int { return len(c.seen) }

// Schedules explores the question and hands the schedules that it chose over,
// one after the other, saying of each whether nothing can happen after it. It
// returns the exploration's answer. An error of visit's ends it.
func (c *Cover) Schedules(ctx context.Context, code *Code, q Question, visit func(moves []Move, whole bool) error) (Answer, error) {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	q.Workers, q.KeepGoing = 1, true
	g, a, err := code.explored(ctx, &q)
	if err != nil || a.Verdict == model.Undecided {
		return a, err
	}
	k := &coverer{cover: c, graph: g, shard: g.shards[0], there: g.shards[0].walker.blank(), visit: visit}
	if err := k.ends(ctx); err != nil {
		return a, err
	}
	return a, k.pairs(ctx)
}

// A coverer goes through one graph.
type coverer struct {
	cover *Cover
	graph *graph
	shard *shard
	there *state
	visit func([]Move, bool) error
}

// ends visits a way to each state in which nothing can happen, those that are
// farthest first: a long way covers many pairs.
func (k *coverer) ends(ctx context.Context) error {
	w := k.shard.walker
	for id := k.shard.store.len() - 1; id >= 0; id-- {
		w.decode(&k.shard.here, k.shard.store.get(uint32(id)))
		if len(w.options(&k.shard.here, nil)) > 0 {
			continue
		}
		if err := k.way(ctx, uint32(id), nil); err != nil {
			return err
		}
	}
	return nil
}

// pairs visits a way to each pair that is not covered yet.
func (k *coverer) pairs(ctx context.Context) error {
	w := k.shard.walker
	for id := k.shard.store.len() - 1; id >= 0; id-- {
		w.decode(&k.shard.here, k.shard.store.get(uint32(id)))
		var fresh []option
		for _, o := range w.options(&k.shard.here, nil) {
			if key := w.pair(&k.shard.here, o); key != "" && !k.cover.seen[key] {
				fresh = append(fresh, o)
			}
		}
		for i := range fresh {
			if err := k.way(ctx, uint32(id), &fresh[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// way visits the way to the state, and a step from there if there is one.
func (k *coverer) way(ctx context.Context, id uint32, last *option) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := k.shard.walker
	moves, f, err := w.retrace(k.shard.store.records(id), func(s *state, o option) {
		if key := w.pair(s, o); key != "" {
			k.cover.seen[key] = true
		}
	})
	if err != nil {
		return err
	}
	if last != nil {
		w.decode(k.there, k.shard.store.get(id))
		k.cover.seen[w.pair(k.there, *last)] = true
		moves = append(moves, f.move(*last))
	}
	return k.visit(moves, last == nil)
}

// kernelSees reports whether the call reaches a kernel: those of threads and of
// their memory do not.
func kernelSees(op sys.Op) bool {
	switch op {
	case sys.OpInside, sys.OpSleep, sys.OpJoin, sys.OpCancel, sys.OpCancelled, sys.OpGo:
		return false
	}
	return !op.InMemory()
}

// pair writes the state's kernel, and the call that the option would make in
// it; nothing where no kernel is asked.
func (w *walker) pair(s *state, o option) string {
	switch o.env {
	case trial.None:
		if o.fault != 0 {
			return ""
		}
		c := s.call(s.thread(o.at))
		if _, told := c.Told(); told || !kernelSees(c.Op) {
			return ""
		}
		return fmt.Sprintf("%s|%s|p%d %s", w.profile, w.kernelOf(s), slices.Index(w.enc.order, int(o.at.proc)), c)
	case trial.Kill:
		return fmt.Sprintf("%s|%s|kill p%d", w.profile, w.kernelOf(s), slices.Index(w.enc.order, int(o.at.proc)))
	}
	return ""
}

// kernelOf writes the kernel of the state alone.
func (w *walker) kernelOf(s *state) []byte {
	w.encode(s)
	return s.kernel.Append(nil, &w.enc.form)
}
