package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ghostlock/ghostlock/interleave/cost"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// Numbers are told in nanoseconds where a program reads them, and rounded where
// people do.

// costColumns are the columns of CSV: a row is a level of a lock. What is an
// estimate has three, for the median and its interval.
var costColumns = append(append([]string{
	"lock", "unsupported", "calls", "first_calls", "waits", "processes", "pairs", "failed", "cut", "rounds", "confidence"},
	estimates("latency_ns", "p99_ns", "pairs_per_s", "jain_fairness", "tries_per_pair", "recovery_ns")...),
	"recovery_never", "recovery_rounds", "recovery_confidence", "recovery_bound_ns", "threshold_ns", "recovery_ratio", "config",
	"cpu", "processors", "kernel", "filesystem", "go")

func estimates(names ...string) (columns []string) {
	for _, name := range names {
		columns = append(columns, name, name+"_low", name+"_high")
	}
	return columns
}

// tellCostsCSV writes a row a level. A lock that could not be measured has one
// row, without numbers.
func tellCostsCSV(w io.Writer, results []cost.Result) error {
	out := csv.NewWriter(w)
	if err := out.Write(costColumns); err != nil {
		return err
	}
	for _, r := range results {
		levels := r.Levels
		if len(levels) == 0 {
			levels = []cost.Level{{}}
		}
		for _, l := range levels {
			if err := out.Write(costRow(r, l)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func costRow(r cost.Result, l cost.Level) []string {
	row := []string{r.Lock, r.Unsupported, number(r.Calls), number(r.First), strconv.FormatBool(r.Waits),
		number(l.Processes), strconv.Itoa(l.Pairs), strconv.Itoa(l.Failed), strconv.Itoa(l.Cut),
		number(l.Throughput.Rounds), decimal(l.Throughput.Confidence)}
	row = append(row, triples(l.Latency, l.P99, l.Throughput, l.Fairness, l.Tries)...)
	row = append(row, recoveryRow(r.Recovery)...)
	m := r.Machine
	return append(row, m.CPU, strconv.Itoa(m.Processors), m.Kernel, m.Filesystem, m.Go)
}

func recoveryRow(r *cost.Recovery) []string {
	if r == nil {
		return make([]string, 3+7)
	}
	ratio := ""
	if r.Threshold > 0 && r.Time.Rounds > 0 {
		ratio = decimal(r.Ratio)
	}
	return append(triples(r.Time), strconv.FormatBool(r.Never), number(r.Time.Rounds), decimal(r.Time.Confidence),
		decimal(r.Bound), decimal(r.Threshold), ratio, r.Config)
}

// triples has three cells for each estimate, empty ones where it is of no rounds.
func triples(all ...cost.Estimate) (cells []string) {
	for _, e := range all {
		if e.Rounds == 0 {
			cells = append(cells, "", "", "")
			continue
		}
		cells = append(cells, decimal(e.Median), decimal(e.Low), decimal(e.High))
	}
	return cells
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// number writes a count, and nothing for none: it was not counted then.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// tellCostsJSON writes an object a lock.
func tellCostsJSON(w io.Writer, results []cost.Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range results {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// tellCostsText writes the columns that people compare: a client alone, and the
// worst contention. The levels between are in CSV and JSON.
func tellCostsText(w io.Writer, results []cost.Result) error {
	if len(results) == 0 {
		return nil
	}
	m := results[0].Machine
	fmt.Fprintf(w, "%s, %d processors, Linux %s, %s, %s\n\n", m.CPU, m.Processors, m.Kernel, m.Filesystem, m.Go)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	most := 0
	for _, r := range results {
		for _, l := range r.Levels {
			most = max(most, l.Processes)
		}
	}
	fmt.Fprintf(out, "lock\tcalls\talone\tp99\t%d processes\tp99\tpairs/s\tfairness\ttries\trecovery\n", most)
	for _, r := range results {
		fmt.Fprintln(out, strings.Join(costLine(r, most), "\t"))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, costLegend(results))
	return err
}

// costLine is a lock's line; no tab may end it.
func costLine(r cost.Result, most int) []string {
	line := []string{r.Lock, orDash(r.Calls)}
	if len(r.Levels) == 0 {
		return append(line, "unsupported: "+r.Unsupported)
	}
	for _, processes := range []int{1, most} {
		l := levelOf(r, processes)
		line = append(line, spread(l.Latency, duration), short(l.P99, duration))
	}
	l := levelOf(r, most)
	return append(line, spread(l.Throughput, rounded), short(l.Fairness, func(x float64) string { return fmt.Sprintf("%.2f", x) }),
		short(l.Tries, rounded), recovered(r))
}

func levelOf(r cost.Result, processes int) cost.Level {
	for _, l := range r.Levels {
		if l.Processes == processes {
			return l
		}
	}
	return cost.Level{}
}

func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func short(e cost.Estimate, form func(float64) string) string {
	if e.Rounds == 0 {
		return "-"
	}
	return form(e.Median)
}

func spread(e cost.Estimate, form func(float64) string) string {
	if e.Rounds == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s..%s)", form(e.Median), form(e.Low), form(e.High))
}

// recovered tells the recovery, and how it compares to the threshold where that
// is what it waits for.
func recovered(r cost.Result) string {
	switch c := r.Recovery; {
	case r.Unsupported != "":
		return "unsupported: " + r.Unsupported
	case c == nil:
		return "-"
	case c.Never:
		return "never in " + duration(c.Bound)
	case c.Ratio >= 0.1:
		return fmt.Sprintf("%s, %.2f thresholds", duration(c.Time.Median), c.Ratio)
	default:
		return short(c.Time, duration)
	}
}

// duration rounds nanoseconds to three digits.
func duration(ns float64) string { return time.Duration(digits(ns)).String() }

// rounded rounds to three digits, or to none behind the point.
func rounded(x float64) string {
	if x < 100 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return strconv.FormatFloat(digits(x), 'f', 0, 64)
}

func digits(x float64) float64 {
	if x <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-2)
	if unit < 1 {
		return math.Round(x)
	}
	return math.Round(x/unit) * unit
}

func costLegend(results []cost.Result) string {
	confidence := 1.0
	for _, r := range results {
		for _, l := range r.Levels {
			confidence = min(confidence, l.Throughput.Confidence)
		}
	}
	return fmt.Sprintf("\ncalls: system calls of a pair, an acquire and its release, that nobody is in the way of. alone, processes: the time of a pair,\n"+
		"the median over rounds and the interval that it lies in with a confidence of at least %.1f %%; p99: what 99 %% of the pairs\n"+
		"keep to. pairs/s, fairness (Jain's index, 1 is even) and tries (acquires asked for, a pair) are those of the contending\n"+
		"processes. recovery: until another has the lock of a holder that was killed, with the lock's durations scaled down.\n", 100*confidence)
}

// The forms in which costs are told.
var costFormats = map[string]func(io.Writer, []cost.Result) error{
	"text": tellCostsText, "csv": tellCostsCSV, "json": tellCostsJSON,
}

// compareCosts measures what the locks cost.
func (a *app) compareCosts(ctx context.Context, locks []lock.Entry, f *compareFlags) error {
	tell := costFormats[f.format]
	if tell == nil {
		return fmt.Errorf("found --format %s with --costs, wanted text, csv or json", f.format)
	}
	b, err := cost.Open(cost.Options{Dir: f.dir})
	if err != nil {
		return err
	}
	stop := a.progress(func(elapsed time.Duration) string {
		return fmt.Sprintf("measuring %s, for %.0f s so far", count(len(locks), "lock"), elapsed.Seconds())
	})
	results, err := b.Measure(ctx, locks...)
	stop()
	if closing := b.Close(); err == nil {
		err = closing
	}
	if telling := tell(a.stdout, results); err == nil {
		err = telling
	}
	return err
}
