//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// programsDir has the gallery: see its README.
const programsDir = "../../testdata/programs"

// galleryPath returns PATH with what the gallery's install has installed.
func galleryPath() string {
	path := os.Getenv("PATH")
	if cache, err := os.UserCacheDir(); err == nil {
		path = filepath.Join(cache, "ghostlock", "programs", "bin") + ":" + path
	}
	return path
}

// What was found in other people's programs shows again, wherever they are
// installed.
func TestTheGallerysCasesAreReproduced(t *testing.T) {
	t.Setenv("PATH", galleryPath())
	paths, err := filepath.Glob(programsDir + "/cases/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d cases, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := readCase(path)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			traces(t, b, actors(c)...)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b.write("case.txt", string(text))
			out := b.ends(exitViolated, "replay", "case.txt", "--times", "3").stdout
			if !strings.Contains(out, "reproduced on Linux") {
				t.Errorf("found\n%s", out)
			}
		})
	}
}

// actors returns the programs that the case runs.
func actors(c *trial.Case) (all []string) {
	for _, cl := range c.Trial.Clients {
		all = append(all, cl.Program[0])
	}
	return all
}

func TestTheGallerysScriptsAreWellFormed(t *testing.T) {
	for tool, pattern := range map[string]string{"sh": "*.sh", "bash": "install"} {
		paths, err := filepath.Glob(filepath.Join(programsDir, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: found %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			if out, err := exec.Command(tool, "-n", path).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", path, err, out)
			}
		}
	}
}
