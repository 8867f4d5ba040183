//go:build linux && (amd64 || arm64)

package twin_test

import (
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// A twin answers only what both kernels do. Where the file server's clock is
// ahead or behind, and where the wall clock jumps alone, both tell the same
// times.
func TestLinuxHasTheTimesOfAServerWithAnotherClock(t *testing.T) {
	m := twin.Machine{Real: fileSystems[0].open(t)}
	for _, skew := range []time.Duration{time.Minute, -time.Minute} {
		k, err := m.Boot(sys.Setup{Procs: 1, Skew: skew, Files: []sys.Entry{{Name: "l", Age: 31 * time.Second}}})
		if err != nil {
			t.Fatal(err)
		}
		now := sys.Instant{}
		mtime := func(text string) time.Duration {
			c, err := sys.ParseCall(text)
			if err != nil {
				t.Fatal(err)
			}
			c.At = now
			r, err := k.Do(sys.TID{}, c)
			if err != nil || r.Err != 0 {
				t.Fatalf("skew %s: %s: found %v, %v", skew, text, r.Err, err)
			}
			return r.Stat.Mtime.At
		}
		for _, step := range []struct {
			text   string
			wanted time.Duration
		}{
			{`stat("l")`, skew - 31*time.Second},
			{`open("m", O_RDWR|O_CREAT, 0600)`, 0},
			{`fstat(3)`, skew + 2*time.Second},
			{`stat(".")`, skew + 2*time.Second},
			{`write(3, "x")`, 0},
			{`fstat(3)`, skew + 8*time.Second},
			{`utimes("m", 0s)`, 0},
			{`fstat(3)`, 12 * time.Second},
			{`store("l", "x")`, 0},
			{`stat("l")`, skew + 16*time.Second},
		} {
			if found := mtime(step.text); found != step.wanted {
				t.Errorf("skew %s: %s: found %s, wanted %s", skew, step.text, found, step.wanted)
			}
			now.Wall, now.Mono = now.Wall+2*time.Second, now.Mono+time.Second
		}
	}
}
