package draw_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// memory is the machine of these tests.
var memory = sim.Machine{Rules: sim.RulesOf("ext4")}

// boundsOf lets nearly everything be drawn for a lock. A file that somebody
// outside removes breaks every lock on a file, so nobody does.
func boundsOf(tb testing.TB, name string) draw.Bounds {
	tb.Helper()
	e, err := lock.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	b := draw.Bounds{
		Lock: e, Config: e.Defaults, MinClients: 2, MaxClients: 3, Acquires: 2,
		Budget: trial.Budget{Kills: 1, Pauses: 1, Jumps: 1, Errors: 1},
		Work:   interleave.LongWork(e.Defaults),
	}
	for _, start := range interleave.Starts() {
		files, err := interleave.MakeStart(start, &trial.Trial{Lock: e, Config: e.Defaults})
		if err != nil {
			tb.Fatal(err)
		}
		b.Starts = append(b.Starts, files)
	}
	return b
}

// excludes is the property that no drawn schedule of a drawn trial violates
// exclusion. The last finding is left in found: rapid ends with the smallest.
func excludes(b draw.Bounds, found **search.Finding) func(*rapid.T) {
	exclusion := model.Properties()[:1]
	return func(t *rapid.T) {
		tr := draw.Trials(b).Draw(t, "trial")
		out, err := interleave.Run(tr, memory, draw.Chooser{T: t})
		if err != nil {
			t.Fatalf("the harness: %v", err)
		}
		f, err := search.NewJudge(memory.Profile(), exclusion).Judge(tr, out)
		if err != nil {
			t.Fatalf("the judge: %v", err)
		}
		if f != nil {
			*found = f
			t.Fatalf("%s violated: %s", f.Property, f.Why)
		}
	}
}

