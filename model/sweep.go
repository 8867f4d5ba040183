package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A conflict is the first claim that no order of the steps can allow.
type conflict struct {
	at             int // position of the response that gave it
	holder, client int // who has a claim, and who got one that conflicts with it; one client may be both
	holders        []string
	why            string
}

// sweep returns the first conflict, or nil. It goes through the positions with every acquire
// at the last moment it has, its response, and every release at the first, its invocation.
//
// That decides linearizability. If the sweep finds no conflict, its order is a linearization. If
// it finds one, both claims exist at that position in every order that agrees with the positions:
// each was made before (its response has come) and is ended after (its release was not asked
// for). For the same reason no prefix that ends sooner is a violation, and longer ones are.
func (c *claims) sweep() *conflict {
	var holding []step
	byMoment := func(a, b step) int { return cmp.Compare(a.at, b.at) }
	for _, s := range slices.SortedFunc(slices.Values(c.steps), byMoment) {
		if !s.acquires {
			holding = slices.DeleteFunc(holding, func(h step) bool { return h.client == s.client })
			continue
		}
		if with := conflicting(holding, s); with != nil {
			return &conflict{s.at, with.client, s.client, c.names(append(holding, s)), c.why(holding, s, *with)}
		}
		holding = append(holding, s)
	}
	return nil
}

// conflicting returns a claim that s conflicts with, another client's if there is one, or nil.
func conflicting(holding []step, s step) *step {
	var own *step
	for i, h := range holding {
		switch {
		case h.client == s.client:
			own = &holding[i]
		case !h.shared || !s.shared:
			return &holding[i]
		}
	}
	return own
}

// names returns the clients of the claims, each once.
func (c *claims) names(claims []step) []string {
	var names []string
	for _, s := range claims {
		if name := c.clients[s.client]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// why says what is wrong with s beside the claims of holding, in particular that of with.
func (c *claims) why(holding []step, s, with step) string {
	name, other := c.clients[s.client], c.clients[with.client]
	switch {
	case s.client == with.client:
		return fmt.Sprintf("%s acquires the lock while it holds it already", name)
	case s.shared:
		return fmt.Sprintf("%s holds it exclusively while %s reads", other, name)
	case !with.shared:
		return fmt.Sprintf("%s and %s both hold the lock", other, name)
	}
	readers := c.names(slices.DeleteFunc(slices.Clone(holding), func(h step) bool { return h.client == s.client }))
	if len(readers) == 1 {
		return fmt.Sprintf("%s holds it exclusively while %s reads", name, readers[0])
	}
	last := len(readers) - 1
	return fmt.Sprintf("%s holds it exclusively while %s and %s read", name, strings.Join(readers[:last], ", "), readers[last])
}
