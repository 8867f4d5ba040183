package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"pgregory.net/rapid"
)

// drawCase draws a case in which everything is in order.
func drawCase(t *rapid.T) *trial.Case {
	entry := rapid.SampledFrom(lock.All()).Draw(t, "lock")
	works := rapid.SliceOfN(rapid.Custom(drawWorkload), 1, 4).Draw(t, "workloads")
	c := &trial.Case{
		Name:    "drawn",
		Comment: rapid.StringMatching(`([ -~äß]{0,20}\n){0,3}[!-~]{1,20}|`).Draw(t, "comment"),
		Trial: trial.Trial{
			Lock: entry, Config: entry.Defaults,
			Clients: trial.Place(works, rapid.IntRange(0, len(works)).Draw(t, "threads")),
			Budget:  trial.Budget{Kills: 99, Pauses: 99, Jumps: 99, Errors: 99, Unlinks: 99, Walls: 99},
			Skew:    time.Duration(rapid.Int64Range(-int64(24*time.Hour), int64(24*time.Hour)).Draw(t, "skew")),
		},
		Profile: rapid.SampledFrom([]string{"any", "ext4", "tmpfs"}).Draw(t, "profile"),
		Verdict: trial.Verdict{
			Property: rapid.SampledFrom([]string{"exclusion", "honesty"}).Draw(t, "property"),
			Verdict:  rapid.SampledFrom([]model.Verdict{model.Undecided, model.Holds, model.Violated}).Draw(t, "verdict"),
			Why:      rapid.StringMatching(`[!-~][ -~]{0,30}|`).Draw(t, "why"),
		},
	}
	if rapid.Bool().Draw(t, "started") {
		c.Trial.Start = []sys.Entry{
			{Name: "l", Age: time.Duration(rapid.Int32().Draw(t, "age")), Content: rapid.String().Draw(t, "content")},
			{Name: "d", Kind: sys.Directory},
		}
	}
	steps := rapid.Custom(func(t *rapid.T) trial.Step { return drawStep(t, &c.Trial) })
	c.Steps = rapid.SliceOfN(steps, 0, 12).Draw(t, "steps")
	return c
}

func drawStep(t *rapid.T, tr *trial.Trial) trial.Step {
	if rapid.Bool().Draw(t, "of the environment") {
		s := trial.Step{Env: trial.Env(rapid.IntRange(1, int(trial.Wall)).Draw(t, "env"))}
		switch s.Env {
		case trial.Time, trial.Jump, trial.Wall:
			s.Dur = time.Duration(rapid.Int64Range(1, 1<<50).Draw(t, "dur"))
		case trial.Kill, trial.Pause, trial.Resume:
			s.Proc = rapid.IntRange(0, tr.Procs()+tr.Forks()-1).Draw(t, "proc")
		}
		return s
	}
	text := rapid.String().Draw(t, "text")
	s := rapid.SampledFrom([]trial.Step{
		{Call: sys.Call{Op: sys.OpOpen, Path: text, Flags: sys.O_RDWR | sys.O_CREAT, Mode: 0o600}, Ret: sys.Ret{N: 3, Ino: sys.Ino{Num: 1, Gen: 2}}},
		{Call: sys.Call{Op: sys.OpWrite, FD: 3, Data: text}, Ret: sys.Ret{Err: sys.EIO, Fault: true}},
		{Call: sys.Call{Op: sys.OpRead, FD: 3}, Ret: sys.Ret{Data: text}},
		{Call: sys.Call{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_EX}, Ret: sys.Ret{Wait: true}},
		{Call: sys.Call{Op: sys.OpInside}},
	}).Draw(t, "step")
	s.Thread = rapid.SampledFrom(tr.Names()).Draw(t, "client") + rapid.SampledFrom([]string{"", ".hb"}).Draw(t, "thread")
	return s
}

func TestCasesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawCase(t).Format()
		c, err := trial.ParseCase("drawn", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if found := c.Format(); string(found) != string(text) {
			t.Fatalf("found\n%swanted\n%s", found, text)
		}
	})
}

func FuzzParseCase(f *testing.F) {
	f.Add([]byte(readGolden(f)))
	f.Add([]byte("ghostlock case 1\n-- lock --\nctx-v0\n-- kernel --\nany\n-- start --\n-- workload --\np0: lock inside\n-- environment --\nkills=0\n-- schedule --\n-- verdict --\nexclusion holds\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := trial.ParseCase("fuzz", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("error %v does not name the file", err)
			}
			return
		}
		written := c.Format()
		again, err := trial.ParseCase("fuzz", written)
		if err != nil || string(again.Format()) != string(written) {
			t.Errorf("%v\n%s\nis no fixed point of\n%s", err, written, text)
		}
	})
}
