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
	classes = make([]int, len(c.nodes))
	keys := make([]string, len(c.nodes))
	seen := map[any]int{}
	for i, n := range c.nodes {
		keys[i] = n.likeness(seen)
	}
	for {
		before := count
		count = number(classes, keys)
		if count == before {
			return classes, count
		}
		for i, n := range c.nodes {
			keys[i] = n.refined(classes, seen)
		}
	}
}

// number gives equal keys equal classes.
func number(classes []int, keys []string) int {
	seen := make(map[string]int, len(keys))
	for i, key := range keys {
		classes[i] = numbered(seen, key)
	}
	return len(seen)
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
		b = append(b, 'f', byte(a.field), byte(i))
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
		key = append(append(key, byte(len(w))), w...)
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
	b = append(b, byte(len(moves)))
	for _, m := range moves {
		if m.new {
			b = append(b, 'n')
		}
		b = append(b, m.at)
	}
	return b
}
