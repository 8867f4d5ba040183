package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// write records the verdicts that were found, and a case for each that is
// violated. A case that is there already is named and not written again: several
// cells may have the same smallest case.
func (c *checker) write(ctx context.Context, r *record, found map[cell]*answer) error {
	expected := r.expected
	w := &recorder{dir: filepath.Join(c.testdata, "cases"), known: map[string]string{}}
	if err := w.readKnown(); err != nil {
		return err
	}
	for _, e := range expected {
		a := found[e.cell]
		e.verdict = verdict(a.Verdict)
		if e.verdict != model.Violated {
			continue
		}
		name, err := w.record(e, a.Found)
		if err != nil {
			return err
		}
		e.cases = []string{name}
		if err := w.load(e); err != nil {
			return err
		}
	}
	w.keepOthers(expected)
	if err := c.replayAll(ctx, expected); err != nil {
		return err
	}
	return save(filepath.Join(c.testdata, verdictsFile), formatVerdicts(r))
}

// A recorder knows the cases that are stored.
type recorder struct {
	dir   string
	known map[string]string // by the case without its comment: its file's name
	all   []*trial.Case
	used  []string
}

func (w *recorder) readKnown() error {
	paths, err := filepath.Glob(filepath.Join(w.dir, "*.txt"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		stored, err := readCase(path)
		if err != nil {
			return err
		}
		w.known[bare(stored)] = filepath.Base(path)
		w.all = append(w.all, stored)
	}
	return nil
}

// bare returns the case's text without its comment.
func bare(c *trial.Case) string {
	one := *c
	one.Comment = ""
	return string(one.Format())
}

// record returns the name of the file that has the case, which it writes if
// there is none.
func (w *recorder) record(e *expectation, f *found) (string, error) {
	s, err := f.unpack()
	if err != nil {
		return "", err
	}
	one := s.Case("")
	if name := w.known[bare(one)]; name != "" {
		w.used = append(w.used, name)
		return name, nil
	}
	name := fmt.Sprintf("%s-%s-%s-%s.txt", e.lock, e.property, e.environment, e.start)
	one.Comment = fmt.Sprintf("%s.\nFound by: ghostlock check --update", sentence(s.Why, s.Where))
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return "", fmt.Errorf("write %s: %w", name, cause(err))
	}
	w.known[bare(one)] = name
	w.used = append(w.used, name)
	return name, save(filepath.Join(w.dir, name), one.Format())
}

// sentence says what is broken and, where that is known, how.
func sentence(why, where string) string {
	if where == "" {
		return why
	}
	return why + ": " + where
}

// load reads the cases that the expectation names.
func (w *recorder) load(e *expectation) error {
	e.stored = nil
	for _, name := range e.cases {
		c, err := readCase(filepath.Join(w.dir, name))
		if err != nil {
			return err
		}
		e.stored = append(e.stored, c)
	}
	return nil
}

// keepOthers names the stored cases that no cell's smallest case is, at the
// first cell that they prove.
func (w *recorder) keepOthers(expected []*expectation) {
	for _, other := range w.all {
		name := filepath.Base(other.Name)
		if slices.Contains(w.used, name) {
			continue
		}
		i := slices.IndexFunc(expected, func(e *expectation) bool {
			return e.verdict == model.Violated && e.lock == other.Trial.Lock.Name && e.property == other.Verdict.Property && e.fits(other) == nil
		})
		if i >= 0 {
			expected[i].cases = append(expected[i].cases, name)
			expected[i].stored = append(expected[i].stored, other)
		}
	}
}
