package twin_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// compare compares the states of both kernels: which names lead where, what
// files hold, what each process has open and locked.
func (w *walk) compare() {
	if w.err != nil {
		return
	}
	w.looks++
	real, err := w.real(w)
	if err != nil {
		w.err = fmt.Errorf("look at the real kernel: %w", err)
		return
	}
	real, simulated := sorted(real), sorted(stateOf(twin.Simulated(w.kernel)))
	if !slices.Equal(real, simulated) {
		w.err = fmt.Errorf("the states differ: found on Linux\n%s\nsimulated\n%s\n",
			strings.Join(real, "\n"), strings.Join(simulated, "\n"))
	}
}

// sorted puts the lines in order. What is told twice counts once: /proc tells
// of a process's record locks with each of its descriptors.
func sorted(lines []string) []string {
	slices.Sort(lines)
	return slices.Compact(lines)
}

// stateOf returns the lines of a simulated kernel's state, and one for the
// content of each file. Who waits is not told: on Linux nobody does.
func stateOf(s *sim.State) []string {
	lines := slices.DeleteFunc(strings.Split(s.String(), "\n"), func(line string) bool {
		return line == "" || strings.Contains(line, " waits for ")
	})
	content := map[string]string{}
	for _, e := range s.Entries(0) {
		if content[e.Name] = e.Content; e.Link != "" {
			content[e.Name] = content[e.Link]
		}
		if e.Kind == sys.Regular {
			lines = append(lines, contentLine(e.Name, content[e.Name]))
		}
	}
	return lines
}

func contentLine(name, content string) string { return fmt.Sprintf("%s holds %q", name, content) }
