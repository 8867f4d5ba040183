//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// Any lock can be held by a program, and given up again, in a directory where
// nothing is and where the last holder has left something.
func TestAProgramHoldsAnyLock(t *testing.T) {
	for _, e := range lock.All() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for range 2 {
				if o := b.ends(0, "hold", e.Name, "l"); o.stdout != "acquired\nreleased\n" {
					t.Fatalf("found %q", o.stdout)
				}
			}
		})
	}
}

func TestAProgramSaysHowItWent(t *testing.T) {
	const refused = "invoke acquire\nbusy\ninvoke acquire\nbusy\n"
	for args, wanted := range map[string]string{
		"hold ctx-v2 DIR/l --acquires 2":         "busy\nbusy\n",
		"hold ctx-v2 DIR/l --acquires 2 --exact": refused,
		"hold posixage-v1 DIR/l --set stale=3s":  "acquired\nreleased\n",
		"hold posixage-v1 DIR/l --exact":         "invoke acquire\nacquired\ninvoke release\nreleased\n",
		"hold flock-persist DIR/l --acquires 2":  "acquired\nreleased\nacquired\nreleased\n",
	} {
		b := newBench(t)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "l"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		o := b.run(strings.Fields(strings.ReplaceAll(args, "DIR", dir))...)
		if o.stdout != wanted {
			t.Errorf("%s: found %q, wanted %q", args, o.stdout, wanted)
		}
	}
}

func TestAProgramIsNotStartedInVain(t *testing.T) {
	b := newBench(t)
	b.refuses("found lock \"nope\"", "hold", "nope", "l")
	b.refuses("found 1 argument, wanted: ghostlock hold LOCK PATH", "hold", "posixage-v1")
	b.refuses("found the path m, wanted one that ends in l", "hold", "posixage-v1", "m")
	b.refuses("enter none: no such file or directory", "hold", "posixage-v1", "none/l")
	b.refuses("found --acquires 0, wanted 1 to 20", "hold", "posixage-v1", "l", "--acquires", "0")
	b.refuses("found setting \"heartbeat\"", "hold", "posixage-v1", "l", "--set", "heartbeat=1s")
}
