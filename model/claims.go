package model

import (
	"fmt"

	"github.com/ghostlock/ghostlock/history"
)

// A step makes or ends a claim of a client at one moment between from and to. The times of all steps of a
// history are distinct and ordered as the positions that they come from.
type step struct {
	client   int  // index in claims.clients
	acquires bool // makes a claim; if not, ends one
	shared   bool
	from, to int64
	at       int // position of an acquire's response, or of a release's invocation, or of a kill
}

// Claims are what a history says of claims.
type claims struct {
	clients []string
	steps   []step // in the order in which operations were invoked and clients killed
	shared  bool   // somebody asked for a shared claim, got or not
}

// Positions are multiplied by scale to make times: then a kill can begin and end before the
// next position, and a release without a response end just before one.
const scale = 4

// A standing is how a client stands in the course of a history.
type standing struct {
	holds     bool // it has a claim and has not asked to release it
	shared    bool // with others
	releasing int  // the step of the release that may still take effect, or -1
}

// newClaims reads h, which is valid, by the rules of the package comment.
//
// Of a claim only the first unlock is kept. A later one (after a failure) could end the claim
// no sooner, and ending a claim sooner never makes a history illegal.
func newClaims(h history.History) (*claims, error) {
	c := &claims{clients: h.Clients()}
	clients := make(map[string]int, len(c.clients))
	now := make([]standing, len(c.clients))
	for i, name := range c.clients {
		clients[name], now[i].releasing = i, -1
	}
	ops := h.Operations()
	for at, e := range h {
		client := clients[e.Process]
		switch {
		case e.F == history.Kill:
			c.kill(client, at, &now[client])
		case e.Kind == history.Invoke:
			c.invoke(client, ops[0], &now[client])
			ops = ops[1:]
		}
	}
	for i, s := range now {
		c.close(s.releasing, int64(scale*len(h)+i))
	}
	if c.shared && len(c.clients) > MaxClients {
		return nil, fmt.Errorf("found %d clients of a lock with readers, wanted %d at the most", len(c.clients), MaxClients)
	}
	return c, nil
}

// invoke adds the step of op, if it is one.
func (c *claims) invoke(client int, op history.Operation, now *standing) {
	s := step{client: client, from: scale * int64(op.Invoked), to: scale * int64(op.Returned), at: op.Invoked}
	s.shared = history.IsShared(op.F)
	c.shared = c.shared || s.shared
	switch {
	case history.IsAcquire(op.F) && op.Outcome == history.Ok:
		// A release that may still take effect has done so by now or never matters: this
		// claim is legal only if the one before has ended, and sooner is never worse.
		c.close(now.releasing, s.from-1)
		*now = standing{holds: true, shared: s.shared, releasing: -1}
		s.acquires, s.at = true, op.Returned
	case history.IsConversion(op.F) && now.holds:
		c.convert(s, op, now)
		return
	case op.F == history.Unlock && now.holds:
		*now = standing{releasing: -1}
		if op.Outcome != history.Ok {
			now.releasing = len(c.steps)
		}
	default:
		return
	}
	c.steps = append(c.steps, s)
}

// convert adds the two steps of a conversion: it gives up the claim that there
// was as soon as it is asked for, and makes one anew, of the old kind where it is
// refused. Nobody promises that nothing happens between the two: flock(2) does
// not. A conversion of which nobody knows how it went leaves no claim.
func (c *claims) convert(s step, op history.Operation, now *standing) {
	given := s
	given.to = s.from + 1
	c.steps = append(c.steps, given)
	if op.Outcome != history.Ok && op.Outcome != history.Fail {
		*now = standing{releasing: -1}
		return
	}
	if op.Outcome == history.Ok {
		now.shared = op.F == history.Downgrade
	}
	s.acquires, s.shared, s.from, s.at = true, now.shared, s.from+2, op.Returned
	c.shared = c.shared || s.shared
	c.steps = append(c.steps, s)
}

// kill ends what client has at position at.
func (c *claims) kill(client, at int, now *standing) {
	t := scale * int64(at)
	c.close(now.releasing, t-1)
	if now.holds {
		c.steps = append(c.steps, step{client: client, from: t, to: t + 1, at: at})
	}
	*now = standing{releasing: -1}
}

// close makes t the last moment at which a release may take effect.
func (c *claims) close(release int, t int64) {
	if release >= 0 {
		c.steps[release].to = t
	}
}
