package lock

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Config holds a lock's durations. A lock's defaults are the real ones; a
// zero means that the lock has no such duration.
type Config struct {
	Stale     time.Duration // a file this old may be removed by others
	Heartbeat time.Duration // how often a holder refreshes its file
	Poll      time.Duration // the pause between two attempts, at first
	PollMax   time.Duration // and at most
	Timeout   time.Duration // how long an acquire tries
}

// fields names the durations as a case writes them.
func (c *Config) fields() []field {
	return []field{
		{"stale", &c.Stale}, {"heartbeat", &c.Heartbeat}, {"poll", &c.Poll},
		{"pollmax", &c.PollMax}, {"timeout", &c.Timeout},
	}
}

type field struct {
	name  string
	value *time.Duration
}

// String writes the durations that are set: "stale=30s poll=10ms".
func (c Config) String() string {
	var words []string
	for _, f := range c.fields() {
		if *f.value != 0 {
			words = append(words, f.name+"="+sys.FormatDuration(*f.value))
		}
	}
	return strings.Join(words, " ")
}

// Set changes the durations that the words name ("stale=3s"). Only a duration
// that the lock has can be set, and only to more than nothing.
func (c *Config) Set(words []string) error {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		f, err := c.field(name)
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("found %q, wanted a duration above 0 such as %s=30s", w, name)
		}
		*f.value = d
	}
	return nil
}

func (c *Config) field(name string) (field, error) {
	var known []string
	for _, f := range c.fields() {
		if *f.value == 0 {
			continue
		}
		if f.name == name {
			return f, nil
		}
		known = append(known, f.name)
	}
	if known == nil {
		return field{}, fmt.Errorf("found setting %q, but this lock has no durations to set", name)
	}
	return field{}, fmt.Errorf("found setting %q, wanted one of %s", name, strings.Join(known, ", "))
}
