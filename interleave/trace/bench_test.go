//go:build linux && (amd64 || arm64)

package trace

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

const flocker = `
	int fd = open(argv[1], O_CREAT | O_RDWR, 0644);
	flock(fd, LOCK_EX);
	say("acquired\n");
	close(fd)`

const goFlocker = `package main

import (
	"os"
	"syscall"
)

func main() {
	fd, _ := syscall.Open(os.Args[1], syscall.O_CREAT|syscall.O_RDWR, 0o644)
	_ = syscall.Flock(fd, syscall.LOCK_EX)
	os.Stdout.WriteString("acquired\n")
	_ = syscall.Close(fd)
}
`

// inMemory returns a directory on tmpfs, if there is one.
func inMemory() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
}

func inGo(b *testing.B, source string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "program")
	if err := os.WriteFile(path+".go", []byte(source), 0o600); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", path, path+".go").CombinedOutput(); err != nil {
		b.Skipf("skipped: go build: %v\n%s", err, out)
	}
	return path
}

// BenchmarkSchedules measures whole trials of two clients: their starts, their
// steps, their ends. Free is the same two started without being traced, strace the
// same under strace -f, and start an interpreter that does nothing, twice.
func BenchmarkSchedules(b *testing.B) {
	for _, language := range []struct {
		name    string
		command func(*testing.B) trial.Command
		nothing trial.Command
	}{
		{"C", func(b *testing.B) trial.Command { return in(inC(b, flocker), "{lock}") }, in("true")},
		{"Go", func(b *testing.B) trial.Command { return in(inGo(b, goFlocker), "{lock}") }, nil},
		{"hold", func(b *testing.B) trial.Command { return in(tool(b), "hold", "flock-persist", "{lock}") }, nil},
		{"Python", func(b *testing.B) trial.Command { return in("/usr/bin/python3", example("py"), "{lock}") }, in("/usr/bin/python3", "-c", "pass")},
		{"Node", func(b *testing.B) trial.Command { return in("node", example("js"), "{lock}") }, in("node", "-e", "0")},
	} {
		b.Run(language.name, func(b *testing.B) {
			c := language.command(b)
			if _, err := Find(c); err != nil {
				b.Skipf("skipped: %v", err)
			}
			b.Run("traced", func(b *testing.B) { traced(b, c) })
			b.Run("pinned", func(b *testing.B) { pinned(b, c) })
			b.Run("free", func(b *testing.B) { free(b, c) })
			b.Run("strace", func(b *testing.B) { free(b, append(in(installed(b, "strace"), "-f", "-o", "/dev/null"), c...)) })
			if language.nothing != nil {
				b.Run("start", func(b *testing.B) { free(b, language.nothing) })
			}
		})
	}
}

// example is the gallery's client in that language.
func example(extension string) string { return "../../testdata/programs/example." + extension }

// tool builds the command.
func tool(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "ghostlock")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/ghostlock").CombinedOutput(); err != nil {
		b.Skipf("skipped: go build: %v\n%s", err, out)
	}
	return path
}

func traced(b *testing.B, c trial.Command) {
	m, err := Open(inMemory(), []trial.Command{c, c})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	benchmark(b, m, c)
}

// pinned does it on one processor, by a thread that ends with it.
func pinned(b *testing.B, c trial.Command) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m, err := Open(inMemory(), []trial.Command{c, c})
		if err != nil {
			b.Error(err)
			return
		}
		if err := m.Pin(1); err != nil {
			b.Error(err)
		}
		benchmark(b, m, c)
		if err := m.end(); err != nil {
			b.Error(err)
		}
		os.RemoveAll(m.place.Path()) // and not Close, which would let others have the thread
	}()
	<-done
}

func benchmark(b *testing.B, m *Machine, c trial.Command) {
	steps := 0
	b.ResetTimer()
	for range b.N {
		p := set{chooser: &interleave.RoundRobin{}}.on(b, m, c, c)
		if p.err != nil {
			b.Error(p.err)
			return
		}
		steps += len(p.Steps)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(float64(steps)/float64(b.N), "steps/schedule")
}

func free(b *testing.B, c trial.Command) {
	dir, err := os.MkdirTemp(inMemory(), "ghostlock-bench-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b.ResetTimer()
	for range b.N {
		words := c.In(dir, 0)
		one, two := exec.Command(words[0], words[1:]...), exec.Command(words[0], words[1:]...)
		if err := one.Start(); err != nil {
			b.Fatal(err)
		}
		if err := two.Start(); err != nil {
			b.Fatal(err)
		}
		_, _ = one.Wait(), two.Wait()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
}

// BenchmarkCalls measures a call on the trial's directory, which is a step, and one
// on another, which is stopped and let go.
func BenchmarkCalls(b *testing.B) {
	for name, body := range map[string]string{
		"gated":  `chdir(argv[1]); for (long n = atol(argv[2]); n; n--) access("l", 0)`,
		"others": `for (long n = atol(argv[2]); n; n--) access("/etc", 0); access(argv[1], 0)`,
		"reads":  `int fd = open("/dev/null", 0); chdir(argv[1]); open("l", O_CREAT, 0644); char c; for (long n = atol(argv[2]); n; n--) read(fd, &c, 1)`,
	} {
		b.Run(name, func(b *testing.B) {
			c := in(inC(b, body), "{dir}", "100")
			m, err := Open(inMemory(), []trial.Command{c})
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			for range b.N {
				if p := (set{}).on(b, m, c); p.err != nil {
					b.Fatal(p.err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/100/float64(b.N), "µs/call")
		})
	}
}
