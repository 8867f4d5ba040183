//go:build linux && (amd64 || arm64)

package cost

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// quick is enough to see that numbers come.
var quick = Options{Budget: 120 * time.Millisecond, Rounds: 3, Processes: []int{1, 2}, Threshold: 20 * time.Millisecond}

func openBench(t *testing.T, o Options) *Bench {
	t.Helper()
	b, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func measure(t *testing.T, b *Bench, e lock.Entry) Result {
	t.Helper()
	results, err := b.Measure(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

// A lock is measured from end to end, with a process alone and with two.
func TestALockIsMeasured(t *testing.T) {
	b := openBench(t, quick)
	r := measure(t, b, entry(t, "ktstr-block"))
	if r.Lock != "ktstr-block" || r.Unsupported != "" || r.Calls != 5 || !r.Waits || len(r.Levels) != 2 {
		t.Fatalf("found %+v", r)
	}
	for i, l := range r.Levels {
		if l.Processes != i+1 || l.Pairs == 0 || l.Failed != 0 {
			t.Errorf("found level %+v, wanted %d processes and their pairs", l, i+1)
		}
		for name, e := range map[string]Estimate{"latency": l.Latency, "p99": l.P99, "fairness": l.Fairness} {
			// On a machine that is busy a round may pass without a pair.
			if e.Rounds < 1 || e.Rounds > 3 || e.Median <= 0 || e.Low > e.Median || e.High < e.Median || e.Confidence > 0.75 {
				t.Errorf("%d processes: found %s %+v, wanted an estimate of 3 rounds at most", l.Processes, name, e)
			}
		}
		if l.Throughput.Rounds != 3 || l.Throughput.High <= 0 {
			t.Errorf("%d processes: found throughput %+v, wanted an estimate of 3 rounds", l.Processes, l.Throughput)
		}
		if l.P99.Median < l.Latency.Median || l.Tries.Median < 1 || l.Fairness.High > 1 {
			t.Errorf("found level %+v", l)
		}
	}
	if c := r.Recovery; c == nil || c.Never || c.Time.Median <= 0 {
		t.Errorf("found recovery %+v, wanted the kernel to free the lock", c)
	}
	m := r.Machine
	if m.Processors < 1 || m.Kernel == "" || m.Filesystem == "" || !strings.HasPrefix(m.Go, "go") {
		t.Errorf("found machine %+v", m)
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(string(text), `"jain_fairness"`) {
		t.Errorf("found %s, %v", text, err)
	}
}

func TestALockThatNeverWaitsIsAskedAgain(t *testing.T) {
	r := measure(t, openBench(t, quick), entry(t, "ctx-v2"))
	if r.Waits || r.Unsupported != "" || r.Levels[1].Tries.Median < 1 {
		t.Errorf("found %+v", r)
	}
	if c := r.Recovery; c == nil || !c.Never || c.Time.Rounds != 0 {
		t.Errorf("found recovery %+v, wanted never: its file stays", c)
	}
}

// Recovery takes as long as the lock's code says: aging's not before its file is
// old, which is scaled, and named's no time, as its processes are real.
func TestRecoveryTakesAThresholdOrNone(t *testing.T) {
	b := openBench(t, quick)
	aged := measure(t, b, entry(t, "aging")).Recovery
	if aged == nil || aged.Never || aged.Config != "stale=20ms poll=100µs" || aged.Scale != 0.002 || aged.Threshold != 20e6 {
		t.Fatalf("found recovery %+v", aged)
	}
	// Less than one: the file was made before its holder died, and on a busy
	// machine long before.
	if aged.Ratio <= 0 {
		t.Errorf("found %v thresholds, wanted some", aged.Ratio)
	}
	if named := measure(t, b, entry(t, "named")).Recovery; named == nil || named.Never {
		t.Errorf("found recovery %+v, wanted a dead holder to be noticed", named)
	}
}

func TestWhatCannotBeMeasuredSaysWhy(t *testing.T) {
	b := openBench(t, quick)
	for name, wanted := range map[string]string{
		"forking":   `fork("child"): a process that goes on with lock code cannot be made in real time`,
		"failing":   "a client alone fails: rotten",
		"panicking": "the lock's code panics: at the lock",
		"unheard":   `found lock "unheard"`,
	} {
		e, err := findPlanted(name)
		if err != nil {
			e = entry(t, "failing")
			e.Name = name
		}
		if r := measure(t, b, e); !strings.HasPrefix(r.Unsupported, wanted) || len(r.Levels) > 0 {
			t.Errorf("%s: found %q, wanted %q", name, r.Unsupported, wanted)
		}
	}
	if r := measure(t, b, entry(t, "ktstr-try")); r.Unsupported != "" {
		t.Errorf("after them: found %q, wanted the bench to go on", r.Unsupported)
	}
}

// A client that hangs is noticed by its order's time, and its process replaced.
func TestAProcessThatHangsIsReplaced(t *testing.T) {
	impatient := quick
	impatient.grace = 300 * time.Millisecond
	b := openBench(t, impatient)
	hung := b.children[0].pid()
	r := measure(t, b, entry(t, "hanging"))
	if !strings.Contains(r.Unsupported, "hangs") {
		t.Errorf("found %q, wanted it to hang", r.Unsupported)
	}
	if r := measure(t, b, entry(t, "ktstr-try")); r.Unsupported != "" || b.children[0].pid() == hung {
		t.Errorf("after it: found %q in the same process: %v", r.Unsupported, b.children[0].pid() == hung)
	}
}

func TestAnInterruptEndsAMeasurement(t *testing.T) {
	b := openBench(t, quick)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := b.Measure(ctx, entry(t, "ktstr-block"), entry(t, "ctx-v2"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("found %v, wanted %v", err, context.Canceled)
	}
	if len(r) != 2 || r[1].Lock != "ctx-v2" || r[1].Calls != 3 || len(r[1].Levels) > 0 {
		t.Errorf("found %+v, wanted what was known until then", r)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, test := range []struct {
		o      Options
		wanted string
	}{
		{Options{Processes: []int{0}}, "found 0 processes, wanted 1 to 64"},
		{Options{Processes: []int{}}, "found no number of processes, wanted one"},
		{Options{Rounds: -1}, "found -1 rounds, wanted 1 to 100"},
		{Options{Budget: -1}, "found a budget of -1ns and a threshold of 200ms, wanted more than nothing"},
	} {
		if _, err := Open(test.o); err == nil || err.Error() != test.wanted {
			t.Errorf("%+v: found %v, wanted %s", test.o, err, test.wanted)
		}
	}
}
