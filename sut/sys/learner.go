package sys

import "time"

// A Learner is a Host that learns lock code as an automaton: by what it was
// answered, and not by what it did. It wants to be told what no call shows.
// Other hosts are not asked.
type Learner interface {
	Host

	// SameFile answers [Proc.SameFile], so that a comparison is an answer like
	// any other and inode numbers themselves tell the code nothing.
	SameFile(a, b Stat) bool

	// Look answers [Proc.Nlink], [Proc.Size] and [Proc.KindOf]: it returns what
	// they look at in s.
	Look(s Stat) Stat

	// Loop says that a loop begins whose rounds leave nothing behind but a
	// pause, b.Initial at first and b.After(pause) after each round. It returns
	// the first round's pause, and Again that of the next round; they may be
	// stand-ins, to be slept and not to be looked at. Done says that the loop is
	// over. Loops nest.
	Loop(b Backoff) time.Duration
	Again(pause time.Duration) time.Duration
	Done()
}

// SameFile reports whether both are of the same inode number, which is what
// os.SameFile compares on one device. Lock code compares files by it and by
// nothing else.
func (p *Proc) SameFile(a, b Stat) bool {
	if l, ok := p.host.(Learner); ok {
		return l.SameFile(a, b)
	}
	return SameFile(a, b)
}

// Nlink returns how many names the file had.
func (p *Proc) Nlink(s Stat) int { return p.look(s).Nlink }

// Size returns the file's size.
func (p *Proc) Size(s Stat) int64 { return p.look(s).Size }

// KindOf returns the file's kind.
func (p *Proc) KindOf(s Stat) Kind { return p.look(s).Kind }

func (p *Proc) look(s Stat) Stat {
	if l, ok := p.host.(Learner); ok {
		return l.Look(s)
	}
	return s
}

// Repeat runs round until it says that no other is to follow. A round leaves
// nothing behind in variables that the next one sees.
func (p *Proc) Repeat(round func() (again bool)) {
	l := p.loop(Backoff{})
	defer l.done()
	for round() {
		l.again()
	}
}

// A loop is one that a Learner, if there is one, is told of.
type loop struct {
	backoff Backoff
	pause   time.Duration
	learner Learner
}

func (p *Proc) loop(b Backoff) *loop {
	l := &loop{backoff: b, pause: b.Initial}
	if l.learner, _ = p.host.(Learner); l.learner != nil {
		l.pause = l.learner.Loop(b)
	}
	return l
}

func (l *loop) again() {
	if l.learner != nil {
		l.pause = l.learner.Again(l.pause)
	} else {
		l.pause = l.backoff.After(l.pause)
	}
}

func (l *loop) done() {
	if l.learner != nil {
		l.learner.Done()
	}
}
