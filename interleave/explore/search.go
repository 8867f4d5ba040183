package explore

import (
	"context"
	"encoding/binary"
	"sync"
)

// A graph is what was explored: the states in shards, one a goroutine, each
// state in the shard that its hash names. A level of the search is all states
// that so many steps lead to and no fewer; within a level, shards expand what is
// theirs and hand over what is not, and none goes ahead of the others. So what
// is found does not depend on who is faster.
type graph struct {
	question *Question
	shards   []*shard
	levels   int
	cause    error // of the end, where it ended early

	mu    sync.Mutex
	wrong error
}

// A shard is one goroutine's part of a graph.
type shard struct {
	graph  *graph
	index  int
	walker *walker
	store  *store
	next   int // the first state that was not expanded yet
	level  int // the first state of the next level
	out    [][]byte
	here   state // the state that is expanded
	there  state // and what a step makes of it
	menu   []option
	count  counts
}

// A name is a state's number in the whole graph: its number in its shard, times
// the number of shards, plus the shard's.
func (g *graph) name(shard int, id uint32) uint32 {
	return id*uint32(len(g.shards)) + uint32(shard)
}

func (g *graph) shardOf(name uint32) (*shard, uint32) {
	n := uint32(len(g.shards))
	return g.shards[name%n], name / n
}

// newGraph returns a graph that holds the first state alone.
func newGraph(q *Question, auto *automaton) (*graph, []lesson, error) {
	g := &graph{question: q}
	for i := range q.workers() {
		w, first, err := newWalker(q, auto)
		if err != nil {
			return nil, w.lessonsOf(), err
		}
		sh := &shard{graph: g, index: i, walker: w, store: newStore(), out: make([][]byte, q.workers())}
		for _, s := range []*state{&sh.here, &sh.there} {
			s.copyFrom(first)
		}
		g.shards = append(g.shards, sh)
	}
	for _, sh := range g.shards {
		record := sh.walker.encode(&sh.here)
		hash := hashOf(record)
		if g.owner(hash) == sh.index {
			sh.store.add(record, hash, noState)
			if bad, err := sh.walker.bad(&sh.here); err != nil {
				return nil, sh.walker.lessons, err
			} else if bad {
				sh.count.violations++ // by acquires that make no call
			}
		}
	}
	return g, nil, nil
}

// noState is what the first state was met from.
const noState = ^uint32(0)

// owner returns the index of the shard that a state belongs to. The table uses
// the hash's low bits, so these are its high ones.
func (g *graph) owner(hash uint64) int { return int(hash>>32) % len(g.shards) }

// batch is how many states a shard expands before what it found is handed over.
const batch = 1 << 12

// explore goes on level by level until nothing is new, or something ends it.
// Where something is met that is not known of the code, it goes on for a while
// without that, because much of it is met together, and each time that something
// is learned all begins anew.
func (g *graph) explore(ctx context.Context) {
	patience := 0 // how many states there may be, once something is not known
	for depth := 0; ; depth++ {
		fresh := g.nextLevel()
		ended := g.question.Depth > 0 && depth == g.question.Depth
		unknown := len(g.lessons()) > 0
		if unknown && patience == 0 {
			patience = 2*g.states() + batch
		}
		switch {
		case unknown && (!fresh || ended || g.states() > patience):
			g.cause = errUnknown
			return
		case !fresh:
			return
		case ended:
			g.levels, g.cause = depth, ErrDepth
			return
		}
		g.levels = depth
		for g.pending() {
			g.each((*shard).expandBatch)
			g.each((*shard).take)
			if g.cause = g.over(ctx); g.cause != nil {
				return
			}
			g.question.tell(Progress{Switches: -1, Depth: depth, States: g.states()})
		}
		g.question.tell(Progress{Switches: -1, Depth: depth + 1, States: g.states()})
	}
}

// nextLevel begins a level, and reports whether it has states.
func (g *graph) nextLevel() (fresh bool) {
	for _, sh := range g.shards {
		sh.level = sh.store.len()
		fresh = fresh || sh.next < sh.level
	}
	return fresh
}

