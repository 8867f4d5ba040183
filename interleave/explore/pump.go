package explore

import (
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Forgetting rests on what lock code promises: that a round of a loop leaves
// nothing behind, and an operation neither. The trees are made as if it were so,
// and a look at the next call would not show that it is not: code that counts
// its attempts does the same for a while. So what was learned is checked against
// code that is not made to forget: it is pumped through many rounds of each loop
// and led through many operations, and must do what the trees say at every step.

// How much is pumped: the rounds of a loop in a row, and the ways through the
// whole of a client's workload.
const (
	pumpedRounds = 24
	pumpedWays   = 20
)

// pump checks what was learned since it was called last.
func (c *Code) pump() error {
	taken := map[*edge]int{}
	for _, n := range c.nodes[c.pumped:] {
		if n.call.Op != opLoop {
			continue
		}
		if err := c.pumpLoop(n, taken); err != nil {
			return err
		}
	}
	if c.pumped == len(c.nodes) {
		return nil
	}
	for _, work := range c.works {
		again := repeated(work, 3)
		for range pumpedWays {
			if err := c.pumpWay(again, taken); err != nil {
				return err
			}
		}
	}
	c.pumped = len(c.nodes)
	return nil
}

// pumpLoop leads the code into the loop, through its rounds in turn, and out of
// it.
func (c *Code) pumpLoop(loop *node, taken map[*edge]int) error {
	rounds := c.rounds(loop)
	if len(rounds) == 0 {
		return nil
	}
	p, err := c.run(loop)
	if err != nil {
		return err
	}
	defer p.stop()
	at := loop
	for i := range pumpedRounds {
		way := rounds[i%len(rounds)]
		if i == 0 {
			way = append([]sys.Ret{loop.edges[0].obs}, way...)
		}
		for _, obs := range way {
			if at, err = c.lead(p, at, at.edge(obs)); err != nil {
				return err
			}
		}
	}
	_, err = c.leadOut(p, at, taken)
	return err
}

// rounds returns the ways through one round of the loop that lead to another.
func (c *Code) rounds(loop *node) [][]sys.Ret {
	var all [][]sys.Ret
	for _, n := range c.nodes {
		if n.call.Op != opAgain || n.loop != loop || len(n.edges) == 0 {
			continue
		}
		way := []sys.Ret{n.edges[0].obs}
		for at := n; at != loop.round && at.parent != nil; at = at.parent {
			way = append(way, at.via)
		}
		slices.Reverse(way)
		all = append(all, way)
	}
	return all
}

// pumpWay leads the code from the start of a client's workload to its end.
func (c *Code) pumpWay(work trial.Workload, taken map[*edge]int) error {
	p := newClient(work, c.entry.New(c.config))
	defer p.stop()
	c.runs++
	s, err := p.begin()
	for _, part := range segments(work) {
		at := c.roots[part.String()]
		if err == nil {
			err = at.expects(s)
		}
		if err == nil {
			at, err = c.leadOut(p, at, taken)
		}
		if err != nil || at.call.Op != opRest {
			return err
		}
		if s, err = p.feed(at, sys.Ret{}); err != nil || s.ended {
			return err
		}
	}
	return nil
}

// repeated returns the workload with the segments that end with a release so
// many times. Its segments are the same.
func repeated(work trial.Workload, times int) trial.Workload {
	end := len(work)
	for end > 0 && work[end-1].Verb != trial.Unlock {
		end--
	}
	return append(slices.Repeat(work[:end], times), work[end:]...)
}

// longestWay bounds a way that goes round in a loop.
const longestWay = 400

// leadOut leads the code on by the edges that were taken least, to its end or
// to where nothing is known, and returns where that is.
func (c *Code) leadOut(p *puppet, at *node, taken map[*edge]int) (*node, error) {
	for range longestWay {
		var least *edge
		for _, e := range at.edges {
			if least == nil || taken[e] < taken[least] {
				least = e
			}
		}
		if least == nil {
			return at, nil
		}
		taken[least]++
		next, err := c.lead(p, at, least)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// lead takes one edge, and compares where the code goes with where it leads.
func (c *Code) lead(p *puppet, at *node, e *edge) (*node, error) {
	s, err := p.feed(at, e.obs)
	if err == nil {
		err = e.to.expects(s)
	}
	if err == nil && !slices.Equal(p.answers, e.answers) {
		err = &Nondeterministic{First: answered(e.answers), Then: answered(p.answers)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: after %s: %w", c.entry.Name, at.announced(), err)
	}
	return e.to, nil
}

// answered returns what a client was told, for people.
func answered(answers []history.Event) string {
	text := "no answer"
	for _, e := range answers {
		text = fmt.Sprintf("the answer %q to %s", e.Error, e.F)
		if e.Kind == history.Ok {
			text = "the answer ok to " + e.F
		}
	}
	return text
}
