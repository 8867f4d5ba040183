package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// An expectation is a line of verdicts.txt: the verdict of a cell and, where it
// is violated, the cases that prove it.
type expectation struct {
	cell
	verdict model.Verdict
	cases   []string // file names below cases
	stored  []*trial.Case
}

// A record is what verdicts.txt has.
type record struct {
	engine   string            // the digest of the engine that found it
	locks    map[string]string // and of each lock
	expected []*expectation
}

// verdictsFile is the file's name in the directory testdata.
const verdictsFile = "verdicts.txt"

// verdictsHead is how the file begins.
const verdictsHead = `# What every lock does, as far as it was covered: LOCK PROPERTY ENVIRONMENT START
# VERDICT CASE...
#
# holds: every schedule was covered, of 2 clients that acquire twice, of 3 that
# acquire once, and of 3 that acquire once and of which 2 share a process (where a
# process is stopped, these last by check --large alone; where a call fails, the
# first alone).
# violated: the cases below cases/ prove it, in memory and on Linux.
# Of nfs2, nfs3-nolock, nfs4, smb and fuse the rules are from documents: what holds,
# and the cases, are of a kernel in memory, and nothing of it was confirmed on Linux.
# The digests are of the engine; of each lock's code and of what is asked of it.
# Written by: ghostlock check --update

`

// readVerdicts reads the verdicts on record and the cases that they name. Every
// cell of the table must be there once.
func readVerdicts(dir string) (*record, error) {
	r, err := readLines(dir)
	if err != nil {
		return nil, err
	}
	for _, c := range cells(lock.All()...) {
		if r.seen[c] == nil {
			return nil, fmt.Errorf("%s: found no line for %s", filepath.Join(dir, verdictsFile), c)
		}
		r.record.expected = append(r.record.expected, r.seen[c])
	}
	return &r.record, nil
}

// decidedBefore returns the cells that a record to be written anew has a verdict
// of, as far as it can be read.
func decidedBefore(dir string) map[cell]bool {
	decided := map[cell]bool{}
	r, _ := readLines(dir)
	for c, e := range r.seen {
		decided[c] = e.verdict != model.Undecided
	}
	return decided
}

// readLines reads up to the first line that cannot be read.
func readLines(dir string) (*verdictsReader, error) {
	r := &verdictsReader{dir: dir, seen: map[cell]*expectation{}, cases: map[string]*trial.Case{}, record: record{locks: map[string]string{}}}
	path := filepath.Join(dir, verdictsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("read %s: %w (run check in the repository, or name its testdata with --testdata)", path, cause(err))
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line == "" {
			continue
		}
		if err := r.line(strings.Fields(line)); err != nil {
			return r, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return r, nil
}

type verdictsReader struct {
	dir   string
	seen  map[cell]*expectation
	cases map[string]*trial.Case

	record record
}

func (r *verdictsReader) line(words []string) error {
	if len(words) == 3 && words[1] == "digest" {
		if words[0] == "engine" {
			r.record.engine = words[2]
		} else {
			r.record.locks[words[0]] = words[2]
		}
		return nil
	}
	e, err := parseExpectation(words)
	if err == nil {
		err = r.readCases(e)
	}
	if err == nil && r.seen[e.cell] != nil {
		err = fmt.Errorf("found %s a second time", e.cell)
	}
	if err == nil {
		r.seen[e.cell] = e
	}
	return err
}

// readCases reads the cases that the expectation names, each once.
func (r *verdictsReader) readCases(e *expectation) error {
	for _, name := range e.cases {
		c := r.cases[name]
		if c == nil {
			var err error
			if c, err = readCase(filepath.Join(r.dir, "cases", name)); err != nil {
				return err
			}
			r.cases[name] = c
		}
		if c.Trial.Lock.Name != e.lock || c.Verdict.Property != e.property || c.Verdict.Verdict != e.verdict {
			return fmt.Errorf("found %s, a case of %s %s %s, wanted one of %s %s %s", name,
				c.Trial.Lock.Name, c.Verdict.Property, c.Verdict.Verdict, e.lock, e.property, e.verdict)
		}
		if err := e.fits(c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.stored = append(e.stored, c)
	}
	return nil
}

func parseExpectation(words []string) (*expectation, error) {
	if len(words) < 5 {
		return &expectation{}, fmt.Errorf("found %q, wanted LOCK PROPERTY ENVIRONMENT START VERDICT and the files of cases", strings.Join(words, " "))
	}
	e := &expectation{cell: cell{words[0], words[1], words[2], words[3]}, cases: words[5:]}
	if _, err := lock.Find(e.lock); err != nil {
		return e, err
	}
	if _, err := model.PropertyByName(e.property); err != nil {
		return e, err
	}
	var names []string
	for _, env := range environments {
		names = append(names, env.name)
	}
	switch {
	case !slices.Contains(names, e.environment):
		return e, fmt.Errorf("found environment %q, wanted one of %s", e.environment, strings.Join(names, ", "))
	case !slices.Contains(e.env().from(), e.start):
		return e, fmt.Errorf("found start %q, wanted one of %s", e.start, strings.Join(e.env().from(), ", "))
	}
	return e, e.parseVerdict(words[4])
}

func (e *expectation) parseVerdict(word string) error {
	e.verdict = verdict(word)
	switch {
	case e.verdict.String() != word:
		return fmt.Errorf("found verdict %q, wanted holds, violated or undecided", word)
	case e.verdict == model.Violated && len(e.cases) == 0:
		return fmt.Errorf("found violated without a case, wanted the file that proves it")
	case e.verdict != model.Violated && len(e.cases) > 0:
		return fmt.Errorf("found %s with a case, wanted none", e.verdict)
	}
	return nil
}

// formatVerdicts writes what readVerdicts reads.
func formatVerdicts(r *record) []byte {
	b := []byte(verdictsHead)
	b = fmt.Appendf(b, "engine digest %s\n", r.engine)
	for i, e := range r.expected {
		if i == 0 || r.expected[i-1].lock != e.lock {
			b = fmt.Appendf(b, "\n%s digest %s\n", e.lock, r.locks[e.lock])
		}
		line := fmt.Sprintf("%-18s %-10s %-7s %-9s %-9s %s", e.lock, e.property, e.environment, e.start, e.verdict, strings.Join(e.cases, " "))
		b = append(b, strings.TrimRight(line, " ")...)
		b = append(b, '\n')
	}
	return b
}
