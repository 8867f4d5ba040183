package trial

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// MaxCase is the size in bytes above which a file is not read as a case.
const MaxCase = 1 << 20

// ParseCase reads a case. Errors begin with name:line: and say what was found
// and what was wanted.
func ParseCase(name string, text []byte) (*Case, error) {
	if err := readable(name, text, "a case"); err != nil {
		return nil, err
	}
	c := &Case{Name: name}
	a := txtar.Parse(text)
	if err := c.parseHead(string(a.Comment)); err != nil {
		return nil, err
	}
	line := 1 + strings.Count(string(a.Comment), "\n")
	programs := len(a.Files) > 0 && a.Files[0].Name == "actors"
	sections := sectionsOf(programs)
	c.programs = programs
	for i, f := range a.Files {
		if i >= len(sections) || f.Name != sections[i].name {
			return nil, fmt.Errorf("%s:%d: found section %q, wanted %s", name, line, f.Name, wantedSection(sections, i))
		}
		if err := c.parseSection(sections[i], string(f.Data), line); err != nil {
			return nil, err
		}
		line += 1 + strings.Count(string(f.Data), "\n")
	}
	if len(a.Files) < len(sections) {
		return nil, fmt.Errorf("%s:%d: found the file's end, wanted %s", name, line, wantedSection(sections, len(a.Files)))
	}
	if c.Verdict == (Verdict{}) || c.Trial.Lock.Name == "" && !c.programs || c.programs != c.Trial.Programs() || c.Profile == "" {
		return nil, fmt.Errorf("%s: found an empty section %s, kernel or verdict, wanted one line in each", name, sections[0].name)
	}
	return c, c.validate()
}

// readable refuses what is no text, or more than anybody wrote.
func readable(name string, text []byte, wanted string) error {
	switch {
	case len(text) > MaxCase:
		return fmt.Errorf("%s: found %d bytes, wanted %s of at most %d", name, len(text), wanted, MaxCase)
	case len(text) == 0:
		return fmt.Errorf("%s: found an empty file, wanted %s", name, wanted)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return fmt.Errorf("%s: found binary data, wanted %s", name, wanted)
	}
	return nil
}

func wantedSection(sections []section, i int) string {
	switch {
	case i >= len(sections):
		return "no more sections"
	case i == 0:
		return fmt.Sprintf("section %q, or \"actors\" for programs", sections[i].name)
	}
	return fmt.Sprintf("section %q", sections[i].name)
}

func (c *Case) parseHead(head string) error {
	first, rest, _ := strings.Cut(head, "\n")
	number, ok := strings.CutPrefix(first, "ghostlock case ")
	version, err := strconv.Atoi(number)
	if !ok || err != nil || version < 1 {
		return fmt.Errorf("%s:1: found %.60q, wanted \"ghostlock case %d\"", c.Name, first, Version)
	}
	if version > Version {
		return fmt.Errorf("%s:1: found case version %d, wanted at most %d: it was written by a newer ghostlock", c.Name, version, Version)
	}
	return c.parseComment(rest, 1)
}

// parseComment reads what stands before the first section, from line n on.
func (c *Case) parseComment(text string, n int) error {
	var comment []string
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		said, ok := strings.CutPrefix(line, "#")
		if !ok {
			return fmt.Errorf("%s:%d: found %.60q, wanted a comment or a section such as -- schedule --", c.Name, n, line)
		}
		comment = append(comment, strings.TrimPrefix(said, " "))
	}
	c.Comment = strings.Join(comment, "\n")
	return nil
}

func (c *Case) parseSection(s section, text string, line int) error {
	for l := range strings.Lines(text) {
		line++
		if l = strings.TrimRight(l, "\n"); strings.TrimSpace(l) == "" {
			continue
		}
		if s.name == "schedule" {
			c.lines = append(c.lines, line)
		}
		if err := s.parse(c, l); err != nil {
			return fmt.Errorf("%s:%d: %w", c.Name, line, err)
		}
	}
	return nil
}

func (c *Case) validate() error {
	if err := c.Trial.Validate(); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	left := c.Trial.Budget
	for i, s := range c.Steps {
		switch {
		case s.Env == None && c.Trial.ClientOf(s.Thread) < 0:
			return fmt.Errorf("%s: step %d: found thread %s, wanted %s or a thread that one of them started",
				c.Pos(i), i+1, s.Thread, strings.Join(c.Trial.Names(), ", "))
		case s.Env.onProcess() && s.Proc >= c.Trial.Procs()+c.Trial.Forks():
			return fmt.Errorf("%s: step %d: found process p%d, wanted p0 to p%d", c.Pos(i), i+1, s.Proc, c.Trial.Procs()+c.Trial.Forks()-1)
		case !left.Spend(s):
			return fmt.Errorf("%s: step %d: found %q, but the environment allows only %s", c.Pos(i), i+1, s, c.Trial.Budget)
		}
	}
	return nil
}

