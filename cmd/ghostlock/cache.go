package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/ghostlock/ghostlock/interleave/digest"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A cache keeps answers from one run to the next: a file for each version of the
// engine, a line for each answer, by what it is the answer to. So it needs no
// tidying: what has changed is asked anew, and a run that was interrupted goes on.
// Anybody may remove the directory.
type cache struct {
	engine string
	locks  *digest.Locks

	mu    sync.Mutex
	known map[string]*answer
	file  *os.File // nil: nothing is kept
}

// A kept is a line of the file.
type kept struct {
	Key    string
	Of     string // for people
	Answer *answer
}

// openCache reads what is kept in the directory; "" keeps nothing.
func openCache(dir string) (*cache, error) {
	c := &cache{known: map[string]*answer{}}
	var err error
	if c.engine, err = digest.Engine(); err != nil {
		return nil, err
	}
	if c.locks, err = digest.ReadLocks(); err != nil || dir == "" {
		return c, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	path := filepath.Join(dir, c.engine+".jsonl")
	if err := c.read(path); err != nil {
		return nil, err
	}
	if c.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	return c, nil
}

// read reads the file's lines. One that cannot be read is no answer: the run
// that wrote it may have been killed.
func (c *cache) read(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the cache: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line kept
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Answer != nil {
			c.known[line.Key] = line.Answer
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the cache %s: %w", path, err)
	}
	return nil
}

func (c *cache) close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// key returns what tells the task from all others: the engine, the lock and what
// is asked. How long it may take is no part of that.
func (c *cache) key(e lock.Entry, t *task) (string, error) {
	code, err := c.locks.Of(e)
	if err != nil {
		return "", err
	}
	asked, err := t.timeless()
	if err != nil {
		return "", err
	}
	return digest.Of(c.engine, code, asked), nil
}

// version returns what tells all of the lock's verdicts from others: its code,
// and what is asked of it.
func (c *cache) version(e lock.Entry) (string, error) {
	code, err := c.locks.Of(e)
	if err != nil {
		return "", err
	}
	texts := []string{code}
	for _, one := range cells(e) {
		t, err := one.task(e, small)
		if err != nil {
			return "", err
		}
		asked, err := t.timeless()
		if err != nil {
			return "", err
		}
		texts = append(texts, asked)
	}
	return digest.Of(texts...), nil
}

// timeless writes the task but for how long it may take.
func (t task) timeless() (string, error) {
	t.Time = 0
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("digest of a task: %w", err)
	}
	return string(text), nil
}

// get returns the answer that is known to the task.
func (c *cache) get(key string) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[key]
}

// put keeps an answer. A line begins by ending the one before, which may have
// been interrupted.
func (c *cache) put(key, of string, a *answer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[key] = a
	if c.file == nil {
		return nil
	}
	line, err := json.Marshal(kept{key, of, a})
	if err == nil {
		_, err = c.file.Write(append(append([]byte("\n"), line...), '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// cacheDir returns where answers are kept unless a flag says otherwise, or ""
// where the system has no place for them.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "ghostlock")
}
