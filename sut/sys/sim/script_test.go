package sim_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

var update = flag.Bool("update", false, "rewrite the state at the end of each kernel script")

// The scripts say what Linux does. Where the simulated kernel differs it is
// wrong, and not the script.
func TestKernelScripts(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/kernel/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("found no scripts", err)
	}
	for _, file := range files {
		for _, profile := range []string{"ext4", "tmpfs", "xfs", "btrfs", "overlayfs"} {
			t.Run(filepath.Base(file)+"/"+profile, func(t *testing.T) { play(t, file, profile) })
		}
	}
}

// The scripts of file systems on a server say what documents do, which each of
// them names. No kernel was asked.
func TestScriptsOfFileSystemsFromDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("found no scripts", err)
	}
	for _, file := range files {
		for _, profile := range []string{"nfs2", "nfs3-nolock", "nfs4", "smb", "fuse"} {
			t.Run(filepath.Base(file)+"/"+profile, func(t *testing.T) { play(t, file, profile) })
		}
	}
}

func play(t *testing.T, file, profile string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := trial.ParseScript(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile != "any" && s.Profile != profile {
		return
	}
	if s.Comment == "" {
		t.Errorf("%s: found no comment, wanted one that says what the script shows", file)
	}
	m := &sim.Recorder{Machine: sim.Machine{Rules: sim.RulesOf(profile)}}
	a := txtar.Parse(text)
	last := &a.Files[len(a.Files)-1]
	if *update && last.Name == "state" {
		s.State = ""
	}
	if err := s.Run(m.Boot); err != nil {
		t.Fatal(err)
	}
	if *update && last.Name == "state" {
		last.Data = []byte(m.State.String())
		if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
