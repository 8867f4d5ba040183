package explore

import (
	"context"
	"errors"
	"maps"
	"math/big"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Question is what is to be explored. The zero values of what bounds it mean
// no bound.
type Question struct {
	Trial    *trial.Trial
	Profile  string // the file system whose rules hold: "ext4", "tmpfs"
	Property string // by its name; model.ExclusionName where it is empty. Of those that probe, the last client is the probe

	Depth      int            // only schedules of so many steps
	States     int            // how many there may be
	Memory     int            // how many bytes they may take
	Workers    int            // goroutines; 0: one
	NoSymmetry bool           // processes that do the same are told apart
	KeepGoing  bool           // a violation does not end it
	NoCount    bool           // interleavings are not counted
	Reduce     bool           // steps that concern nobody else are not interleaved; nothing is counted then
	Tell       func(Progress) // is called now and then, if it is set
}

// A Progress is what was covered so far.
type Progress struct {
	Switches int // every schedule with at most so many; -1: not known
	Depth    int // every schedule of at most so many steps
	States   int
}

func (q *Question) workers() int { return max(1, q.Workers) }

func (q *Question) tell(p Progress) {
	if q.Tell != nil {
		q.Tell(p)
	}
}

// An Answer is what exploring came to.
type Answer struct {
	Verdict model.Verdict
	Why     error // of Undecided: what ended it

	States, Transitions int
	Terminal            int      // states in which every client is done or nothing can happen
	Stuck               int      // of them, those in which somebody is not done
	Depth               int      // every schedule of at most so many steps was covered
	Interleavings       *big.Int // schedules that were covered; nil: they were not counted
	Endless             bool     // they were not because some go round for ever
	Violations          int      // transitions to a violation
	Bytes               int      // that the states take
	Restarts            int      // because something new was learned of the code

	// The evidence that the answer is not an empty one.
	Contended int             // steps of an acquire while another client held the lock
	Timers    int             // waits of a thread that were ended by time: a heartbeat's beats
	Aged      int             // times that a file was found old
	Unreached []string        // calls that the code is known to make and did not make here
	made      map[string]bool // of each call that it is known to make: it did here
	timed     bool            // the code has such waits
	ages      bool            // and asks for ages
}

// Vacuous says what did not happen, so that an answer proves less than it seems
// to: "nobody had to wait".
func (a *Answer) Vacuous() []string {
	var why []string
	if a.Contended == 0 {
		why = append(why, "nobody asked for the lock while another held it")
	}
	if a.timed && a.Timers == 0 {
		why = append(why, "no heartbeat fired")
	}
	if a.ages && a.Aged == 0 {
		why = append(why, "no file was found old, so nothing was recovered")
	}
	return why
}

// Merge adds what another exploration of the same lock came to, for what both
// prove together.
func (a *Answer) Merge(b *Answer) {
	a.Contended += b.Contended
	a.Timers += b.Timers
	a.Aged += b.Aged
	a.timed = a.timed || b.timed
	a.ages = a.ages || b.ages
	a.States += b.States
	a.Transitions += b.Transitions
	a.Terminal += b.Terminal
	a.Stuck += b.Stuck
	a.Depth = max(a.Depth, b.Depth)
	a.Violations += b.Violations
	a.Endless = a.Endless || b.Endless
	made := map[string]bool{}
	maps.Copy(made, a.made)
	for call, here := range b.made {
		made[call] = made[call] || here
	}
	a.made = made
	a.Unreached = unreached(a.made)
	if a.Interleavings != nil && b.Interleavings != nil {
		a.Interleavings = new(big.Int).Add(a.Interleavings, b.Interleavings)
	} else {
		a.Interleavings = nil
	}
}

// Why an exploration ended before everything was covered.
var (
	ErrDepth  = errors.New("the depth was reached")
	ErrStates = errors.New("the number of states was reached")
	ErrMemory = errors.New("the memory was used up")
	errFound  = errors.New("a violation was found")
)

// Explore covers every schedule of the question's trial. An error is the
// harness's or the lock code's: it is not deterministic, or crashed; what ends
// the exploration for want of room or time is the answer's Why.
func (c *Code) Explore(ctx context.Context, q Question) (Answer, error) {
	_, a, err := c.explored(ctx, &q)
	return a, err
}

// explored is Explore, and returns the graph too.
func (c *Code) explored(ctx context.Context, q *Question) (g *graph, a Answer, err error) {
	if err := c.warmUp(ctx, q); err != nil {
		return nil, Answer{}, err
	}
	restarts, err := c.learning(q, func(auto *automaton) (lessons []lesson, err error) {
		if g, lessons, err = newGraph(q, auto); err != nil {
			return lessons, err
		}
		g.explore(ctx)
		if g.wrong != nil || g.cause == errUnknown {
			return g.lessons(), g.wrong
		}
		a = g.answer(ctx)
		return nil, nil
	})
	var limit *Limit
	if errors.As(err, &limit) {
		return g, Answer{Verdict: model.Undecided, Why: limit}, nil
	}
	if err != nil {
		return g, Answer{}, err // what was found of code that breaks its promises is nothing
	}
	a.Restarts = restarts
	return g, a, nil
}

// warmUp explores what the first two clients do alone, and then the first three,
// as far as that is a matter of a moment. Most of the code is learned by that,
// and a large graph need not be begun again for it.
func (c *Code) warmUp(ctx context.Context, q *Question) error {
	for n := 2; n < min(4, len(q.Trial.Clients)); n++ {
		t := *q.Trial
		t.Clients = t.Clients[:n]
		few := Question{Trial: &t, Profile: q.Profile, States: 20_000, KeepGoing: true, NoCount: true, Reduce: true}
		_, err := c.learning(&few, func(auto *automaton) ([]lesson, error) {
			g, lessons, err := newGraph(&few, auto)
			if err != nil {
				return lessons, err
			}
			g.explore(ctx)
			return g.lessons(), g.wrong
		})
		var limit *Limit
		if err != nil && !errors.As(err, &limit) {
			return err
		}
	}
	return nil
}

// learning lets something be done with the automaton of the question's code, again
// and again until nothing is left to be learned for it. It returns how often
// that was in vain.
func (c *Code) learning(q *Question, do func(*automaton) ([]lesson, error)) (int, error) {
	for _, client := range q.Trial.Clients {
		if err := c.prepare(client.Work); err != nil {
			return 0, err
		}
	}
	for vain := 0; ; vain++ {
		q.tell(Progress{Switches: -1})
		lessons, err := do(c.automaton())
		if err != nil && err != errUnknown {
			return vain, err
		}
		if len(lessons) == 0 {
			return vain, c.pump()
		}
		if err := c.teach(lessons); err != nil {
			return vain, err
		}
	}
}

func (g *graph) answer(ctx context.Context) Answer {
	a := Answer{Depth: g.levels, States: g.states(), Why: g.cause, Verdict: model.Holds}
	for _, sh := range g.shards {
		c := &sh.count
		a.Transitions += c.transitions
		a.Terminal += c.terminal
		a.Stuck += c.stuck
		a.Contended += c.contended
		a.Timers += c.timers
		a.Aged += c.aged
		a.Violations += c.violations
		a.Bytes += sh.store.memory()
	}
	covered := g.coverage()
	a.made, a.timed, a.ages = covered.made(), covered.has(sys.OpCancelled), covered.has(sys.OpOlder)
	a.Unreached = unreached(a.made)
	switch {
	case a.Violations > 0:
		a.Verdict = model.Violated
	case g.cause != nil:
		a.Verdict = model.Undecided
	}
	if g.cause == nil && !g.question.NoCount && !g.question.Reduce {
		a.Interleavings, a.Endless = g.interleavings(ctx)
	}
	return a
}

// A Limit is the error of an exploration that has no room for what the code
// does.
type Limit struct{ What string }

func (e *Limit) Error() string { return e.What }
