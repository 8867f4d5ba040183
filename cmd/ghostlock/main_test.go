//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/cost"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// The tests run the built tool as its users do. TestMain builds it once.

var (
	base        string // the tests' directory, which any user may enter
	built       string // the tool
	plantedTool string // the tool with planted locks
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	serveIfExplorer(findPlanted)
	cost.ServeIfWorker(findPlanted)
	if os.Getenv(plantedEnv) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, findPlanted))
	}
	os.Exit(func() int {
		var err error
		if base, err = os.MkdirTemp("", "gltest-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(base)
		if err := os.Chmod(base, 0o755); err != nil {
			panic(err)
		}
		built = filepath.Join(base, "built")
		if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("go build: %v\n%s", err, out))
		}
		plantedTool = filepath.Join(base, "planted")
		if err := copySelf(plantedTool); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// A bench is a place to run the tool in: a working directory, a temporary
// directory, and a name of the tool's own, so that its processes can be told
// from those of other tests.
type bench struct {
	testing.TB
	dir, tmp, tool string
	env            []string
	nobody         bool // run as uid 65534
}

func newBench(t testing.TB) *bench {
	t.Helper()
	root, err := os.MkdirTemp(base, "bench-")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, dir: root + "/work", tmp: root + "/tmp", tool: root + "/ghostlock"}
	for _, dir := range []string{b.dir, b.tmp} {
		if err := errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(root, 0o755), os.Link(built, b.tool)); err != nil {
		t.Fatal(err)
	}
	return b
}

// write makes a file in the working directory.
func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// copyData copies the repository's testdata to data in the working directory.
func (b *bench) copyData() {
	b.Helper()
	if err := os.CopyFS(b.dir+"/data", os.DirFS("../../testdata")); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) read(name string) string {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// command returns the tool's command, which is not started yet. After a minute
// it is killed.
func (b *bench) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	b.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, b.tool, args...)
	cmd.Dir = b.dir
	cmd.Env = append(append(os.Environ(), "TMPDIR="+b.tmp, "XDG_CACHE_HOME="+b.dir+"/cache"), b.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if b.nobody {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	return cmd
}

// An outcome is what a command came to.
type outcome struct {
	status         int
	stdout, stderr string
}

// run runs the tool, and sees to it that it leaves nothing behind.
func (b *bench) run(args ...string) outcome {
	b.Helper()
	return b.finish(b.command(args...))
}

func (b *bench) finish(cmd *exec.Cmd) outcome {
	b.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		b.Fatal(err)
	}
	b.leavesNothing()
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ends runs the tool and wants that exit status.
func (b *bench) ends(status int, args ...string) outcome {
	b.Helper()
	o := b.run(args...)
	if o.status != status {
		b.Fatalf("ghostlock %s: exit status %d, wanted %d\n%s%s", strings.Join(args, " "), o.status, status, o.stdout, o.stderr)
	}
	return o
}

// refuses runs the tool and wants one line that names the cause, and no more.
func (b *bench) refuses(why string, args ...string) {
	b.Helper()
	refused(b, b.run(args...), why)
}

func refused(t testing.TB, o outcome, why string) {
	t.Helper()
	line, more, whole := strings.Cut(o.stderr, "\n")
	if o.status != exitFailed || o.stdout != "" || !whole || more != "" ||
		!strings.HasPrefix(line, "ghostlock: ") || !strings.Contains(line, why) {
		t.Errorf("exit status %d, wanted 2 and the one line: %s\nstdout: %q\nstderr: %s", o.status, why, o.stdout, o.stderr)
	}
}

// leavesNothing wants the temporary directory empty and every process gone.
func (b *bench) leavesNothing() {
	b.Helper()
	if left := b.temporary(); left != nil {
		b.Errorf("left in TMPDIR: %v", left)
	}
	if left := b.processes(); left != nil {
		b.Errorf("still running: processes %v", left)
	}
}

func (b *bench) temporary() (names []string) {
	entries, err := os.ReadDir(b.tmp)
	if err != nil {
		b.Error(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// processes returns those that run the bench's tool: the coordinator, zygotes
// and workers.
func (b *bench) processes() (pids []string) {
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		b.Fatal(err)
	}
	for _, exe := range exes {
		if path, err := os.Readlink(exe); err == nil && path == b.tool {
			pids = append(pids, filepath.Base(filepath.Dir(exe)))
		}
	}
	return pids
}

// eventually waits for something that no event tells.
func eventually(t testing.TB, within time.Duration, what string, done func() bool) {
	t.Helper()
	look, late := time.NewTicker(2*time.Millisecond), time.After(within)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// orphan is a case that the tool found: posixage-v1 lets two in.
const orphan = "testdata/orphan.txt"

func orphanCase(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(orphan)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
