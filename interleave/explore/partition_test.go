package explore

import "testing"

// bisimilar is partition, by looking at every node in every round.
func bisimilar(c *Code) (classes []int, count int) {
	classes, seen := make([]int, len(c.nodes)), map[any]int{}
	keys := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		keys[i] = n.likeness(seen)
	}
	for {
		before, known := count, map[string]int{}
		for i, key := range keys {
			classes[i] = numbered(known, key)
		}
		if count = len(known); count == before {
			return classes, count
		}
		for i, n := range c.nodes {
			keys[i] = n.refined(classes, seen)
		}
	}
}

func TestNodesAreInOneClassIfTheyDoTheSame(t *testing.T) {
	merged := false
	for _, name := range []string{"ktstr-block", "pact-sidecar", "posixage-v0", "posixage-v1", "posixage-v2"} {
		tr := contest(t, name, "", "lock inside unlock lock inside unlock", "idle", 2, 0)
		c := NewCode(tr.Lock, tr.Config)
		if _, err := c.Explore(t.Context(), Question{Trial: tr, Profile: memory.Profile(), Property: "exclusion"}); err != nil {
			t.Fatal(err)
		}
		c.liveness()
		found, n := c.partition()
		wanted, m := bisimilar(c)
		if n != m {
			t.Errorf("%s: found %d classes of %d nodes, wanted %d", name, n, len(c.nodes), m)
		}
		merged = merged || n < len(c.nodes)
		to := map[int]int{}
		for i := range found {
			if class, ok := to[found[i]]; ok && class != wanted[i] {
				t.Errorf("%s: node %d is in class %d, wanted another", name, i, found[i])
			}
			to[found[i]] = wanted[i]
		}
	}
	if !merged {
		t.Error("found no two nodes in one class, so this compares nothing")
	}
}
