package explore

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// partition returns the class of each node, and how many there are. Nodes are in
// one class if they are alike and every answer is known at all of them or at
// none, and leads from all of them to one class: strong bisimulation, found by
// refining the coarsest partition.
func (c *Code) partition() (classes []int, count int) {
	seen := map[any]int{}
	p := &partition{classes: make([]int, len(c.nodes)), into: make([][]*node, len(c.nodes))}
	alike := map[string]int{}
	for i, n := range c.nodes {
		p.classes[i] = numbered(alike, n.likeness(seen))
		for _, e := range n.edges {
			p.into[e.to.id] = append(p.into[e.to.id], n)
			if e.child != nil {
				p.into[e.child.id] = append(p.into[e.child.id], n)
			}
		}
	}
	p.members = make([]int, len(alike))
	for _, class := range p.classes {
		p.members[class]++
	}
	for look := c.nodes; len(look) > 0; {
		look = p.above(p.refine(look, seen))
	}
	return p.classes, len(p.members)
}

// A partition is one under way.
type partition struct {
	classes []int
	members []int     // of each class, how many
	into    [][]*node // of each node, those with edges to it
}

// refine splits the classes of the nodes by where these lead now, and returns
// the nodes whose class has changed. The members of a class that are not among
// the nodes lead to none whose class has changed and so keep theirs; where there
// are no such members, those do that are alike to the first one. So the cost is
// that of what changes: the long chains of code that has no end stay cheap.
func (p *partition) refine(look []*node, seen map[any]int) (changed []*node) {
	looked := map[int]int{} // of each class, how many of them
	keys := make([]string, len(look))
	for i, n := range look {
		looked[p.classes[n.id]]++
		keys[i] = n.refined(p.classes, seen)
	}
	split, kept := map[string]int{}, map[int]bool{}
	for i, n := range look {
		from := p.classes[n.id]
		to, known := split[keys[i]]
		if !known {
			if to = from; kept[from] || looked[from] < p.members[from] {
				to = len(p.members)
				p.members = append(p.members, 0)
			}
			kept[from], split[keys[i]] = true, to
		}
		if to != from {
			p.classes[n.id] = to
			p.members[from], p.members[to] = p.members[from]-1, p.members[to]+1
			looked[from]--
			changed = append(changed, n)
		}
	}
	return changed
}

// above returns the nodes with edges to the given ones, each once.
func (p *partition) above(nodes []*node) (all []*node) {
	for _, n := range nodes {
		all = append(all, p.into[n.id]...)
	}
	slices.SortFunc(all, func(a, b *node) int { return a.id - b.id })
	return slices.Compact(all)
}

// numbered returns the number of a thing among those that were seen.
func numbered[T comparable](seen map[T]int, thing T) int {
	n, ok := seen[thing]
	if !ok {
		n = len(seen)
		seen[thing] = n
	}
	return n
}

// likeness writes what must be equal of nodes that are to be one spot.
func (n *node) likeness(calls map[any]int) string {
	if n.ended {
		return fmt.Sprint("end", n.claim)
	}
	loop := n.backoff
	if n.call.Op == opAgain {
		loop = n.loop.backoff
	}
	b := words(numbered(calls, any(n.call)), numbered(calls, any(loop)), int(n.claim))
	if acquiring(n.op) {
		b = append(b, 'a')
	}
	if n.invoked {
		b = append(b, 'i')
	}
	for _, t := range n.live {
		b = append(b, 'k', byte(n.tokens[t]))
	}
	for _, a := range n.args {
		i, _ := slices.BinarySearch(n.live, a.token)
		b = append(append(b, 'f', byte(a.field)), words(i)...)
	}
	return string(b)
}

// refined writes the node's class and where its answers lead.
func (n *node) refined(classes []int, answers map[any]int) string {
	var all []string
	for _, e := range n.edges {
		b := words(numbered(answers, any(e.obs)), classes[e.to.id])
		for _, r := range e.answers {
			b = append(b, words(numbered(answers, any(r)))...)
		}
		b = appendMoves(b, n.moves(e.to, e.old))
		if e.child != nil {
			b = append(b, words(classes[e.child.id])...)
			b = appendMoves(b, n.moves(e.child, len(n.tokens)))
		}
		all = append(all, string(b))
	}
	slices.Sort(all)
	key := words(classes[n.id])
	for _, w := range all {
		key = append(append(key, words(len(w))...), w...)
	}
	return string(key)
}

func words(numbers ...int) (b []byte) {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func appendMoves(b []byte, moves []move) []byte {
	b = append(b, words(len(moves))...)
	for _, m := range moves {
		b = append(append(b, flag(m.new)), words(int(m.at))...)
	}
	return b
}
