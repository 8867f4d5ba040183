//go:build amd64 || arm64

package twin_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// Random calls of several processes, on the real kernel and on the simulated
// one: each answer is compared, and from time to time what both then hold.
func TestBothKernelsAnswerRandomCallsAlike(t *testing.T) {
	var here []fileSystem
	for _, f := range fileSystems {
		if reason := f.missing(); reason != "" {
			t.Run(f.name, func(t *testing.T) { t.Skipf("SKIPPED: %s", reason) })
		} else {
			here = append(here, f)
		}
	}
	wanted := wantedCalls(t)
	for _, f := range here {
		t.Run(f.name, func(t *testing.T) { conform(t, f, wanted/len(here)) })
	}
}

func conform(t *testing.T, f fileSystem, wanted int) {
	w := f.open(t)
	c := &conformance{machine: twin.Machine{Real: w}, real: func(k *walk) ([]string, error) { return realState(k, w) }}
	begun := time.Now()
	c.run(t, wanted)
	t.Logf("%s: %d calls in %d trials, %d states compared, %.0f calls/s",
		w.Profile(), c.calls, c.trials, c.looks, float64(c.calls)/time.Since(begun).Seconds())
}

// sighted returns a walk of which the real kernel's state is looked at.
func sighted(t *testing.T) (*walk, *linux.Workers) {
	workers := fileSystems[0].open(t)
	c := &conformance{
		machine: twin.Machine{Real: workers},
		real:    func(w *walk) ([]string, error) { return realState(w, workers) },
	}
	k, err := c.machine.Boot(sys.Setup{Procs: procs, Files: []sys.Entry{{Name: "l", Content: "17"}}})
	if err != nil {
		t.Fatal(err)
	}
	return &walk{conformance: c, kernel: k, procs: make([]process, procs)}, workers
}

func TestTheRealStateIsToldInFull(t *testing.T) {
	w, _ := sighted(t)
	must(t, w.kernel, p0, `open("l", O_RDWR) = 3<A>`, `dup(3) = 4<A>`, `flock(3, LOCK_EX) = 0`,
		`open("gone", O_RDWR|O_CREAT, 0600) = 5<B>`, `unlink("gone") = 0`,
		`mkdir("d", 0700) = 0`, `symlink("d", "d/s") = 0`, `open(".", O_RDONLY) = 6<?>`)
	must(t, w.kernel, p1, `open("l", O_RDWR) = 3<A>`, `fcntl(3, F_SETLK, {F_RDLCK, start=5, len=5}) = 0`,
		`fcntl(3, F_OFD_SETLK, {F_RDLCK, start=7, len=0}) = 0`)
	must(t, w.kernel, sys.Outside, `kill(p2) = 0`)
	wanted := []string{
		"(unlinked) -> B", "A {F_RDLCK, start=5, len=5, p1}", "A {F_RDLCK, start=7, len=0, ofd}",
		`l -> {A, size=2, nlink=1, mtime=@0s}`, `l holds "17"`,
		"p0 3<A> LOCK_EX", "p0 4<A> LOCK_EX", "p0 5<B>", "p0 6<?>", "p1 3<A>", "p2 dead",
	}
	found, err := w.real(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range wanted {
		if !slices.Contains(found, line) {
			t.Errorf("found no line %s", line)
		}
	}
	for _, name := range []string{"d -> {", "d/s -> {"} {
		if !slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, name) }) {
			t.Errorf("found no line %s…", name)
		}
	}
	if w.compare(); w.err != nil || t.Failed() {
		t.Errorf("found\n%s\n%v", strings.Join(found, "\n"), w.err)
	}
}

func TestWhatNobodyOfTheTrialDidIsSeen(t *testing.T) {
	for name, do := range map[string]func(string) error{
		"a new file":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "m"), nil, 0o600) },
		"a lost file":   func(dir string) error { return os.Remove(filepath.Join(dir, "l")) },
		"other content": func(dir string) error { return os.WriteFile(filepath.Join(dir, "l"), []byte("18"), 0o600) },
		"another name":  func(dir string) error { return os.Link(filepath.Join(dir, "l"), filepath.Join(dir, "m")) },
	} {
		t.Run(name, func(t *testing.T) {
			w, workers := sighted(t)
			if w.compare(); w.err != nil {
				t.Fatal(w.err)
			}
			if err := do(workers.Dir()); err != nil {
				t.Fatal(err)
			}
			if w.compare(); w.err == nil {
				t.Error("found no difference")
			}
		})
	}
}
