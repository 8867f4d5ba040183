package search_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	os.Exit(m.Run())
}

// someStored is how many cases one of -short stands for.
const someStored = 7

// stored returns the cases of testdata, or with -short some of them.
func stored(tb testing.TB) []*trial.Case {
	tb.Helper()
	paths, err := filepath.Glob("../../testdata/cases/*.txt")
	if err != nil || len(paths) == 0 {
		tb.Fatal("found no stored cases", err)
	}
	var cases []*trial.Case
	for i, path := range paths {
		if testing.Short() && i%someStored > 0 {
			continue
		}
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

// simulated returns the kernel in memory that the case names.
func simulated(c *trial.Case) sys.Machine { return sim.Machine{Rules: sim.RulesOf(c.Profile)} }

func TestStoredCasesReproduceInMemory(t *testing.T) {
	for _, c := range stored(t) {
		reproduces(t, c, simulated(c))
	}
}

// A case of one local file system is replayed on the other with the answers that
// it has there. These alone take what ext4 does: to give an inode number again.
var onExt4Alone = []string{
	"pid-aside-return-exclusion-kill-none.txt", "pid-aside-return-patience-calm-leftover.txt", "pid-aside-return-update-kill-none.txt",
}

func TestStoredCasesReproduceOnLinux(t *testing.T) {
	for _, dir := range []string{"", "/dev/shm"} {
		m := workers(t, dir)
		for _, c := range stored(t) {
			if sim.FromDocuments(c.Profile) {
				continue
			}
			there, err := search.Transpose(c, m.Profile())
			if err != nil {
				t.Fatal(err)
			}
			alone := slices.Contains(onExt4Alone, filepath.Base(c.Name)) && m.Profile() != c.Profile
			if alone != (there == nil) {
				t.Errorf("%s on %s: found that it needs its file system: %t", c.Name, m.Profile(), there == nil)
			}
			if there != nil {
				reproduces(t, there, m)
			}
		}
	}
}

func reproduces(t *testing.T, c *trial.Case, m sys.Machine) {
	t.Helper()
	r, err := search.Replay(c, m)
	if err != nil || r.Result != search.Reproduced {
		t.Errorf("%s on %s: found %s, %v, %v", c.Name, m.Profile(), r.Result, r.Divergence, err)
	}
}

// longCase is how many steps a case may have whose steps are left out one by one.
const longCase = 60

// Two kinds of cases show more than their judge needs, as it stands for what no run
// can show: the further attempts of a probe, and the second round of an endless
// loop.
func TestStoredCasesHaveNoStepThatCanBeLeftOut(t *testing.T) {
	for _, c := range stored(t) {
		property, err := model.PropertyByName(c.Verdict.Property)
		if err != nil {
			t.Fatal(err)
		}
		if property.Probes || property.Name == model.PatienceName || len(c.Steps) > longCase {
			continue
		}
		t.Run(filepath.Base(c.Name), func(t *testing.T) {
			t.Parallel()
			for i := range c.Steps {
				short := *c
				short.Steps = slices.Delete(slices.Clone(c.Steps), i, i+1)
				r, err := search.Replay(&short, simulated(c))
				if err == nil && r.Result == search.Reproduced {
					t.Errorf("reproduces without step %d: %s", i+1, c.Steps[i])
				}
			}
		})
	}
}

// Whoever else could go on is stopped while a phantom's probe asks: what it is
// told does not depend on what they would do.
func TestBesideTheProbeOfAPhantomNobodyCouldGoOn(t *testing.T) {
	asked := 0
	for _, c := range stored(t) {
		if c.Verdict.Property != model.PhantomName {
			continue
		}
		asked++
		last := &besides{Replay: interleave.NewReplay(c.Steps), probe: c.Trial.Clients[len(c.Trial.Clients)-1].Name()}
		if _, err := interleave.Run(&c.Trial, simulated(c), last); err != nil {
			t.Fatal(err)
		}
		if last.others != nil {
			t.Errorf("%s: found that %v could go on", c.Name, last.others)
		}
	}
	if asked == 0 {
		t.Error("found no case of a phantom")
	}
}

// A besides replays, and notes who else could take a step when the probe took one.
type besides struct {
	*interleave.Replay
	probe  string
	others []string
}

func (b *besides) Choose(m *interleave.Menu) (int, error) {
	i, err := b.Replay.Choose(m)
	if err != nil || m.Options[i].Env != trial.None || m.Thread(i) != b.probe {
		return i, err
	}
	for j, o := range m.Options {
		if o.Env == trial.None && m.Thread(j) != b.probe {
			b.others = append(b.others, m.Thread(j))
		}
	}
	return i, nil
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