// keep makes a finding as small as it can be, writes it to dir as a case, and
// returns the path.
func keep(tb testing.TB, f *search.Finding, dir string) string {
	tb.Helper()
	shrunk, err := search.Shrink(context.Background(), f, memory)
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, "found.txt")
	if err := os.WriteFile(path, shrunk.Case("Drawn by rapid.").Format(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// tell keeps what a failed check has found where it can be replayed from. It
// is to be deferred, as a failed check does not return.
func tell(t *testing.T, found **search.Finding) {
	t.Helper()
	if *found == nil {
		return
	}
	dir, err := os.MkdirTemp("", "ghostlock-found-")
	if err != nil {
		t.Error(err)
		return
	}
	t.Logf("ghostlock replay %s", keep(t, *found, dir))
}

// The locks that are said to exclude do so, under whatever is drawn: trials
// with two and three clients, faults, kills, and every start.
func TestNoCleanLockEverViolatesExclusion(t *testing.T) {
	for _, name := range []string{"ktstr-try", "ktstr-block", "pact-sidecar", "ctx-v2"} {
		for threads := range 3 {
			t.Run(fmt.Sprintf("%s/%d threads", name, threads), func(t *testing.T) {
				var found *search.Finding
				defer tell(t, &found)
				b := boundsOf(t, name)
				b.Threads = threads
				rapid.Check(t, excludes(b, &found))
			})
		}
	}
}

// The same property finds the locks that are broken. rapid's smallest example
// is so among its neighbours only: to lower a switch, or to leave a client out,
// it would have to change many draws at once. Our shrinker goes on from there,
// and what is kept is as small as can be, and replays.
func TestABrokenLockIsFound(t *testing.T) {
	setFlags(t, "rapid.seed=7", "rapid.checks=3000", "rapid.shrinktime=5s")
	for _, c := range []struct{ name, start string }{{"ctx-v0", "none"}, {"posixage-v1", "idle"}, {"posixage-v2a", "idle"}} {
		t.Run(c.name, func(t *testing.T) {
			var found *search.Finding
			b := boundsOf(t, c.name)
			// By a pause, or by working for long, any lock with a time-out is
			// broken: here nothing happens but what the clients do.
			b.Budget, b.Work = trial.Budget{}, 0
			files, err := interleave.MakeStart(c.start, &trial.Trial{Lock: b.Lock, Config: b.Config})
			if err != nil {
				t.Fatal(err)
			}
			b.Starts = [][]sys.Entry{files}
			text := failing(t, excludes(b, &found))
			if found == nil || !strings.Contains(text, "exclusion violated: ") {
				t.Fatalf("found nothing, wanted a violation. rapid says: %s", text)
			}
			path := keep(t, found, t.TempDir())
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			again, err := trial.ParseCase(path, kept)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := search.Replay(again, memory); err != nil || r.Result != search.Reproduced {
				t.Errorf("found %s, %v, of\n%s", r.Result, err, kept)
			}
			least := []string{"lock inside unlock", "lock inside unlock"}
			if works, n := worksOf(again.Trial), search.Switches(again.Steps); !slices.Equal(works, least) || n != 2 {
				t.Errorf("found the clients %q and %d switches, wanted %q and 2, of\n%s", works, n, least, kept)
			}
		})
	}
	if files, err := os.ReadDir("testdata/rapid"); err == nil {
		t.Errorf("found %v, wanted no fail files of rapid's", files)
	}
}

func worksOf(t trial.Trial) []string {
	var works []string
	for _, c := range t.Clients {
		works = append(works, c.Work.String())
	}
	return works
}

// failing checks a property that is to fail, and returns what rapid tells.
func failing(t *testing.T, property func(*rapid.T)) string {
	t.Helper()
	told := &listening{name: t.Name()}
	done := make(chan struct{})
	go func() { // FailNow ends it
		defer close(done)
		rapid.Check(told, property)
	}()
	<-done
	if !told.failed {
		t.Errorf("found the property to hold: %s", told.text.String())
	}
	return told.text.String()
}

// setFlags sets flags for the time of the test.
func setFlags(t *testing.T, settings ...string) {
	t.Helper()
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		f := flag.Lookup(name)
		if f == nil {
			t.Fatalf("found no flag %s", name)
		}
		before := f.Value.String()
		t.Cleanup(func() { _ = flag.Set(name, before) })
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
}

// Where all draws are zero there is the least of everything: the fewest
// clients, one plain lock each, no fault, and each client runs to its end
// before the next begins.
func TestZeroMeansTheLeast(t *testing.T) {
	b := boundsOf(t, "ktstr-block")
	b.Budget = trial.Budget{Kills: 2, Pauses: 2, Jumps: 2, Errors: 2, Unlinks: 2}
	ran := false
	zeros := func(t *rapid.T) {
		tr := draw.Trials(b).Draw(t, "trial")
		out, err := interleave.Run(tr, memory, draw.Chooser{T: t})
		if err != nil {
			t.Fatal(err)
		}
		ran = true
		if len(tr.Clients) != b.MinClients || tr.Start != nil {
			t.Errorf("found %d clients, start %v, wanted the fewest and none", len(tr.Clients), tr.Start)
		}
		for _, c := range tr.Clients {
			if c.Work.String() != "lock inside unlock" {
				t.Errorf("found the workload %s, wanted lock inside unlock", c.Work)
			}
		}
		f := search.Finding{Trial: *tr, Steps: out.Steps}
		if n := search.Switches(out.Steps); n != b.MinClients-1 || f.Faults() != 0 || out.End != interleave.Finished {
			t.Errorf("found %d switches, %d faults, %s, wanted no needless one", n, f.Faults(), out.End)
		}
	}
	rapid.MakeFuzz(zeros)(t, make([]byte, 1<<12))
	if !ran {
		t.Error("found no run")
	}
}

// FuzzSchedule lets go's fuzzer draw instead of rapid: its bytes are the draws.
// go test -fuzz FuzzSchedule ./interleave/draw
func FuzzSchedule(f *testing.F) {
	var found *search.Finding
	f.Add(make([]byte, 1<<10))
	f.Add([]byte(strings.Repeat("\x01\x00\x00\x00\x00\x00\x00\x00", 100)))
	b := boundsOf(f, "ktstr-try")
	f.Fuzz(rapid.MakeFuzz(excludes(b, &found)))
}
