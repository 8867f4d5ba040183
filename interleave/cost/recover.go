package cost

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// recovery returns how a lock's recovery is measured.
func recovery(c lock.Config, longest time.Duration) *Recovery {
	c, scale := scaled(c, longest)
	threshold := thresholdOf(c)
	// One threshold may pass before the age counts, because a waiter has to see
	// the file unchanged, and one until it looks again. The rest is for a machine
	// that is busy with other things.
	bound := 3*threshold + 300*time.Millisecond
	return &Recovery{Config: c.String(), Scale: scale, Threshold: float64(threshold), Bound: float64(bound)}
}

// after returns what the kills come to, with the times of those after which the
// lock was had again.
func (r Recovery) after(times []float64) *Recovery {
	r.Time = estimate(times)
	if r.Threshold > 0 {
		r.Ratio = r.Time.Median / r.Threshold
	}
	return &r
}

// hopeless reports whether a kill has shown that the lock never recovers.
func (s *subject) hopeless() bool { return s.result.Recovery.Never }

// crash has one child take the lock and die inside, and another ask.
func (b *Bench) crash(ctx context.Context, s *subject) error {
	const victim, heir = 0, 1
	r := s.result.Recovery
	o := order{Lock: s.entry.Name, Config: r.Config, For: time.Duration(r.Bound), Pairs: 1}
	hold := o
	hold.Hold, hold.For = true, max(o.For, b.options.grace) // it ends as soon as the lock is had
	held, err := b.round(ctx, 1, hold)
	if err != nil {
		return err
	}
	if held[0].Acquired == 0 {
		return unmeasured(fmt.Sprintf("with %s a client alone did not get the lock in %s", o.Config, hold.For))
	}
	b.children[victim].kill()
	answers, err := b.order(ctx, o, heir)
	if err != nil {
		return err
	}
	if took := answers[0].Acquired; took > 0 {
		s.times = append(s.times, float64(took))
	} else {
		r.Never = true
	}
	return b.replace(victim)
}

// scaled scales the durations down together, so that none exceeds longest, and
// returns by what.
func scaled(c lock.Config, longest time.Duration) (lock.Config, float64) {
	scale := min(1, float64(longest)/float64(max(1, largest(c))))
	var words []string
	for name, d := range durations(c) {
		d = max(time.Microsecond, time.Duration(float64(d)*scale))
		words = append(words, name+"="+sys.FormatDuration(d))
	}
	if err := c.Set(words); err != nil {
		panic(err) // a config takes the words that it prints
	}
	return c, scale
}

// thresholdOf returns what the recovery's time is compared to.
func thresholdOf(c lock.Config) time.Duration {
	if c.Stale > 0 {
		return c.Stale
	}
	return largest(c)
}

func largest(c lock.Config) (d time.Duration) {
	for _, each := range durations(c) {
		d = max(d, each)
	}
	return d
}

// durations yields the durations that are set, as the config prints them: so
// this knows of each that a config has.
func durations(c lock.Config) func(func(string, time.Duration) bool) {
	return func(yield func(string, time.Duration) bool) {
		for _, word := range strings.Fields(c.String()) {
			name, value, _ := strings.Cut(word, "=")
			d, err := time.ParseDuration(value)
			if err == nil && !yield(name, d) {
				return
			}
		}
	}
}
