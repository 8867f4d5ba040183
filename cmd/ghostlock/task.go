package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// What goes between the command and the child that explores for it, as lines of
// JSON: tasks one way, messages the other.

// A task is what a child is asked: one property of one lock, over trials.
type task struct {
	Lock     string
	Config   lock.Config
	Property string
	Profile  string // the file system whose rules hold
	Plans    []plan
	limits
}

// limits bound what is explored of each of a task's trials.
type limits struct {
	Switches   int           // only schedules with so many; negative: any
	Depth      int           // only schedules of so many steps; 0: any
	Memory     bytesize      // for all that the child needs
	Time       time.Duration // for the whole task; 0: any
	Workers    int
	NoSymmetry bool
	KeepGoing  bool // cover everything, whatever is found
	Reduce     bool // steps that concern nobody else are not interleaved, so nothing is counted
	Brief      bool // the verdict is all that is asked for: nothing is shrunk or counted
	Shrink     bool // it is known to be violated: the smallest case is all that is asked for
}

// A message is what a child says: how far it is, or what came of a task, or
// what went wrong.
type message struct {
	Told   *covered `json:",omitempty"`
	Answer *answer  `json:",omitempty"`
	Error  string   `json:",omitempty"`
}

// A covered is how far the exploration of a trial has come. The zero covered is
// not begun.
type covered struct {
	Trial    int // its index
	Begun    bool
	Switches int // every schedule with at most so many was covered; -1: not known
	Depth    int // every schedule of at most so many steps was covered
	States   int
	Whole    bool   // everything within the bounds was covered
	Why      string // of a trial that ended and is not whole
}

// add takes over what p says.
func (c *covered) add(p explore.Progress) {
	c.Switches, c.Depth, c.States = max(c.Switches, p.Switches), max(c.Depth, p.Depth), max(c.States, p.States)
}

// String says what of the trial was covered: "every schedule of at most 3
// switches".
func (c covered) String() string {
	switch {
	case !c.Begun:
		return "nothing"
	case c.Whole:
		return "every schedule"
	case c.Switches < 0 && c.Depth == 0:
		return "no bound was reached"
	case c.Switches < 0:
		return "every schedule of at most " + count(c.Depth, "step")
	case c.Depth == 0:
		return "every schedule of at most " + count(c.Switches, "switch")
	}
	return fmt.Sprintf("every schedule of at most %s, and every one of at most %s", count(c.Switches, "switch"), count(c.Depth, "step"))
}

// An answer is what came of a task, over all its trials.
type answer struct {
	Verdict       string
	Why           string // of undecided
	States        int
	Transitions   int    // 0 where a bound of switches keeps them from being counted
	Interleavings string // "" where they were not counted
	Endless       bool   // because some go round for ever
	Depth         int
	Contended     int
	Timers        int
	Aged          int
	Violations    int // transitions to one; only with KeepGoing all there are
	Runs          int // of the lock's code
	Vacuous       []string
	Unreached     []string
	Trial         int    // in which it was found
	Found         *found `json:",omitempty"`
}

// A found is a [search.Shrunk] on its way.
type found struct {
	Case    string
	Why     string
	Holders []string
	Pattern search.Pattern
	Where   string
	Levels  []search.Level
}

func pack(s *search.Shrunk) *found {
	return &found{
		Case: string(s.Case("").Format()), Why: s.Why, Holders: s.Holders,
		Pattern: s.Pattern, Where: s.Where, Levels: s.Levels,
	}
}

func (f *found) unpack() (*search.Shrunk, error) {
	c, err := trial.ParseCase("the case that was found", []byte(f.Case))
	if err != nil {
		return nil, err
	}
	return &search.Shrunk{Levels: f.Levels, Finding: &search.Finding{
		Trial: c.Trial, Steps: c.Steps, Profile: c.Profile, Property: c.Verdict.Property,
		Why: f.Why, Holders: f.Holders, Pattern: f.Pattern, Where: f.Where,
	}}, nil
}

// Why a task ends early.
var errTime = errors.New("the time was used up (--for)")

func memoryUsed(limit bytesize) string {
	return fmt.Sprintf("the memory was used up (--memory %s)", &limit)
}

// verdict returns the verdict that the text names.
func verdict(text string) model.Verdict {
	for _, v := range []model.Verdict{model.Holds, model.Violated} {
		if v.String() == text {
			return v
		}
	}
	return model.Undecided
}
