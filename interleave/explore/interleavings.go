package explore

import (
	"context"
	"math/big"
)

// mostCounted is how many states a graph may have for its interleavings to be
// counted: every one is expanded once more for it.
const mostCounted = 2_000_000

// interleavings returns how many schedules the graph covers: its ways from the
// first state to where nothing can happen. Processes that change places keep
// their number of ways, so that the steps of each are counted although their
// states are stored once. It returns nil where the graph has a cycle, so that
// the schedules have no end, and where it is too large or time is up.
func (g *graph) interleavings(ctx context.Context) (n *big.Int, endless bool) {
	if g.states() > mostCounted {
		return nil, false
	}
	c := &counter{graph: g, ways: make([]*big.Int, g.top()), onWay: make([]bool, g.top())}
	return c.count(ctx, g.firstName())
}

// top returns a number above the names of all states.
func (g *graph) top() int {
	most := 0
	for _, sh := range g.shards {
		most = max(most, sh.store.len())
	}
	return most * len(g.shards)
}

func (g *graph) firstName() uint32 {
	for _, sh := range g.shards {
		if sh.store.len() > 0 && sh.store.from[0] == noState {
			return g.name(sh.index, 0)
		}
	}
	return 0
}

// A counter goes through a graph depth first.
type counter struct {
	graph  *graph
	ways   []*big.Int // from each state
	onWay  []bool     // to the state at hand
	stack  []visit
	looked int // states that were entered
}

// A visit is a state whose ways are being counted.
type visit struct {
	name uint32
	next []uint32 // still to be added
	sum  *big.Int
}

var one = big.NewInt(1)

// count returns the number of ways from the state, or whether there is a cycle.
func (c *counter) count(ctx context.Context, name uint32) (n *big.Int, endless bool) {
	c.enter(name)
	for {
		v := &c.stack[len(c.stack)-1]
		if len(v.next) == 0 {
			c.ways[v.name], c.onWay[v.name] = v.sum, false
			c.stack = c.stack[:len(c.stack)-1]
			if len(c.stack) == 0 {
				return v.sum, false
			}
			continue
		}
		to := v.next[len(v.next)-1]
		switch {
		case c.onWay[to]:
			return nil, true
		case c.ways[to] != nil:
			v.sum.Add(v.sum, c.ways[to])
			v.next = v.next[:len(v.next)-1]
		case c.paused() && ctx.Err() != nil:
			return nil, false
		default:
			c.enter(to)
		}
	}
}

// paused reports, once in a batch of states, that the counting goes on.
func (c *counter) paused() bool {
	if c.looked++; c.looked%batch != 0 {
		return false
	}
	c.graph.question.tell(Progress{Switches: -1, Depth: c.graph.levels, States: c.graph.states()})
	return true
}

func (c *counter) enter(name uint32) {
	c.onWay[name] = true
	next := c.graph.successors(name)
	v := visit{name: name, next: next, sum: new(big.Int)}
	if len(next) == 0 {
		v.sum.Set(one)
	}
	c.stack = append(c.stack, v)
}

// successors returns the states that the steps from a state lead to, in the
// order of its options.
func (g *graph) successors(name uint32) []uint32 {
	sh, id := g.shardOf(name)
	w := sh.walker
	w.decode(&sh.here, sh.store.get(id))
	sh.menu = w.options(&sh.here, sh.menu[:0])
	next := make([]uint32, 0, len(sh.menu))
	for _, o := range sh.menu {
		sh.there.copyFrom(&sh.here)
		if err := w.take(&sh.there, o); err != nil {
			continue // explored before without one
		}
		record := w.encode(&sh.there)
		hash := hashOf(record)
		owner := g.shards[g.owner(hash)]
		if to, ok := owner.store.find(record, hash); ok {
			next = append(next, g.name(owner.index, to))
		}
	}
	return next
}
