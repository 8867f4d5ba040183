package main

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/cost"
)

// someCosts are results as a bench gives them: of a lock that was measured, of
// one that never recovers, and of one that could not be measured.
func someCosts() []cost.Result {
	m := cost.Machine{CPU: "Fast, inc.", Processors: 4, Kernel: "6.1", Filesystem: "ext4", Go: "go1.26 amd64"}
	of := func(x float64) cost.Estimate {
		return cost.Estimate{Median: x, Low: x / 2, High: 2 * x, Confidence: 0.984375, Rounds: 7}
	}
	levels := []cost.Level{
		{Processes: 1, Latency: of(12345), P99: of(40e3), Throughput: of(81234), Fairness: of(1), Tries: of(1), Pairs: 900},
		{Processes: 8, Latency: of(2e6), P99: of(31.26e6), Throughput: of(1500), Fairness: of(0.5), Tries: of(1), Pairs: 70, Cut: 3},
	}
	return []cost.Result{
		{Lock: "aging", Machine: m, Calls: 3, First: 4, Waits: true, Levels: levels,
			Recovery: &cost.Recovery{Time: of(190e6), Bound: 7e8, Config: "stale=200ms", Scale: 0.02, Threshold: 2e8, Ratio: 0.95}},
		{Lock: "stuck", Machine: m, Calls: 5, First: 5, Levels: levels, Recovery: &cost.Recovery{Never: true, Bound: 1e8, Scale: 1}},
		{Lock: "forking", Machine: m, Unsupported: "it forks", Levels: []cost.Level{}},
	}
}

func TestCostsAsTextHaveALineALock(t *testing.T) {
	var b strings.Builder
	if err := tellCostsText(&b, someCosts()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, wanted := range []string{
		"Fast, inc., 4 processors, Linux 6.1, ext4, go1.26 amd64\n\n",
		"lock     calls  alone                    p99   8 processes     p99     pairs/s",
		"aging    3      12.3µs (6.17µs..24.7µs)  40µs  2ms (1ms..4ms)  31.3ms  1500 (750..3000)  0.50      1      190ms, 0.95 thresholds\n",
		" never in 100ms\n",
		"forking  -      unsupported: it forks\n",
		"a confidence of at least 98.4 %",
	} {
		if !strings.Contains(text, wanted) {
			t.Errorf("found no %q in\n%s", wanted, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("found spaces at the end of %q", line)
		}
	}
}

func TestCostsAsCSVHaveARowALevel(t *testing.T) {
	var b strings.Builder
	if err := tellCostsCSV(&b, someCosts()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll() // as long as the head, each
	if err != nil || len(rows) != 1+2+2+1 {
		t.Fatalf("found %d rows, %v, of\n%s", len(rows), err, &b)
	}
	at := func(row int, column string) string { return rows[row][slices.Index(rows[0], column)] }
	for _, c := range []struct {
		row            int
		column, wanted string
	}{
		{1, "lock", "aging"}, {1, "processes", "1"}, {2, "processes", "8"},
		{1, "latency_ns", "12345"}, {1, "latency_ns_low", "6172.5"}, {1, "latency_ns_high", "24690"},
		{2, "jain_fairness", "0.5"}, {1, "recovery_ratio", "0.95"}, {1, "config", "stale=200ms"}, {1, "cpu", "Fast, inc."},
		{1, "confidence", "0.984375"}, {3, "recovery_never", "true"}, {3, "recovery_ns", ""}, {3, "recovery_ratio", ""}, {3, "first_calls", "5"},
		{5, "unsupported", "it forks"}, {5, "calls", ""}, {5, "latency_ns", ""}, {5, "recovery_never", ""}, {5, "filesystem", "ext4"},
	} {
		if found := at(c.row, c.column); found != c.wanted {
			t.Errorf("row %d: found %s %q, wanted %q", c.row, c.column, found, c.wanted)
		}
	}
}

func TestCostsAsJSONAreTheResults(t *testing.T) {
	var b strings.Builder
	if err := tellCostsJSON(&b, someCosts()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("found %d lines, wanted one a lock:\n%s", len(lines), &b)
	}
	var first cost.Result
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Levels[1] != someCosts()[0].Levels[1] || *first.Recovery != *someCosts()[0].Recovery {
		t.Errorf("found %+v, %v, wanted what was written", first, err)
	}
	for _, wanted := range []string{`"lock":"forking"`, `"unsupported":"it forks"`, `"recovery":null`, `"levels":[]`} {
		if !strings.Contains(lines[2], wanted) {
			t.Errorf("found no %s in %s", wanted, lines[2])
		}
	}
}

func TestNoCostsAreNoText(t *testing.T) {
	var b strings.Builder
	if err := tellCostsText(&b, nil); err != nil || b.Len() > 0 {
		t.Errorf("found %q, %v", b.String(), err)
	}
}
