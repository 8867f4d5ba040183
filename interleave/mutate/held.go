package mutate

import (
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A seamed is a lock whose code runs on seams.
type seamed struct {
	lock   lock.Lock
	tamper *tamper
	seen   sightings
}

// through returns the entry with seams between its code and the host.
func through(e lock.Entry, t *tamper, seen sightings) lock.Entry {
	under := e.New
	e.New = func(c lock.Config) lock.Lock { return &seamed{under(c), t, seen} }
	return e
}

// seam returns that of a part which begins with this memory.
func (l *seamed) seam(part string, m *memory) *seam {
	return &seam{part: part, tamper: l.tamper, seen: l.seen, memory: m}
}

// Acquire implements lock.Lock.
func (l *seamed) Acquire(p *sys.Proc, path string, how lock.How) (lock.Held, error) {
	s := l.seam(acquiring, newMemory())
	held, err := l.lock.Acquire(s.over(p), path, how)
	if err != nil {
		return nil, err
	}
	k := &kept{lock: l, held: held, memory: s.memory.next()}
	_, converts := held.(lock.Converter)
	guard, guards := held.(lock.Guard)
	switch {
	case converts && guards:
		return struct {
			*kept
			converter
			data
		}{k, converter{k}, guard}, nil
	case converts:
		return struct {
			*kept
			converter
		}{k, converter{k}}, nil
	case guards:
		return struct {
			*kept
			data
		}{k, guard}, nil
	}
	return k, nil
}

// A kept is what an acquire left, the seam's memory included.
type kept struct {
	lock   *seamed
	held   lock.Held
	memory *memory
}

// Release implements lock.Held. A forked child may release its copy, so that what
// is remembered stays as it is.
func (k *kept) Release(p *sys.Proc) error {
	return k.held.Release(k.lock.seam(releasing, k.memory.clone()).over(p))
}

// A converter is what a kept is besides, where its held is a lock.Converter.
type converter struct{ k *kept }

// Convert implements lock.Converter.
func (c converter) Convert(p *sys.Proc, how lock.How) error {
	s := c.k.lock.seam(converting, c.k.memory.clone())
	err := c.k.held.(lock.Converter).Convert(s.over(p), how)
	c.k.memory = s.memory.next()
	return err
}

// data is what a lock.Guard is besides. How the data is read and written is no
// matter of the lock's, and not taken apart.
type data interface {
	Read(p *sys.Proc) (string, error)
	Write(p *sys.Proc, data string) error
}
