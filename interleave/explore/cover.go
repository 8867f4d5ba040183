package explore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Cover chooses schedules that, run on another kernel, put to the test all
// that an exploration has taken from the simulated one: every pair of a kernel's
// state and a call made in it, and a way to every state in which nothing can
// happen any more. Pairs are remembered, so that what one lock's schedules have
// shown is not shown again by another's, whose goroutine may be another one too. The
// zero Cover has covered nothing.
type Cover struct {
	mu   sync.Mutex
	seen map[digest]bool
}

// A digest stands for a pair: there are millions.
type digest [16]byte

// has reports whether the pair is covered.
func (c *Cover) has(pair string) bool {
	d := digested(pair)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[d]
}

// add notes that the pair is covered, and reports whether it was not.
func (c *Cover) add(pair string) bool {
	d := digested(pair)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[digest]bool{}
	}
	known := c.seen[d]
	c.seen[d] = true
	return !known
}

func digested(pair string) digest {
	sum := sha256.Sum256([]byte(pair))
	return digest(sum[:len(digest{})])
}

// Schedules explores the question and hands the schedules that it chose over,
// one after the other, saying of each whether nothing can happen after it. It
// returns the exploration's answer, and how many pairs were new. An error of
// visit's ends it; where the answer is undecided there are no schedules.
func (c *Cover) Schedules(ctx context.Context, code *Code, q Question, visit func(moves []Move, whole bool) error) (a Answer, pairs int, err error) {
	q.Workers, q.KeepGoing = 1, true
	g, a, err := code.explored(ctx, &q)
	if err != nil || a.Verdict == model.Undecided {
		return a, 0, err
	}
	k := &coverer{cover: c, shard: g.shards[0], visit: visit}
	if err = k.ends(ctx); err == nil {
		err = k.pairs(ctx)
	}
	return a, k.new, err
}

// A coverer goes through one graph.
type coverer struct {
	cover *Cover
	shard *shard
	visit func([]Move, bool) error
	new   int // pairs
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
		if err := k.way(ctx, uint32(id)); err != nil {
			return err
		}
	}
	return nil
}

// pairs visits ways to all pairs that are not covered yet, the nearest first: their
// ways go on to others.
func (k *coverer) pairs(ctx context.Context) error {
	w := k.shard.walker
	for id := range k.shard.store.len() {
		for {
			w.decode(&k.shard.here, k.shard.store.get(uint32(id)))
			if _, fresh := k.fresh(&k.shard.here); !fresh {
				break
			}
			if err := k.way(ctx, uint32(id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh returns a step from the state whose pair is not covered.
func (k *coverer) fresh(s *state) (option, bool) {
	w := k.shard.walker
	for _, o := range w.options(s, nil) {
		if key := w.pair(s, o); key != "" && !k.cover.has(key) {
			return o, true
		}
	}
	return option{}, false
}

// way visits the way to the state, and on from there for as long as there are steps
// whose pairs are not covered.
func (k *coverer) way(ctx context.Context, id uint32) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := k.shard.walker
	moves, f, err := w.retrace(k.shard.store.records(id), k.covered)
	if err != nil {
		return err
	}
	here, there := w.blank(), w.blank()
	w.decode(here, k.shard.store.get(id))
	for {
		o, ok := k.fresh(here)
		if !ok {
			break
		}
		there.copyFrom(here)
		if err := w.take(there, o); err != nil {
			return err
		}
		record := slices.Clone(w.encode(there))
		order := slices.Clone(w.enc.order)
		k.covered(here, o)
		moves = append(moves, f.move(o))
		f.taken(w, here, o)
		f.permute(order)
		w.decode(here, record)
	}
	return k.visit(moves, len(w.options(here, nil)) == 0)
}

// covered notes the pair of a step that is taken.
func (k *coverer) covered(s *state, o option) {
	if key := k.shard.walker.pair(s, o); key != "" && k.cover.add(key) {
		k.new++
	}
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
