package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
)

// save writes the file as a whole or not at all.
func save(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ghostlock-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	return nil
}

// writable says why no case could be written to the directory, before an hour
// was spent on finding one.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".ghostlock-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", dir, cause(err))
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// readCase reads a case file.
func readCase(path string) (*trial.Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, trial.MaxCase+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	case len(text) > trial.MaxCase:
		return nil, fmt.Errorf("%s: found more than %d bytes, wanted a case", path, trial.MaxCase)
	}
	c, err := trial.ParseCase(path, text)
	if err != nil {
		return nil, err
	}
	if _, err := model.PropertyByName(c.Verdict.Property); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// cause strips the operation and the path that an error of package os repeats.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
