package trial

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Version is the version of the case format that this program writes.
const Version = 1

// AnyProfile is the profile of a schedule whose answers are right on any file
// system.
const AnyProfile = "any"

// A Case is one schedule of one trial and what it shows: bug report,
// regression test and replay input at once.
type Case struct {
	Name    string // the file it was read from, for errors
	Comment string // what happens, in a sentence or more
	Trial   Trial
	Profile string // the file system on which the answers are right, or AnyProfile
	Steps   []Step
	Verdict Verdict

	lines    []int // of the steps, in the file
	budgeted bool  // the environment's line was read
	programs bool  // it has actors in place of a lock
}

// A Verdict is what a case shows.
type Verdict struct {
	Property string
	Verdict  model.Verdict
	Why      string // a sentence; empty for a property that holds
}

// String writes the verdict as a case has it: "exclusion violated: p0 and p1
// both hold the lock after step 14".
func (v Verdict) String() string {
	text := v.Property + " " + v.Verdict.String()
	if v.Why != "" {
		text += ": " + v.Why
	}
	return text
}

// Pos returns file:line of the step at index i, or the file's name where the
// case was not read from a file.
func (c *Case) Pos(i int) string {
	if i < len(c.lines) {
		return fmt.Sprintf("%s:%d", c.Name, c.lines[i])
	}
	return c.Name
}

// Format writes the case; ParseCase reads it.
func (c *Case) Format() []byte {
	head := fmt.Sprintf("ghostlock case %d\n", Version)
	for line := range strings.Lines(c.Comment) {
		head += strings.TrimRight("# "+line, " \n") + "\n"
	}
	a := txtar.Archive{Comment: []byte(head)}
	for _, s := range sectionsOf(c.Trial.Programs()) {
		a.Files = append(a.Files, txtar.File{Name: s.name, Data: []byte(s.format(c))})
	}
	return txtar.Format(&a)
}

// A section is one part of a case: how it is written, and how each of its
// lines is read.
type section struct {
	name   string
	format func(*Case) string
	parse  func(c *Case, line string) error
}

// sections are all there are, in their order.
var sections = []section{
	{"lock", formatLock, parseLock},
	{"kernel", func(c *Case) string { return c.Profile + "\n" }, parseProfile},
	{"start", formatStart, parseStart},
	{"workload", formatWorkload, parseWorkload},
	{"environment", formatEnvironment, parseEnvironment},
	{"schedule", formatSteps, parseStepLine},
	{"verdict", func(c *Case) string { return c.Verdict.String() + "\n" }, parseVerdict},
}

// sectionsOf returns those of a case of a lock, or of programs: these stand in the
// place of the lock, and have their workload in them.
func sectionsOf(programs bool) []section {
	if !programs {
		return sections
	}
	of := []section{{"actors", formatActors, parseActor}}
	for _, s := range sections[1:] {
		if s.name != "workload" {
			of = append(of, s)
		}
	}
	return of
}

func formatLock(c *Case) string {
	return strings.TrimSpace(c.Trial.Lock.Name+" "+c.Trial.Config.String()) + "\n"
}

func formatStart(c *Case) string {
	var b strings.Builder
	for _, e := range c.Trial.Start {
		b.WriteString(FormatEntry(e) + "\n")
	}
	return b.String()
}

// FormatEntry writes a file of the start: l age=31s content="123".
func FormatEntry(e sys.Entry) string {
	text := e.Name
	if e.Kind == sys.Directory {
		text += "/"
	}
	text += " age=" + sys.FormatDuration(e.Age)
	switch {
	case e.Link != "":
		text += fmt.Sprintf(" link=%q", e.Link)
	case e.Kind == sys.Symlink:
		text += fmt.Sprintf(" symlink=%q", e.Content)
	case e.Content != "":
		text += fmt.Sprintf(" content=%q", e.Content)
	}
	return text
}

func formatEnvironment(c *Case) string {
	text := c.Trial.Budget.String()
	if c.Trial.Skew != 0 {
		text += " skew=" + formatSkew(c.Trial.Skew)
	}
	return text + "\n"
}

// formatSkew writes a time with its sign.
func formatSkew(d time.Duration) string {
	if d > 0 {
		return "+" + sys.FormatDuration(d)
	}
	return sys.FormatDuration(d)
}

func formatWorkload(c *Case) string {
	var b strings.Builder
	for _, cl := range c.Trial.Clients {
		fmt.Fprintf(&b, "%s: %s\n", cl.Name(), cl.Work)
	}
	return b.String()
}

func formatSteps(c *Case) string {
	var b strings.Builder
	for _, s := range c.Steps {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}