// pending reports whether the level has states that were not expanded.
func (g *graph) pending() bool {
	for _, sh := range g.shards {
		if sh.next < sh.level {
			return true
		}
	}
	return false
}

// each lets all shards do the same at the same time.
func (g *graph) each(do func(*shard)) {
	if len(g.shards) == 1 {
		do(g.shards[0])
		return
	}
	var wg sync.WaitGroup
	for _, sh := range g.shards {
		wg.Go(func() { do(sh) })
	}
	wg.Wait()
}

// over says why the search must not go on.
func (g *graph) over(ctx context.Context) error {
	switch {
	case g.wrong != nil:
		return g.wrong
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !g.question.KeepGoing && g.violations() > 0 && len(g.lessons()) == 0:
		return errFound
	case g.question.States > 0 && g.states() > g.question.States:
		return ErrStates
	case g.question.Memory > 0 && g.memory() > g.question.Memory:
		return ErrMemory
	}
	return nil
}

func (g *graph) violations() (n int) {
	for _, sh := range g.shards {
		n += sh.count.violations
	}
	return n
}

func (g *graph) memory() (n int) {
	for _, sh := range g.shards {
		n += sh.store.memory()
		for _, out := range sh.out {
			n += cap(out)
		}
	}
	return n
}

func (g *graph) states() (n int) {
	for _, sh := range g.shards {
		n += sh.store.len()
	}
	return n
}

// fail notes the first error.
func (g *graph) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wrong == nil {
		g.wrong = err
	}
}

// expandBatch expands the next states of the level.
func (sh *shard) expandBatch() {
	for i := range sh.out {
		sh.out[i] = sh.out[i][:0]
	}
	for end := min(sh.level, sh.next+batch); sh.next < end; sh.next++ {
		if err := sh.expand(uint32(sh.next)); err != nil {
			sh.graph.fail(err)
			return
		}
	}
}

// expand takes every step that the state offers.
func (sh *shard) expand(id uint32) error {
	w := sh.walker
	w.decode(&sh.here, sh.store.get(id))
	sh.menu = w.options(&sh.here, sh.menu[:0])
	if len(sh.menu) == 0 {
		sh.count.terminal++
		if !w.finished(&sh.here) {
			sh.count.stuck++
		}
	}
	name := sh.graph.name(sh.index, id)
	for _, o := range w.once(&sh.here, sh.menu) {
		sh.there.copyFrom(&sh.here)
		err := w.take(&sh.there, o)
		if err == nil {
			sh.count.took(w, &sh.here, o)
		}
		if err == nil && sh.graph.question.Reduce {
			err = w.hurry(&sh.there, &sh.count)
		}
		if err == errUnknown {
			continue
		}
		if err != nil {
			return err
		}
		broken, err := w.breaks(&sh.here, &sh.there)
		if err != nil {
			return err
		}
		if broken {
			sh.count.violations++
		}
		sh.send(w.encode(&sh.there), name)
	}
	return nil
}

// sentHead is how many bytes go before a record that is handed over: its hash,
// the state that it was met from, and its length.
const sentHead = 8 + 4 + 4

// send hands a state over to its shard.
func (sh *shard) send(record []byte, from uint32) {
	hash := hashOf(record)
	owner := sh.graph.owner(hash)
	if owner == sh.index {
		sh.store.add(record, hash, from)
		return
	}
	b := sh.out[owner]
	b = binary.LittleEndian.AppendUint64(b, hash)
	b = binary.LittleEndian.AppendUint32(b, from)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	sh.out[owner] = append(b, record...)
}

// take stores what the other shards have found.
func (sh *shard) take() {
	for _, other := range sh.graph.shards {
		for b := other.out[sh.index]; len(b) > 0; {
			hash, from := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])
			n := sentHead + int(binary.LittleEndian.Uint32(b[12:]))
			sh.store.add(b[sentHead:n], hash, from)
			b = b[n:]
		}
	}
}

// lessons returns what was met and is not known of the code.
func (g *graph) lessons() (all []lesson) {
	for _, sh := range g.shards {
		all = append(all, sh.walker.lessons...)
	}
	return all
}
