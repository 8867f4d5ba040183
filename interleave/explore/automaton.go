package explore

import (
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// An automaton is what was learned of the code, in its smallest form: nodes of
// the trees that do the same from then on, answer by answer, are one place. It
// does not change; what is learned later makes another.
type automaton struct {
	spots []*spot
	first map[string]*spot // of clients, by the segment of a workload
	gone  [3]*spot         // where threads are that have ended, by their claim

	oldest      time.Duration // the largest age that is asked about
	sames       bool          // somebody asks whether times are equal
	directories bool          // somebody looks at the mtime of directories
	pids        bool          // processes are told from each other
	errors      []string      // that acquires have failed with
	hard        bool          // some of them are neither busy nor timeout
}

// A spot is where a thread stands, as far as it matters for what it does next.
type spot struct {
	id      int
	call    sys.Call
	args    []argument // their tokens are indexes of kinds
	kinds   []kind     // of the values that are kept
	claim   claim
	asks    bool        // an acquire has begun
	begins  bool        // an acquire is what its call begins
	busy    bool        // some operation has begun
	backoff sys.Backoff // of an opAgain: its loop's
	ended   bool

	// Some way from here looks at a file's mtime, or compares inode numbers.
	// Where no thread's does, neither belongs to the state.
	ages, numbers bool

	local, timeless bool // its step concerns nobody else, nor a clock: see reduce.go

	edges []path
	from  *node // one of the nodes that it is
}

// A path is an edge between spots.
type path struct {
	obs     sys.Ret
	to      *spot
	child   *spot
	answers []history.Event
	moves   []move
	starts  []move // of the child
}

// automaton returns what the trees come to.
func (c *Code) automaton() *automaton {
	c.liveness()
	a := &automaton{first: map[string]*spot{}, directories: c.directories}
	classes, count := c.partition()
	for i := range a.gone {
		a.gone[i] = &spot{id: i, claim: claim(i), ended: true}
	}
	a.spots = append(a.spots, a.gone[:]...)
	spots := make([]*spot, count)
	for i, n := range c.nodes {
		if spots[classes[i]] == nil {
			spots[classes[i]] = a.spot(n)
		}
	}
	for _, s := range spots {
		if s.ended {
			continue
		}
		for _, e := range s.from.edges {
			p := path{obs: e.obs, answers: e.answers, to: spots[classes[e.to.id]], moves: s.from.moves(e.to, e.old)}
			if e.child != nil {
				p.child, p.starts = spots[classes[e.child.id]], s.from.moves(e.child, len(s.from.tokens))
			}
			s.edges = append(s.edges, p)
			a.hears(e.answers)
		}
	}
	a.lookAhead()
	a.findLocal()
	for segment, n := range c.roots {
		a.first[segment] = spots[classes[n.id]]
	}
	return a
}

// plan returns where the segments of a workload begin.
func (a *automaton) plan(work trial.Workload) []*spot {
	var all []*spot
	for _, segment := range segments(work) {
		all = append(all, a.first[segment.String()])
	}
	return all
}

// spot makes the spot of a node, still without edges.
func (a *automaton) spot(n *node) *spot {
	if n.ended {
		return a.gone[n.claim]
	}
	a.looks(n.call)
	s := &spot{
		id: len(a.spots), call: n.call, claim: n.claim, from: n,
		asks: acquiring(n.op) && n.invoked, begins: acquiring(n.op) && !n.invoked, busy: n.op != 0 && n.invoked,
	}
	for _, t := range n.live {
		s.kinds = append(s.kinds, n.tokens[t])
	}
	for _, arg := range n.args {
		i, _ := slices.BinarySearch(n.live, arg.token)
		s.args = append(s.args, argument{arg.field, token(i)})
	}
	if n.call.Op == opAgain {
		s.backoff = n.loop.backoff
	}
	a.spots = append(a.spots, s)
	return s
}

// hears takes note of what clients are told.
func (a *automaton) hears(answers []history.Event) {
	for _, e := range answers {
		if e.Kind == history.Fail && !slices.Contains(a.errors, e.Error) {
			a.errors = append(a.errors, e.Error)
			a.hard = a.hard || hard(e)
		}
	}
}

// looks takes note of what the call looks at.
func (a *automaton) looks(c sys.Call) {
	switch c.Op {
	case sys.OpOlder:
		a.oldest = max(a.oldest, c.Dur)
	case sys.OpSame:
		a.sames, a.oldest = true, max(a.oldest, 1) // a time that was set just now may be set again
	case sys.OpFcntl:
		// The answer names a process, so that processes must keep their names.
		a.pids = a.pids || c.Flags == sys.F_GETLK || c.Flags == sys.F_OFD_GETLK
	case sys.OpGetpid, sys.OpAlive:
		a.pids = true
	}
}

// after returns what a thread at the spot does with the answer, or nil where
// that was not learned yet.
func (s *spot) after(obs sys.Ret) *path {
	for i := range s.edges {
		if s.edges[i].obs == obs {
			return &s.edges[i]
		}
	}
	return nil
}

// lookAhead finds what the ways from each spot look at: a stat whose mtime is
// kept looks at it, and one whose inode is kept at that.
func (a *automaton) lookAhead() {
	for changed := true; changed; {
		changed = false
		for _, s := range slices.Backward(a.spots) {
			ages, numbers := s.ages, s.numbers
			for _, e := range s.edges {
				s.sees(e.to, e.moves)
				if e.child != nil {
					s.sees(e.child, e.starts)
				}
			}
			changed = changed || ages != s.ages || numbers != s.numbers
		}
	}
}

// sees takes over what lies behind an edge.
func (s *spot) sees(to *spot, moves []move) {
	s.ages, s.numbers = s.ages || to.ages, s.numbers || to.numbers
	for i, m := range moves {
		s.ages = s.ages || m.new && to.kinds[i] == instant
		s.numbers = s.numbers || to.kinds[i] == inode
	}
}
