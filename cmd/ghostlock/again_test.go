//go:build linux

package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var seconds = regexp.MustCompile(`\d+\.\d s|"seconds":[0-9.e-]+`)

func TestTheSameSeedFindsTheSame(t *testing.T) {
	for _, args := range []string{
		"fuzz posixage-v0 posixage-v1 posixage-v2 --runs 3000 --seed 7",
		"fuzz posixage-v1 --kernel sim --runs 3000 --seed 7 --json",
		"fuzz posixage-v1 --kernel sim --runs 3000 --seed 7 --kills 1 --work 31s",
		"fuzz posixage-v1 --kernel sim --runs 3000 --seed 7 --by rapid",
		"fuzz ktstr-try pact-sidecar --runs 200 --seed 7",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			first, second, single := newBench(t), newBench(t), newBench(t)
			single.env = []string{"GOMAXPROCS=1"}
			wanted := transcript(first, args)
			if found := transcript(second, args); found != wanted {
				t.Errorf("the second time:\n%s\nthe first:\n%s", found, wanted)
			}
			if found := transcript(single, args); found != wanted {
				t.Errorf("with GOMAXPROCS=1:\n%s\nwithout:\n%s", found, wanted)
			}
		})
	}
}

// transcript runs the tool and returns what it printed, without the seconds,
// and the files that it wrote.
func transcript(b *bench, args string) string {
	b.Helper()
	o := b.run(strings.Fields(args)...)
	text := seconds.ReplaceAllString(o.stdout, "S") + o.stderr
	files, err := filepath.Glob(b.dir + "/*")
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		text += "\n" + filepath.Base(f) + ":\n" + b.read(filepath.Base(f))
	}
	return text
}

// replays is how often the case is replayed, on each kernel; GHOSTLOCK_REPLAYS
// says otherwise.
const replays = 100

func TestEveryReplayPrintsTheSame(t *testing.T) {
	n := replays
	if text := os.Getenv("GHOSTLOCK_REPLAYS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, kernel := range []string{"sim", "linux"} {
		t.Run(kernel, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write("orphan.txt", orphanCase(t))
			args := []string{"replay", "--kernel", kernel, "orphan.txt"}
			first := b.ends(exitViolated, args...)
			for i := range n - 1 {
				if o := b.run(args...); o != first {
					t.Fatalf("replay %d:\n%s%s\nthe first:\n%s", i+2, o.stdout, o.stderr, first.stdout)
				}
			}
		})
	}
}

// The replay of a case looks the same on both kernels but for the kernel's
// name, for which the golden file has KERNEL.
func TestReplayPrintsTheGoldenOutput(t *testing.T) {
	const golden = "testdata/orphan.golden"
	b := newBench(t)
	b.write("orphan.txt", orphanCase(t))
	inMemory := b.ends(exitViolated, "replay", "--kernel", "sim", "orphan.txt")
	found := strings.Replace(inMemory.stdout, "in memory", "KERNEL", 1)
	if *update {
		if err := os.WriteFile(golden, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if found != string(wanted) {
		t.Errorf("in memory:\n%s\nwanted (-update writes it anew):\n%s", found, wanted)
	}
	real := b.ends(exitViolated, "replay", "--kernel", "linux", "orphan.txt")
	found = regexp.MustCompile(`on Linux \(\w+, a real process each\)`).ReplaceAllString(real.stdout, "KERNEL")
	if found != string(wanted) {
		t.Errorf("on Linux:\n%s\nwanted:\n%s", found, wanted)
	}
}
