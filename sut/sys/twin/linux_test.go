//go:build linux && (amd64 || arm64)

package twin_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	serveIfBlocker()
	// A script of testdata/kernel says more than rapid's fail file, and outlives
	// a change of the generators.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// The same scripts that the simulated kernel passes, with real processes, on
// each file system at hand.
func TestLinuxPassesTheKernelScripts(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/kernel/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("found no scripts", err)
	}
	for _, f := range fileSystems {
		t.Run(f.name, func(t *testing.T) {
			workers := f.open(t)
			for _, file := range files {
				runScript(t, twin.Machine{Real: workers}, file)
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
