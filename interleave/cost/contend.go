package cost

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// contend measures each level once.
func (b *Bench) contend(ctx context.Context, s *subject) error {
	for i, processes := range b.options.Processes {
		answers, err := b.round(ctx, processes, order{Lock: s.entry.Name, Config: s.entry.Defaults.String(), For: s.length})
		if err != nil {
			return err
		}
		s.levels[i].add(answers)
	}
	return nil
}

// alone makes sure that a client alone gets and gives up the lock, twice, and
// returns how long it takes.
func (b *Bench) alone(ctx context.Context, s *subject) (time.Duration, error) {
	patience := b.options.Budget / 2
	answers, err := b.round(ctx, 1, order{Lock: s.entry.Name, Config: s.entry.Defaults.String(), For: patience, Pairs: 2})
	if err != nil {
		return 0, err
	}
	a := answers[0]
	switch {
	case len(a.Latencies) == 2:
		return time.Duration(a.Latencies[1]), nil
	case a.Failed > 0:
		return 0, unmeasured("a client alone fails: " + a.Why)
	}
	return 0, unmeasured(fmt.Sprintf("a client alone got the lock %d times in %s, wanted twice", len(a.Latencies), patience))
}

// A level is what the rounds of a level gave, each a value.
type level struct {
	latency, p99, throughput, fairness, tries []float64
	sum                                       Level
}

// add adds a round.
func (l *level) add(answers []answer) {
	var latencies []int64
	var shares []int
	rate, tries := 0.0, 0
	for _, a := range answers {
		latencies = append(latencies, a.Latencies...)
		shares = append(shares, len(a.Latencies))
		if a.Took > 0 {
			rate += float64(len(a.Latencies)) / time.Duration(a.Took).Seconds()
		}
		tries += a.Tries
		l.sum.Failed += a.Failed
		if a.Cut {
			l.sum.Cut++
		}
	}
	l.throughput = append(l.throughput, rate)
	l.sum.Pairs += len(latencies)
	if len(latencies) == 0 {
		return // of no pair there is neither a latency nor a fair share
	}
	slices.Sort(latencies)
	l.latency = append(l.latency, quantile(latencies, 0.5))
	l.p99 = append(l.p99, quantile(latencies, 0.99))
	l.fairness = append(l.fairness, jain(shares))
	l.tries = append(l.tries, float64(tries)/float64(len(latencies)))
}

// level returns what the rounds come to.
func (l *level) level(processes int) Level {
	sum := l.sum
	sum.Processes = processes
	sum.Latency, sum.P99 = estimate(l.latency), estimate(l.p99)
	sum.Throughput, sum.Fairness, sum.Tries = estimate(l.throughput), estimate(l.fairness), estimate(l.tries)
	return sum
}
