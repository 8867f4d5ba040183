package sys_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func TestTheNumberOfAProcessReadsBack(t *testing.T) {
	for _, n := range []sys.PID{0, 1, 10, 255, 4_194_304} {
		if found, ok := sys.ParsePID(n.String()); !ok || found != n {
			t.Errorf("%s: found %d, %v", n, found, ok)
		}
	}
	for _, text := range []string{"", "p", "1", "p01", "p+1", "p1\n", " p1", "p2147483648", "p-1", "q1"} {
		if found, ok := sys.ParsePID(text); ok {
			t.Errorf("%q: found %d, wanted no process", text, found)
		}
	}
}
