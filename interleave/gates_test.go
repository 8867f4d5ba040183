package interleave_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// BenchmarkGates gives what gating costs: the same calls (two clients of
// posixage-v2a, one after the other) made bare, in memory, by threads of this
// process, and by two worker processes. "Bare" is the limit. Each directory is
// used again and again; tmpfs where there is one.
func BenchmarkGates(b *testing.B) {
	two := contended(b, "posixage-v2a", 2)
	threads := *two
	threads.Clients = trial.Place([]trial.Workload{two.Clients[0].Work, two.Clients[1].Work}, 2)
	dir := "/dev/shm"
	if _, err := os.Stat(dir); err != nil {
		dir = b.TempDir()
		b.Logf("no %s here: on %s instead", "/dev/shm", dir)
	}
	b.Run("bare", func(b *testing.B) { benchBare(b, two, dir) })
	b.Run("memory", func(b *testing.B) { benchGated(b, two, sim.Machine{Rules: sim.RulesOf("tmpfs")}) })
	b.Run("direct", func(b *testing.B) {
		m, err := linux.OpenDirect(dir)
		if err != nil {
			b.Fatal(err)
		}
		benchGated(b, &threads, twin.Machine{Real: m})
	})
	b.Run("workers", func(b *testing.B) {
		m, err := linux.OpenWorkers(dir)
		if err != nil {
			b.Fatal(err)
		}
		benchGated(b, two, twin.Machine{Real: m})
	})
}

func benchGated(b *testing.B, t *trial.Trial, m sys.Machine) {
	b.Helper()
	defer m.Close()
	if p, ok := m.(sys.Pinner); ok {
		runtime.LockOSThread()
		if err := p.Pin(0); err != nil {
			b.Fatal(err)
		}
	}
	var runner interleave.Runner
	defer runner.Close()
	steps := 0
	for b.Loop() {
		out, err := runner.Run(t, m, first{})
		if err != nil {
			b.Fatal(err)
		}
		steps += len(out.Steps)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}

// first lets one thread go on for as long as it can.
type first struct{}

func (first) Choose(*interleave.Menu) (int, error) { return 0, nil }
func (first) Took(trial.Step) error                { return nil }

func benchBare(b *testing.B, t *trial.Trial, dir string) {
	b.Helper()
	out, err := interleave.Run(t, sim.Machine{Rules: sim.RulesOf("tmpfs")}, first{})
	if err != nil {
		b.Fatal(err)
	}
	dir, err = os.MkdirTemp(dir, "ghostlock-bench-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, trial.Path)
	calls := 0
	direct := bare{path: path}
	for b.Loop() {
		for _, s := range out.Steps {
			if err := direct.do(s.Call); err != nil {
				b.Fatalf("%s: %v", s, err)
			}
		}
		_ = syscall.Unlink(path)
		calls += len(out.Steps)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(float64(calls)/b.Elapsed().Seconds(), "steps/s")
}

// bare makes calls in this process, on the one descriptor that it has open.
type bare struct {
	path string
	fd   int
}

func (b *bare) do(c sys.Call) (err error) {
	var st syscall.Stat_t
	switch c.Op {
	case sys.OpOpen:
		b.fd, err = syscall.Open(b.path, c.Flags, c.Mode)
	case sys.OpFlock:
		err = syscall.Flock(b.fd, c.Flags)
	case sys.OpFtruncate:
		err = syscall.Ftruncate(b.fd, c.N)
	case sys.OpFstat:
		err = syscall.Fstat(b.fd, &st)
	case sys.OpStat:
		err = syscall.Stat(b.path, &st)
	case sys.OpClose:
		err = syscall.Close(b.fd)
	}
	return err
}
