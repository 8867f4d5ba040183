package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// An expectation is a line of verdicts.txt: what is known of a lock and a
// property, and the cases that prove a violation.
type expectation struct {
	lock, property string
	verdict        model.Verdict
	cases          []string // file names below cases
	stored         []*trial.Case
}

// verdictsFile is the file's name in the directory testdata.
const verdictsFile = "verdicts.txt"

// readVerdicts reads the expected verdicts and the cases that they name: a line
// each, "LOCK PROPERTY VERDICT CASE...". Every lock and property of the registry
// must be there once.
func readVerdicts(dir string) ([]expectation, error) {
	path := filepath.Join(dir, verdictsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w (run check in the repository, or name its testdata with --testdata)", path, cause(err))
	}
	var all []expectation
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line == "" {
			continue
		}
		e, err := parseExpectation(strings.Fields(line))
		if err == nil {
			err = e.readCases(filepath.Join(dir, "cases"))
		}
		if err == nil && seen[e.lock+" "+e.property] {
			err = fmt.Errorf("found %s %s a second time", e.lock, e.property)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		seen[e.lock+" "+e.property] = true
		all = append(all, e)
	}
	for _, l := range lock.All() {
		for _, p := range model.Properties() {
			if !seen[l.Name+" "+p.Name] {
				return nil, fmt.Errorf("%s: found no line for %s %s", path, l.Name, p.Name)
			}
		}
	}
	return all, nil
}

// readCases reads the cases below the directory.
func (e *expectation) readCases(dir string) error {
	for _, name := range e.cases {
		c, err := readCase(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if c.Trial.Lock.Name != e.lock || c.Verdict.Property != e.property || c.Verdict.Verdict != e.verdict {
			return fmt.Errorf("found %s, a case of %s %s %s, wanted one of %s %s %s", name,
				c.Trial.Lock.Name, c.Verdict.Property, c.Verdict.Verdict, e.lock, e.property, e.verdict)
		}
		e.stored = append(e.stored, c)
	}
	return nil
}

func parseExpectation(words []string) (expectation, error) {
	if len(words) < 3 {
		return expectation{}, fmt.Errorf("found %q, wanted LOCK PROPERTY VERDICT and the files of cases", strings.Join(words, " "))
	}
	e := expectation{lock: words[0], property: words[1], cases: words[3:]}
	if _, err := lock.Find(e.lock); err != nil {
		return e, err
	}
	if _, err := model.PropertyByName(e.property); err != nil {
		return e, err
	}
	switch words[2] {
	case model.Violated.String():
		e.verdict = model.Violated
		if len(e.cases) == 0 {
			return e, fmt.Errorf("found violated without a case, wanted the file that proves it")
		}
	case model.Undecided.String():
		e.verdict = model.Undecided
		if len(e.cases) > 0 {
			return e, fmt.Errorf("found undecided with a case, wanted none")
		}
	default:
		return e, fmt.Errorf("found verdict %q, wanted violated or undecided: sampling proves nothing else", words[2])
	}
	return e, nil
}
