//go:build linux && (amd64 || arm64)

package trace_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trace"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// buildTool builds Ghostlock.
func buildTool(tb testing.TB) string {
	tb.Helper()
	tool := filepath.Join(tb.TempDir(), "ghostlock")
	if out, err := exec.Command("go", "build", "-o", tool, "../../cmd/ghostlock").CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	return tool
}

// onPrograms opens a machine of the trial's programs.
func onPrograms(tb testing.TB, t *trial.Trial) *trace.Machine {
	tb.Helper()
	var commands []trial.Command
	for _, c := range t.Clients {
		commands = append(commands, c.Program)
	}
	m, err := trace.Open("", commands)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(); err != nil {
			tb.Error(err)
		}
	})
	if _, err := m.Boot(t.Setup()); errors.Is(err, syscall.EPERM) {
		tb.Skipf("SKIPPED: %v", err)
	}
	return m
}

// caseOf returns a stored case.
func caseOf(tb testing.TB, name string) *trial.Case {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/cases", name))
	if err != nil {
		tb.Fatal(err)
	}
	c, err := trial.ParseCase(name, text)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// translated are cases of locks whose order programs follow, in as many steps.
var translated = []struct {
	name  string
	steps int
}{
	{"posixage-v1-exclusion-calm-idle.txt", 11},
	{"posixage-v1-exclusion-cleaner-none.txt", 7},
	{"posixage-v1-exclusion-skew-idle.txt", 11},
	{"half1.txt", 17},
	{"posixage-v2-exclusion.txt", 15},
	{"posixage-v2-exclusion-cleaner-none.txt", 11},
	{"posixage-v2-exclusion-skew-none.txt", 15},
}

// What explore finds in a lock, the same lock does in programs, every time.
func TestCasesOfLocksReplayOnPrograms(t *testing.T) {
	tool := buildTool(t)
	for _, test := range translated {
		t.Run(test.name, func(t *testing.T) { replays(t, caseOf(t, test.name), tool, test.steps) })
	}
}

// slept is a case in which time passes: p1 polls while p0, which has the lock, is
// killed.
const slept = `ghostlock case 1
-- lock --
posixage-v1 stale=30s poll=10ms pollmax=100ms
-- kernel --
any
-- start --
-- workload --
p0: lock inside unlock
p1: lock inside unlock
-- environment --
kills=1
-- schedule --
p0 open("l", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 3<A>
p0 flock(3, LOCK_EX|LOCK_NB) = 0
p0 ftruncate(3, 0) = 0
p1 open("l", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 3<A>
p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
p1 fstat(3) = {A, size=0, nlink=1, mtime=@0s}
p1 close(3) = 0
p1 older(A.mtime, 30s) = no
p1 open("l", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 3<A>
p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
kill p0
time +10ms
p1 sleep(10ms) = 0
p1 flock(3, LOCK_EX|LOCK_NB) = 0
p1 ftruncate(3, 0) = 0
-- verdict --
exclusion holds
`

// Time that passes in a case is that of the programs' own sleeps.
func TestTimePassesWhereProgramsSleep(t *testing.T) {
	c, err := trial.ParseCase("slept", []byte(slept))
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.Replay(c, sim.Machine{Rules: sim.RulesOf("ext4")})
	if err != nil || r.Result != search.Reproduced {
		t.Fatalf("in memory: %s, %v, %v", r.Result, r.Divergence, err)
	}
	replays(t, c, buildTool(t), 14)
}

// replays checks that the case of a lock can be replayed on programs, also where it
// was written to a file between.
func replays(t *testing.T, c *trial.Case, tool string, steps int) {
	tr, err := search.Programs(&c.Trial, tool)
	if err != nil {
		t.Fatal(err)
	}
	m := onPrograms(t, tr)
	there, err := search.Translate(c, tr, m)
	if err != nil {
		t.Fatal(err, m.Notes())
	}
	wantVerdict(t, there, c, steps)
	text := there.Format()
	if there, err = trial.ParseCase("translated", text); err != nil || !bytes.Equal(there.Format(), text) {
		t.Fatalf("%v: the translated case does not read back:\n%s", err, text)
	}
	times := 100
	if testing.Short() {
		times = 10
	}
	for n := range times {
		r, err := search.Replay(there, m)
		if err != nil || r.Result != search.Reproduced {
			t.Fatalf("replay %d: found %s, %v, %v\n%s%v", n+1, r.Result, r.Divergence, err, text, m.Notes())
		}
	}
}

// wantVerdict checks that the case of programs shows what that of the lock does, of
// the same clients, in so many steps.
func wantVerdict(t *testing.T, there, c *trial.Case, steps int) {
	t.Helper()
	why := func(c *trial.Case) string {
		text, _, _ := strings.Cut(c.Verdict.String(), " after step")
		return text
	}
	if found, wanted := why(there), why(c); found != wanted {
		t.Errorf("found %q, wanted %q", found, wanted)
	}
	if len(there.Steps) != steps {
		t.Errorf("found %d steps, wanted %d:\n%s", len(there.Steps), steps, there.Format())
	}
}

// A case that programs do not follow is told where they leave it, or why they cannot.
func TestWhatProgramsDoNotFollowIsSaid(t *testing.T) {
	tool := buildTool(t)
	for name, wanted := range map[string]string{
		"posixage-v1-exclusion-nfs2-idle.txt":         "step 6: wanted p1 ftruncate(3, 0), found p1 fstat(",
		"posixage-v1-exclusion-smb-idle.txt":          "found p0.a, which shares its process",
		"posixage-v0-exclusion.txt":                   "p1: found trylock, wanted lock",
		"posixage-v1-ownership-calm-idle.txt":         "found ownership, which is judged by running lock code again",
		"posixage-v1-update-calm-idle.txt":            `load("data"), found p1 inside()`,
		"procmail-lockfile-exclusion-errors-none.txt": "found a call that fails by the environment's making",
	} {
		t.Run(name, func(t *testing.T) {
			c := caseOf(t, name)
			tr, err := search.Programs(&c.Trial, tool)
			if err == nil {
				_, err = search.Translate(c, tr, onPrograms(t, tr))
			}
			if err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("found %v, wanted %q", err, wanted)
			}
		})
	}
}

// Durations other than the lock's own go with the programs.
func TestProgramsHaveTheCasesDurations(t *testing.T) {
	c := caseOf(t, "half1.txt")
	if err := c.Trial.Config.Set([]string{"stale=3s"}); err != nil {
		t.Fatal(err)
	}
	tr, err := search.Programs(&c.Trial, "gl")
	if err != nil {
		t.Fatal(err)
	}
	for i, wanted := range []string{
		"gl hold posixage-v1 {lock} --acquires 2 --set stale=3s", "gl hold posixage-v1 {lock} --set stale=3s",
	} {
		if found := tr.Clients[i].Program.String(); found != wanted {
			t.Errorf("found %s, wanted %s", found, wanted)
		}
	}
}
