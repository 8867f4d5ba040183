package explore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A lesson is an answer that some thread was given and of which it is not known
// yet what the code does with it.
type lesson struct {
	at        *node
	obs       sys.Ret
	directory bool // it was of a directory
}

// teach learns what the code does with the answers, and then with those that
// the calls at hand were ever answered, wherever they are made. So the trees are
// soon complete, and what was explored need not be explored again for each
// answer that a call is given in another place.
//
// They are learned in one order, whoever met them first, so that the automaton
// does not depend on it.
func (c *Code) teach(lessons []lesson) error {
	for _, l := range sorted(lessons) {
		c.directories = c.directories || l.directory
		if l.at.edge(l.obs) != nil {
			continue
		}
		if met := c.met[l.at.call]; !l.obs.Fault && !slices.Contains(met, l.obs) {
			c.met[l.at.call] = append(met, l.obs)
		}
		if err := c.learn(l.at, l.obs); err != nil {
			return err
		}
	}
	return c.close()
}

// sorted returns the lessons by where they were met and what was answered, each
// once.
func sorted(lessons []lesson) []lesson {
	texts := make(map[lesson]string, len(lessons))
	for _, l := range lessons {
		texts[l] = fmt.Sprint(l.obs)
	}
	return slices.SortedFunc(maps.Keys(texts), func(a, b lesson) int {
		return cmp.Or(cmp.Compare(a.at.id, b.at.id), cmp.Compare(texts[a], texts[b]))
	})
}

// maxClosed is how many nodes the trees may have to be completed: those of any
// lock whose loops are told to the seam have far fewer, and others may have no
// end.
const maxClosed = 4000

// close learns what the code does with the answers that its calls were given
// elsewhere. Answers that cannot follow each other may upset the code, so a
// crash is none here.
func (c *Code) close() error {
	for i := 0; i < len(c.nodes); i++ {
		if len(c.nodes) > maxClosed {
			return nil
		}
		n := c.nodes[i]
		for obs, ok := c.missing(n); ok; obs, ok = c.missing(n) {
			err := c.learn(n, obs)
			var crash *Crash
			if err != nil && !errors.As(err, &crash) {
				return err
			}
			if n.edge(obs) == nil {
				n.failed = append(n.failed, obs)
			}
		}
	}
	return nil
}

// missing returns an answer that the node's call was given elsewhere.
func (c *Code) missing(n *node) (sys.Ret, bool) {
	for _, obs := range c.met[n.call] {
		if n.edge(obs) == nil && !slices.Contains(n.failed, obs) {
			return obs, true
		}
	}
	return sys.Ret{}, false
}

// learn runs the real code to the node and gives it the answer. It lets the
// code go on with answers that it has not been given there, until it comes to
// where it was before: one run so learns many edges.
func (c *Code) learn(n *node, obs sys.Ret) error {
	p, err := c.run(n)
	if err != nil {
		return err
	}
	defer p.stop()
	for more := true; more; {
		e, known, err := c.follow(p, n, obs)
		if err != nil {
			return err
		}
		n = e.to
		obs, more = c.missing(n)
		more = more && !known && len(c.nodes) < maxClosed
	}
	return nil
}

// run returns a puppet that stands at the node.
func (c *Code) run(n *node) (*puppet, error) {
	var way []*node
	for at := n; at.parent != nil; at = at.parent {
		way = append(way, at)
	}
	p, err := c.start(n.root)
	if err != nil {
		return nil, err
	}
	at := n.root.first
	for _, to := range slices.Backward(way) {
		s, err := p.feed(at, to.via)
		if err == nil {
			err = to.expects(s)
		}
		if err != nil {
			p.stop()
			return nil, fmt.Errorf("%s: after %s: %w", c.entry.Name, at.announced(), err)
		}
		at = to
	}
	return p, nil
}

// start returns a puppet that stands at the root's first node.
func (c *Code) start(r *root) (*puppet, error) {
	var p *puppet
	if r.spawn == nil {
		p = newClient(r.work, c.entry.New(c.config))
	} else {
		parent, err := c.run(r.spawn)
		if err != nil {
			return nil, err
		}
		defer parent.stop()
		seen := tokens{kinds: r.spawn.tokens, serial: slices.Clone(parent.tokens.serial)}
		body := parent.child
		if _, err := parent.feed(r.spawn, sys.Ret{}); err != nil {
			return nil, err
		}
		p = newChild(body, seen)
	}
	c.runs++
	s, err := p.begin()
	if err == nil {
		err = r.first.expects(s)
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%s: at its start: %w", c.entry.Name, err)
	}
	return p, nil
}
