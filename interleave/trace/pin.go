//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

var _ sys.Pinner = (*Machine)(nil)

// A placing says which processors the programs have, and the thread that traces
// them. They take turns when they take their steps, and to wake another processor at
// each costs more than it saves: that speaks for one. Some have much to do in many
// threads, and when they start all do it at the same time: that speaks for all. It is
// tried which is faster.
type placing struct {
	all, one unix.CPUSet
	fixed    bool // by Pin
	starts   int
	took     [2]time.Duration // by starts on one processor, and on all
}

// tries is how many starts are timed on one processor, and on all.
const tries = 3

// Pin implements sys.Pinner: the programs that are started from here on share the
// n-th processor at hand with the thread that traces them.
func (m *Machine) Pin(n int) error {
	if err := m.placing.find(n); err != nil {
		return err
	}
	m.placing.fixed = true
	return place(0, &m.placing.one)
}

// find chooses the n-th processor at hand, counted around.
func (p *placing) find(n int) error {
	if err := unix.SchedGetaffinity(0, &p.all); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	n %= p.all.Count()
	for cpu := 0; p.one.Count() == 0; cpu++ {
		if !p.all.IsSet(cpu) {
			continue
		}
		if n == 0 {
			p.one.Set(cpu)
		}
		n--
	}
	return nil
}

func place(tid int, on *unix.CPUSet) error {
	if err := unix.SchedSetaffinity(tid, on); err != nil && err != unix.ESRCH {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	return nil
}

// spread reports whether the next start is on all processors.
func (p *placing) spread() bool {
	switch {
	case p.fixed:
		return false
	case p.starts < 2*tries:
		return p.starts%2 == 1
	}
	return p.took[1] < p.took[0]
}

// placed starts the programs where they are to be in this trial.
func (m *Machine) placed(start func() error) error {
	p := &m.placing
	how, on := 0, &p.one
	if p.spread() {
		how, on = 1, &p.all
	}
	if err := place(0, on); err != nil {
		return err
	}
	begin := time.Now()
	if err := start(); err != nil {
		return err
	}
	if p.starts++; p.starts > 1 { // the first one of all fills caches
		p.took[how] += time.Since(begin)
	}
	return nil
}
