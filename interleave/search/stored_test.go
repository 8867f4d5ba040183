package search_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	os.Exit(m.Run())
}

// stored returns the cases of testdata.
func stored(tb testing.TB) []*trial.Case {
	tb.Helper()
	paths, err := filepath.Glob("../../testdata/cases/*.txt")
	if err != nil || len(paths) == 0 {
		tb.Fatal("found no stored cases", err)
	}
	var cases []*trial.Case
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		c, err := trial.ParseCase(path, text)
		if err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

func workers(tb testing.TB, dir string) sys.Machine {
	tb.Helper()
	m, err := linux.OpenWorkers(dir)
	if err != nil {
		tb.Skipf("SKIPPED: no worker processes here: %v", err)
	}
	tb.Cleanup(func() { m.Close() })
	return twin.Machine{Real: m}
}

func TestStoredCasesReproduceInMemoryAndOnLinux(t *testing.T) {
	for _, m := range []sys.Machine{sim.Machine{Rules: sim.RulesOf("ext4")}, workers(t, "")} {
		for _, c := range stored(t) {
			r, err := search.Replay(c, m)
			if err != nil || r.Result != search.Reproduced {
				t.Errorf("%s on %s: found %s, %v, %v", c.Name, m.Profile(), r.Result, r.Divergence, err)
			}
		}
	}
}

func TestStoredCasesHaveNoStepThatCanBeLeftOut(t *testing.T) {
	m := sim.Machine{Rules: sim.RulesOf("ext4")}
	for _, c := range stored(t) {
		for i := range c.Steps {
			short := *c
			short.Steps = append(append([]trial.Step(nil), c.Steps[:i]...), c.Steps[i+1:]...)
			r, err := search.Replay(&short, m)
			if err == nil && r.Result == search.Reproduced {
				t.Errorf("%s: reproduces without step %d: %s", c.Name, i+1, c.Steps[i])
			}
		}
	}
}

func TestStoredCasesPrintAsTheyAreStored(t *testing.T) {
	for _, c := range stored(t) {
		text, err := os.ReadFile(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		if string(c.Format()) != string(text) {
			t.Errorf("%s is printed as\n%s", c.Name, c.Format())
		}
	}
}

// BenchmarkReplay gives replays of half 1 per second, each with every answer
// checked, in memory and by two worker processes.
func BenchmarkReplay(b *testing.B) {
	var half1 *trial.Case
	for _, c := range stored(b) {
		if filepath.Base(c.Name) == "half1.txt" {
			half1 = c
		}
	}
	machines := map[string]sys.Machine{
		"memory":          sim.Machine{Rules: sim.RulesOf("ext4")},
		"workers/default": workers(b, ""),
		"workers/shm":     workers(b, "/dev/shm"),
	}
	for name, m := range machines {
		b.Run(name, func(b *testing.B) {
			if p, ok := m.(sys.Pinner); ok {
				runtime.LockOSThread()
				if err := p.Pin(0); err != nil {
					b.Fatal(err)
				}
			}
			var runner interleave.Runner
			defer runner.Close()
			for b.Loop() {
				if _, err := runner.Run(&half1.Trial, m, interleave.NewReplay(half1.Steps)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "replays/s")
		})
	}
}
