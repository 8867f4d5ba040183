//go:build linux && (amd64 || arm64)

package trace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// starting is a program that writes a line elsewhere before it comes to its first
// step, and asks for its number where it is told to.
const starting = `
	int log = open(argv[2], O_WRONLY | O_APPEND);
	write(log, "started\n", 8);
	close(log);
	if (argc > 3) getpid();
	close(open(argv[1], O_RDWR | O_CREAT, 0600));
	unlink(argv[1]);`

// started returns how often the program was started for three trials, and the steps
// of the last.
func started(t *testing.T, more ...string) (times int, steps string) {
	t.Helper()
	traceable(t)
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := append(trial.Command{inC(t, starting), "{lock}", log}, more...)
	m, err := Open("", []trial.Command{c})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 3 {
		out, err := interleave.Run(&trial.Trial{Clients: []trial.Client{{Program: c}}}, m, interleave.RoundRobin{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range out.Steps {
			all = append(all, s.Call.Op.String())
		}
		steps = strings.Join(all, " ")
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "started"), steps
}

func TestAProgramIsStartedOnceForAMachine(t *testing.T) {
	times, steps := started(t)
	if times != 1 || steps != "open close unlink" {
		t.Errorf("found it started %d times, with the steps %s, wanted once, and open close unlink", times, steps)
	}
}

// It may want to be known by that number: a copy would be known by another's.
func TestAProgramThatAsksForItsNumberIsStartedForEachTrial(t *testing.T) {
	times, steps := started(t, "getpid")
	if times != 3 || steps != "open close unlink" {
		t.Errorf("found it started %d times, with the steps %s, wanted 3 times, and open close unlink", times, steps)
	}
}
