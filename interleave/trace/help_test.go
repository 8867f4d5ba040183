//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// mark is in the environment of all that these tests start.
const mark = "GHOSTLOCK_TRACE_TEST"

// compiled is where C programs are made, once in a run of the tests.
var compiled string

func TestMain(m *testing.M) {
	if command := os.Getenv(mark + "_CHILD"); command != "" {
		traceForEver(command)
	}
	os.Setenv(mark, strconv.Itoa(os.Getpid()))
	var err error
	if compiled, err = os.MkdirTemp("", "ghostlock-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(compiled)
	os.Exit(code)
}

// inC compiles the body of a main function.
func inC(t testing.TB, body string) string { return compileC(t, "", body) }

// compileC compiles it with what is before it.
func compileC(t testing.TB, before, body string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("skipped: there is no gcc here to compile the programs of this test")
	}
	var text strings.Builder
	text.WriteString("#define _GNU_SOURCE\n")
	for _, h := range strings.Fields(`errno fcntl poll pthread signal stdio stdlib string time unistd sched stdint linux/futex
		sys/epoll sys/file sys/mman sys/select sys/stat sys/syscall sys/time sys/wait`) {
		fmt.Fprintf(&text, "#include <%s.h>\n", h)
	}
	fmt.Fprintf(&text, `
static void say(const char *s) { if (write(1, s, strlen(s)) < 0) _exit(9); }
#define SAY(...) do { char line[200]; snprintf(line, 200, __VA_ARGS__); say(line); } while (0)
static void touch(const char *s) { close(open(s, O_CREAT | O_WRONLY, 0644)); }
%s
int main(int argc, char **argv) { %s; return 0; }
`, before, body)
	path := fmt.Sprintf("%s/%x", compiled, sha256.Sum256([]byte(text.String())))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.Command("gcc", "-O1", "-w", "-pthread", "-x", "c", "-o", path, "-")
	cmd.Stdin = strings.NewReader(text.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return path
}

// in returns the command that a shell would make of these words.
func in(words ...string) trial.Command { return trial.Command(words) }

// installed skips the test where a program is not there.
func installed(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("skipped: there is no %s here", program)
	}
	return path
}

// traceable skips the test where no program can be traced at all.
func traceable(t testing.TB) {
	t.Helper()
	m, err := Open("", []trial.Command{{"/bin/true"}})
	if err == nil {
		_, err = m.Boot(sys.Setup{Procs: 1})
		m.Close()
	}
	if err != nil {
		t.Skipf("skipped: no program can be traced here: %v", err)
	}
}

// A play is what came of a trial.
type play struct {
	interleave.Outcome
	steps string // as a schedule has them, a line each
	notes string
	err   error
}

// A set is what a test's programs find.
type set struct {
	start   []sys.Entry
	budget  trial.Budget
	chooser interleave.Chooser // nil: one program after the other
}

// run plays one trial, and checks that nothing is left of it.
func (s set) run(t testing.TB, commands ...trial.Command) play {
	t.Helper()
	traceable(t)
	m, err := Open("", commands)
	if err != nil {
		t.Fatal(err)
	}
	p := s.on(t, m, commands...)
	if err := m.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	nothingLeft(t)
	return p
}

func (s set) on(t testing.TB, m *Machine, commands ...trial.Command) play {
	t.Helper()
	tr := &trial.Trial{Start: s.start, Budget: s.budget}
	for i, c := range commands {
		tr.Clients = append(tr.Clients, trial.Client{Proc: i, Program: c})
	}
	if err := tr.Validate(); err != nil {
		t.Fatal(err)
	}
	if s.chooser == nil {
		s.chooser = inOrder{}
	}
	var p play
	p.Outcome, p.err = interleave.Run(tr, m, s.chooser)
	for _, st := range p.Steps {
		p.steps += st.String() + "\n"
	}
	p.notes = strings.Join(m.Notes(), "\n")
	for _, e := range p.History {
		if e.Kind == history.Fail && e.Error != history.Busy {
			t.Errorf("%s complains: %s", e.Process, e.Error)
		}
	}
	return p
}

func run(t testing.TB, commands ...trial.Command) play { t.Helper(); return set{}.run(t, commands...) }

// inOrder lets a program go on as long as it can.
type inOrder struct{}

func (inOrder) Choose(*interleave.Menu) (int, error) { return 0, nil }
func (inOrder) Took(trial.Step) error                { return nil }

// wants checks the steps, which are written a line each.
func (p play) wants(t testing.TB, steps string) {
	t.Helper()
	if p.err != nil {
		t.Error(p.err)
	}
	var want strings.Builder
	for line := range strings.Lines(strings.TrimSpace(steps)) {
		want.WriteString(strings.TrimSpace(line) + "\n")
	}
	if p.steps != want.String() {
		t.Errorf("found these steps:\n%swanted:\n%snotes: %s", p.steps, &want, p.notes)
	}
}

// nothingLeft checks that of all that was started nothing runs any more.
func nothingLeft(t testing.TB) {
	t.Helper()
	if pids := marked(strconv.Itoa(os.Getpid())); len(pids) > 0 {
		t.Errorf("found processes %v still there, wanted none", pids)
	}
}

// marked returns the processes that have this mark.
func marked(value string) (pids []int) {
	list, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		panic(err)
	}
	for _, path := range list {
		text, err := os.ReadFile(path)
		if err != nil || !slices.ContainsFunc(bytes.Split(text, []byte{0}), func(v []byte) bool { return string(v) == mark+"="+value }) {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		pids = append(pids, pid)
	}
	return pids
}

// until waits for a condition that another process brings about.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
	}
}
