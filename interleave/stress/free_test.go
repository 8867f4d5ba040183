//go:build linux && (amd64 || arm64)

package stress_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/stress"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// sound are the locks that exclude. The others may be caught or not: what shows
// here is luck.
var sound = []string{"ctx-v2", "pact-sidecar", "ktstr-try", "ktstr-block"}

// Every lock runs on the real kernel, with its polls in real time; the history
// is valid, and that of a sound lock excludes.
func TestEveryLockRunsOnTheRealKernel(t *testing.T) {
	for _, e := range lock.All() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			k, err := linux.OpenFree(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			e.Defaults.Poll, e.Defaults.PollMax = min(e.Defaults.Poll, time.Millisecond), min(e.Defaults.PollMax, time.Millisecond)
			e.Defaults.Timeout = min(e.Defaults.Timeout, 50*time.Millisecond)
			const work = "lock inside unlock trylock inside unlock"
			tr := trialOf(t, e, work, work, work, work)
			for n := range 30 {
				delays := [][]time.Duration{{time.Duration(n) * time.Microsecond}, {0, time.Microsecond}}
				h, err := stress.Run(tr, k, delays[:n%3])
				if err != nil {
					t.Fatalf("round %d: %v", n+1, err)
				}
				wantHistory(t, tr, h)
				j, err := model.Exclusion(h, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(sound, e.Name) && j.Verdict != model.Holds {
					t.Fatalf("round %d: found exclusion %s, %s, of\n%s", n+1, j.Verdict, j.Why, h)
				}
			}
		})
	}
}

// A blocking flock blocks in the kernel, and each of many gets its turn.
func TestBlockingLocksGetTheirTurn(t *testing.T) {
	k, err := linux.OpenFree(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	works := slices.Repeat([]string{"lock inside unlock lock inside unlock"}, 8)
	tr := trialOf(t, entry(t, "ktstr-block"), works...)
	h, err := stress.Run(tr, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantHistory(t, tr, h)
	for i, e := range h {
		if e.Error != "" {
			t.Errorf("found event %d, %v, wanted nobody refused", i, e)
		}
	}
	if j, err := model.Exclusion(h, time.Minute); err != nil || j.Verdict != model.Holds {
		t.Errorf("found exclusion %s, %v, of\n%s", fmt.Sprint(j.Verdict, " ", j.Why), err, h)
	}
}
