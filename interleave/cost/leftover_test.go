//go:build linux && (amd64 || arm64)

package cost

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// coordinatorEnv makes the test's binary a coordinator that measures until it is
// killed.
const coordinatorEnv = "GHOSTLOCK_COST_TEST_COORDINATOR"

func coordinate() {
	b, err := Open(Options{Budget: time.Hour, Rounds: 1, Processes: []int{3}})
	if err != nil {
		panic(err)
	}
	e, _ := findPlanted("telling")
	_, err = b.Measure(context.Background(), e)
	panic(err) // an hour later
}

// Nobody can catch SIGKILL. Every process of a bench has its standard error, so
// the end of that pipe is the end of them all; the last removes the directory.
func TestAKilledCoordinatorLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), coordinatorEnv+"=1", "TMPDIR="+tmp)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, len("at work"))
	if _, err := io.ReadFull(stderr, word); err != nil || string(word) != "at work" {
		t.Errorf("found %q, %v, wanted a worker at work", word, err)
	}
	if rooms, err := os.ReadDir(tmp); err != nil || len(rooms) != 1 {
		t.Errorf("found %v, %v, wanted a directory", rooms, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(stderr)
	if err != nil || len(said) > 0 {
		t.Errorf("found %q, %v on standard error", said, err)
	}
	_ = cmd.Wait()
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("found %v, %v, wanted nothing left", left, err)
	}
}

func TestACloseLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	b, err := Open(Options{Dir: tmp, Processes: []int{3}})
	if err != nil {
		t.Fatal(err)
	}
	children := append(b.children, b.keeper)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range children {
		if c.cmd.ProcessState == nil {
			t.Errorf("process %d was not waited for", c.pid())
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("found %v, %v, wanted an empty directory", left, err)
	}
}
