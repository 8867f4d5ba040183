package table_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/table"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

var update = flag.Bool("update", false, "write the tables that are found over those that are wanted")

// Each case of testdata has its table beside it, .table for .txt. They are to
// be read: a table that one has to explain is wrong.
func TestTables(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(cases) < 4 {
		t.Fatalf("found %d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			found := written(t, path)
			golden := strings.TrimSuffix(path, ".txt") + ".table"
			if *update {
				if err := os.WriteFile(golden, found, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			wanted, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(found, wanted) {
				t.Errorf("found\n%s\nwanted\n%s", found, wanted)
			}
			wantTidy(t, string(found))
		})
	}
}

func written(t *testing.T, path string) []byte {
	t.Helper()
	tr, out := replayed(t, path)
	var b bytes.Buffer
	if err := table.Write(&b, tr, out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func replayed(t *testing.T, path string) (*trial.Trial, interleave.Outcome) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := trial.ParseCase(path, text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := interleave.Run(&c.Trial, sim.Machine{Rules: sim.RulesOf(c.Profile)}, interleave.NewReplay(c.Steps))
	if err != nil {
		t.Fatal(err)
	}
	return &c.Trial, out
}

// wantTidy looks for what no table should have: blanks at the end of a line,
// and a step that is missing.
func wantTidy(t *testing.T, text string) {
	t.Helper()
	next := 1
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d: found blanks at the end of %q", i+1, line)
		}
		var n int
		if i > 0 && strings.TrimSpace(line[:4]) != "" {
			if n = atoi(line[:4]); n != next {
				t.Errorf("line %d: found step %d, wanted %d", i+1, n, next)
			}
			next++
		}
	}
}

func atoi(s string) (n int) {
	for _, d := range strings.TrimSpace(s) {
		n = n*10 + int(d-'0')
	}
	return n
}

// A descriptor has the name of a file only while it leads to one, and only in
// its process.
func TestDescriptorsHaveNamesWhileTheyAreOpen(t *testing.T) {
	tr := &trial.Trial{Clients: []trial.Client{{Proc: 0}, {Proc: 1}}}
	var out interleave.Outcome
	for _, line := range []string{
		`p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>`, `p1 fstat(3) = -1 EBADF`,
		`p0 close(3) = -1 EIO (fault)`, `p0 flock(3, LOCK_EX) = ?`, `p0 close(3) = 0`, `p0 flock(3, LOCK_UN) = -1 EBADF`,
		`p1 open("l", O_RDWR) = -1 ENOENT`, `p0 open("m", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<B>`, `p0 fsync(3) = 0`,
	} {
		s, err := trial.ParseStep(line)
		if err != nil {
			t.Fatal(err)
		}
		out.Steps = append(out.Steps, s)
	}
	var b strings.Builder
	if err := table.Write(&b, tr, out); err != nil {
		t.Fatal(err)
	}
	const wanted = `step  p0                                       p1
   1  open("l", O_RDWR|O_CREAT, 0600) = 3<A>
   2                                           fstat(3) = -1 EBADF
   3  close(3<A>) = -1 EIO (fault)
   4  flock(3<A>, LOCK_EX) = ?
   5  close(3<A>) = 0
   6  flock(3, LOCK_UN) = -1 EBADF
   7                                           open("l", O_RDWR) = -1 ENOENT
   8  open("m", O_RDWR|O_CREAT, 0600) = 3<B>
   9  fsync(3<B>) = 0
`
	if found := b.String(); found != wanted {
		t.Errorf("found\n%s\nwanted\n%s", found, wanted)
	}
}

// What cannot be written is an error.
func TestWriteReportsItsWriter(t *testing.T) {
	tr, out := replayed(t, "testdata/two.txt")
	if err := table.Write(full{}, tr, out); !errors.Is(err, errFull) {
		t.Errorf("found %v, wanted %v", err, errFull)
	}
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
