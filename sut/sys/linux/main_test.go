//go:build linux && (amd64 || arm64)

package linux

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestMain(m *testing.M) {
	ServeIfWorker()
	if os.Getenv(coordinatorEnv) != "" {
		coordinate()
	}
	os.Exit(m.Run())
}

// dirs are directories on the file systems that tests run on.
func dirs(t testing.TB) map[string]string {
	all := map[string]string{"disk": os.TempDir(), "tmpfs": "/dev/shm"}
	if unix.Access(all["tmpfs"], unix.W_OK) != nil {
		t.Logf("SKIPPED on tmpfs: cannot write to %s", all["tmpfs"])
		delete(all, "tmpfs")
	}
	return all
}

func openWorkers(t testing.TB, dir string) *Workers {
	t.Helper()
	w, err := OpenWorkers(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func openDirect(t testing.TB, dir string) *Direct {
	t.Helper()
	d, err := OpenDirect(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onEach runs the test on both machines, on each file system.
func onEach(t *testing.T, test func(*testing.T, sys.Machine)) {
	for name, dir := range dirs(t) {
		t.Run("workers/"+name, func(t *testing.T) { test(t, openWorkers(t, dir)) })
		t.Run("direct/"+name, func(t *testing.T) { test(t, openDirect(t, dir)) })
	}
}

func boot(t testing.TB, m sys.Machine, procs int, files ...sys.Entry) sys.Kernel {
	t.Helper()
	k, err := m.Boot(sys.Setup{Procs: procs, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// play carries out a script. A line is a process, a call and its answer, as in
// "p0 close(3) = 0"; "out" in place of the process is the environment; "at 5s"
// sets the clocks.
func play(t testing.TB, k sys.Kernel, script string) {
	t.Helper()
	var now sys.Instant
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		who, rest, _ := strings.Cut(line, " ")
		if who == "at" {
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatal(err)
			}
			now = sys.Instant{Wall: d, Mono: d}
			continue
		}
		text, wanted, _ := strings.Cut(rest, " = ")
		c, err := sys.ParseCall(text)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		c.At = now
		tid := sys.TID{Proc: who[len(who)-1] - '0'}
		if who == "out" {
			tid = sys.Outside
		}
		r, err := k.Do(tid, c)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if found := r.Format(c.Op); found != wanted {
			t.Errorf("%s: found %s", line, found)
		}
	}
}
