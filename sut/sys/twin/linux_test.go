package twin_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	os.Exit(m.Run())
}

// The same scripts that the simulated kernel passes, with real processes, on
// each file system at hand.
func TestLinuxPassesTheKernelScripts(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/kernel/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("found no scripts", err)
	}
	for _, dir := range []string{os.TempDir(), "/dev/shm"} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			workers, err := linux.OpenWorkers(dir)
			if err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			defer workers.Close()
			m := twin.Machine{Real: workers}
			for _, file := range files {
				runScript(t, m, file)
			}
		})
	}
}

func runScript(t *testing.T, m twin.Machine, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := trial.ParseScript(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile != "any" && s.Profile != m.Profile() {
		return
	}
	if err := s.Run(m.Boot); err != nil {
		t.Errorf("on %s: %v", m.Profile(), err)
	}
}
