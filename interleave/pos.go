package interleave

import (
	"math/rand/v2"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// POS is partial order sampling: each announced call has a random priority,
// the highest goes first, and calls that race with the one that went get a new
// priority. Orders of calls that do not race are so not sampled again and
// again. (Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018.)
type POS struct {
	nemesis
	priority map[int]float64 // of each thread's announced call
	taken    int             // the thread whose call goes now, or -1
	calls    map[int]sys.Call
}

// NewPOS returns a sampler that draws from rng.
func NewPOS(rng *rand.Rand) *POS {
	return &POS{nemesis: nemesis{rng}, priority: map[int]float64{}, calls: map[int]sys.Call{}}
}

// Choose implements Chooser.
func (p *POS) Choose(m *Menu) (int, error) {
	if i, ok := p.pick(m); ok {
		p.taken = m.Options[i].Thread
		return i, nil
	}
	best, highest := 0, -1.0
	for i, o := range m.Options[:m.Threads] {
		p.calls[o.Thread] = m.Call(i)
		v, ok := p.priority[o.Thread]
		if !ok {
			v = p.rng.Float64()
			p.priority[o.Thread] = v
		}
		if v > highest {
			best, highest = i, v
		}
	}
	p.taken = m.Options[best].Thread
	return best, nil
}

// Took implements Chooser.
func (p *POS) Took(s trial.Step) error {
	delete(p.priority, p.taken)
	for t := range p.priority {
		if Races(s.Call, p.calls[t]) {
			delete(p.priority, t)
		}
	}
	return nil
}

// Races reports whether the order of the two calls, made by different threads,
// could matter. It does not look at what they touch: in a trial nearly every
// call is about the lock file. So it says yes too often, which costs samples
// and loses nothing.
func Races(a, b sys.Call) bool {
	return effect(a) != local && effect(b) != local && (effect(a) == writes || effect(b) == writes)
}

type callEffect uint8

const (
	local  callEffect = iota // of no concern to other threads
	reads                    // looks at what others may change
	writes                   // may change what others look at
)

func effect(c sys.Call) callEffect {
	switch c.Op {
	case 0, sys.OpSleep, sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame, sys.OpGo, sys.OpJoin, sys.OpGetpid, sys.OpGettid:
		return local
	case sys.OpFstat, sys.OpStat, sys.OpLstat, sys.OpReadlink, sys.OpStatfs, sys.OpRead, sys.OpCancelled,
		sys.OpAlive, sys.OpLocked, sys.OpLoad, sys.OpGet:
		return reads
	case sys.OpOpen:
		if c.Flags&(sys.O_CREAT|sys.O_TRUNC) == 0 {
			return reads
		}
	}
	return writes
}
