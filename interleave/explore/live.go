package explore

import "slices"

// liveness finds the live tokens of every node. A token is live at a node if
// some way from there, as far as the trees go, hands it back in a call. The value
// of one that is not live is not kept in states: no way that is explored depends
// on it. A way that is longer than the trees is learned first, and then
// everything is explored again.
func (c *Code) liveness() {
	for _, n := range c.nodes {
		n.live = n.live[:0]
		for _, a := range n.args {
			n.addLive(a.token)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range slices.Backward(c.nodes) {
			for _, e := range n.edges {
				changed = n.inherit(e.to, e.old) || changed
				if e.child != nil {
					changed = n.inherit(e.child, len(n.tokens)) || changed
				}
			}
		}
	}
}

func (n *node) addLive(t token) bool {
	i, found := slices.BinarySearch(n.live, t)
	if !found {
		n.live = slices.Insert(n.live, i, t)
	}
	return !found
}

// inherit makes live at n what is live behind it, as far as it is among n's
// first tokens, so many of them. It reports whether that was news.
func (n *node) inherit(to *node, old int) (changed bool) {
	for _, t := range to.live {
		if int(t) < old && n.addLive(t) {
			changed = true
		}
	}
	return changed
}

// A move says where the value of a live token comes from: it is the live one of
// that index at the node before or, where it is new, of that index among the
// answer's.
type move struct {
	new bool
	at  int32
}

// moves returns where the values come from that are kept behind an edge of n,
// behind which n's first tokens are remembered, so many of them.
func (n *node) moves(to *node, old int) []move {
	var all []move
	for _, t := range to.live {
		if int(t) >= old {
			all = append(all, move{true, int32(int(t) - old)})
			continue
		}
		i, _ := slices.BinarySearch(n.live, t)
		all = append(all, move{false, int32(i)})
	}
	return all
}