func parseLock(c *Case, line string) error {
	if c.Trial.Lock.Name != "" {
		return fmt.Errorf("found a second lock, wanted one line")
	}
	words := strings.Fields(line)
	entry, err := lock.Find(words[0])
	if err != nil {
		return err
	}
	c.Trial.Lock, c.Trial.Config = entry, entry.Defaults
	return c.Trial.Config.Set(words[1:])
}

func parseProfile(c *Case, line string) error {
	if c.Profile != "" || strings.ContainsAny(line, " \t") {
		return fmt.Errorf("found %q, wanted one file system such as ext4, or any", line)
	}
	c.Profile = line
	return nil
}

func parseStart(c *Case, line string) error {
	e, err := ParseEntry(line)
	c.Trial.Start = append(c.Trial.Start, e)
	return err
}

// ParseEntry reads what FormatEntry writes.
func ParseEntry(line string) (sys.Entry, error) {
	name, rest, _ := strings.Cut(line, " ")
	e := sys.Entry{Name: strings.TrimSuffix(name, "/")}
	if e.Name != name {
		e.Kind = sys.Directory
	}
	age, what, more := strings.Cut(rest, " ")
	d, err := time.ParseDuration(strings.TrimPrefix(age, "age="))
	e.Age = d
	if err == nil && more {
		err = parseContent(&e, what)
	}
	if err != nil || e.Name == "" || FormatEntry(e) != line {
		return e, fmt.Errorf("found %q, wanted a file such as: l age=31s content=\"123\"", line)
	}
	return e, nil
}

// parseContent reads what a file holds, or leads to.
func parseContent(e *sys.Entry, text string) (err error) {
	key, value, _ := strings.Cut(text, "=")
	switch key {
	case "symlink":
		e.Kind = sys.Symlink
		fallthrough
	case "content":
		e.Content, err = strconv.Unquote(value)
	case "link":
		e.Link, err = strconv.Unquote(value)
	default:
		err = fmt.Errorf("found %q", key)
	}
	return err
}

func parseWorkload(c *Case, line string) error {
	name, text, _ := strings.Cut(line, ": ")
	var cl Client
	if _, err := fmt.Sscanf(name, "p%d", &cl.Proc); err == nil {
		_, cl.Letter, _ = strings.Cut(name, ".")
	}
	badLetter := cl.Letter != "" && (len(cl.Letter) > 1 || cl.Letter < "a" || cl.Letter > "z")
	if cl.Proc < 0 || cl.Proc >= maxClients || cl.Name() != name || badLetter {
		return fmt.Errorf("found client %q, wanted one such as p0, p1 or p1.a, a colon and its workload", name)
	}
	var err error
	cl.Work, err = ParseWorkload(text)
	c.Trial.Clients = append(c.Trial.Clients, cl)
	return err
}

func parseEnvironment(c *Case, line string) error {
	if c.budgeted {
		return fmt.Errorf("found %q, wanted one line", line)
	}
	budget, skew, skewed := strings.Cut(line, " skew=")
	b, err := ParseBudget(budget)
	if err == nil && skewed {
		c.Trial.Skew, err = time.ParseDuration(skew)
		if err != nil || c.Trial.Skew == 0 || formatSkew(c.Trial.Skew) != skew {
			err = fmt.Errorf("found skew=%s, wanted how far the file server's clock is ahead, as in skew=+60s, at the line's end", skew)
		}
	}
	c.Trial.Budget, c.budgeted = b, true
	return err
}

func parseStepLine(c *Case, line string) error {
	s, err := parseStep(line, c.parseCall())
	if err != nil {
		return fmt.Errorf("step %d: %w", len(c.Steps)+1, err)
	}
	c.Steps = append(c.Steps, s)
	return nil
}

func parseVerdict(c *Case, line string) error {
	head, why, _ := strings.Cut(line, ": ")
	property, word, _ := strings.Cut(head, " ")
	for _, v := range []model.Verdict{model.Undecided, model.Holds, model.Violated} {
		if v.String() == word && property != "" && c.Verdict == (Verdict{}) {
			c.Verdict = Verdict{Property: property, Verdict: v, Why: why}
			return nil
		}
	}
	return fmt.Errorf("found %q, wanted one verdict such as: exclusion violated: p0 and p1 both hold the lock", line)
}
