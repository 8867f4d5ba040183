package explore

import (
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Code is what was learned of a lock's code so far: for each thread that it
// runs, a tree of answers. It grows while it is explored, and what was learned
// for one question serves the next. It is for one goroutine.
type Code struct {
	entry  lock.Entry
	config lock.Config

	roots map[string]*node          // of clients, by the segment of a workload
	works map[string]trial.Workload // that were asked about
	nodes []*node
	met   map[sys.Call][]sys.Ret // what each call was answered, anywhere
	runs  int                    // of real code

	pumped int // nodes that were checked, see pump

	directories bool // some stat was of a directory
}

// A node is where a thread stands before a call, as far as its history is
// remembered: the answers since its start, or since what was forgotten.
type node struct {
	id     int
	call   sys.Call // with the arguments that are tokens left out
	args   []argument
	ended  bool
	tokens []kind // remembered here
	edges  []*edge
	failed []sys.Ret // answers that the code was tried with and did not survive

	// How a puppet gets here: the way by which the node was met first.
	parent *node
	via    sys.Ret
	root   *root

	loop    *node       // the innermost loop around it, its opLoop
	round   *node       // of an opLoop: where each round begins
	backoff sys.Backoff // of an opLoop

	op      trial.Verb // the operation under way, or 0
	invoked bool       // and it has made a call
	claim   claim      // what the client has while it stands here

	live []token // see liveness
}

// A root is how a thread's code is started.
type root struct {
	work  trial.Workload // of a client's own thread: a segment
	spawn *node          // of another: the OpGo or OpFork that starts it
	first *node
}

// An edge is what a thread does with an answer.
type edge struct {
	obs     sys.Ret
	to      *node
	child   *node // of an OpGo or OpFork: where the new thread begins
	old     int   // how many of the tokens before it are remembered behind it
	answers []history.Event
}

// NewCode returns the code of a lock of which nothing is known.
func NewCode(e lock.Entry, c lock.Config) *Code {
	return &Code{entry: e, config: c, roots: map[string]*node{}, works: map[string]trial.Workload{}, met: map[sys.Call][]sys.Ret{}}
}

// Runs returns how often real code was run.
func (c *Code) Runs() int { return c.runs }

// Nodes returns how many nodes its trees have.
func (c *Code) Nodes() int { return len(c.nodes) }

// prepare learns how each segment of the workload begins.
func (c *Code) prepare(work trial.Workload) error {
	c.works[work.String()] = work
	for _, segment := range segments(work) {
		if c.roots[segment.String()] != nil {
			continue
		}
		p := newClient(segment, c.entry.New(c.config))
		defer p.stop()
		n, err := c.begin(p, &root{work: segment})
		if err != nil {
			return err
		}
		c.roots[segment.String()] = n
	}
	return nil
}

// begin makes the first node of a thread that the puppet runs.
func (c *Code) begin(p *puppet, r *root) (*node, error) {
	c.runs++
	s, err := p.begin()
	if err != nil {
		return nil, fmt.Errorf("%s: at its start: %w", c.entry.Name, err)
	}
	r.first = c.add(p, s, &node{root: r})
	return r.first, nil
}

// add makes n the node at which the puppet stands.
func (c *Code) add(p *puppet, s symbol, n *node) *node {
	n.id, n.call, n.ended, n.args, n.backoff = len(c.nodes), s.call, s.ended, slices.Clone(s.args[:s.nargs]), p.backoff
	p.standing(n)
	c.nodes = append(c.nodes, n)
	return n
}

// edge returns what the thread is known to do with the answer, or nil.
func (n *node) edge(obs sys.Ret) *edge {
	for _, e := range n.edges {
		if e.obs == obs {
			return e
		}
	}
	return nil
}

// follow gives the puppet, which stands at the node, an answer, and remembers
// what it does with it.
func (c *Code) follow(p *puppet, n *node, obs sys.Ret) (*edge, bool, error) {
	child := p.child // the next one may be announced at once
	s, err := p.feed(n, obs)
	if err != nil {
		return nil, false, fmt.Errorf("%s: after %s: %w", c.entry.Name, n.announced(), err)
	}
	e := &edge{obs: obs, answers: p.answers, old: len(n.tokens)}
	merged := n.merges()
	if merged != nil {
		e.to = *merged
		e.old = n.keeps()
	}
	known := e.to != nil
	if known {
		err = e.to.expects(s)
	} else {
		e.to = c.add(p, s, &node{root: n.root, parent: n, via: obs})
		if merged != nil {
			*merged = e.to
		}
	}
	if err == nil && starts(n.call.Op) && obs.Err == 0 {
		e.child, err = c.spawned(child, p, n)
	}
	if err == nil {
		n.edges = append(n.edges, e)
	}
	return e, known, err
}

// merges returns where the node is kept that follows n whatever came before it,
// because that may be forgotten: at the beginning of each round of a loop.
func (n *node) merges() **node {
	switch n.call.Op {
	case opAgain:
		return &n.loop.round
	case opLoop:
		return &n.round
	}
	return nil
}

// keeps returns how many tokens are remembered behind a node that merges.
func (n *node) keeps() int {
	if n.call.Op == opAgain {
		return len(n.loop.tokens)
	}
	return len(n.tokens)
}

// starts reports whether the operation starts a thread: in its process, or in one
// of its own.
func starts(op sys.Op) bool { return op == sys.OpGo || op == sys.OpFork }

// spawned returns the node at which the thread begins that the puppet has just
// started at n.
func (c *Code) spawned(body func(*sys.Proc), p *puppet, n *node) (*node, error) {
	handles := len(given(n.call.Op, sys.Ret{}))
	child := newChild(body, tokens{kinds: n.tokens, serial: p.tokens.serial[:len(p.tokens.serial)-handles]})
	defer child.stop()
	return c.begin(child, &root{spawn: n})
}

// expects returns an error if the node is not where the code stands: the same
// answers have led it elsewhere before.
func (n *node) expects(s symbol) error {
	if s.ended == n.ended && s.call == n.call && slices.Equal(s.args[:s.nargs], n.args) {
		return nil
	}
	return &Nondeterministic{First: n.announced(), Then: (&node{call: s.call, ended: s.ended}).announced()}
}

// announced returns what a thread at the node does, for people.
func (n *node) announced() string {
	if n.ended {
		return "its end"
	}
	return announced(n.call)
}

// announced returns the call, or what is silent, for people.
func announced(c sys.Call) string {
	switch c.Op {
	case opAgain:
		return "another round"
	case opLoop:
		return "a loop"
	case opRest:
		return "the end of an operation"
	case opSame:
		return "a comparison of files"
	case opLook:
		return "a look at a file's size, links or kind"
	}
	return c.String()
}

// Nondeterministic is the error of lock code that was given the same answers
// twice, or the same since what it was to forget, and went two ways.
type Nondeterministic struct{ First, Then string }

func (e *Nondeterministic) Error() string {
	return fmt.Sprintf("lock code is not deterministic: given the same answers it went on with %s and then with %s; "+
		"it has an input that is no call, or keeps state from one round or operation to the next", e.First, e.Then)
}
