package program

import (
	"flag"
	"os"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// Main is the TestMain of packages whose tests start workers and use rapid.
func Main(m *testing.M) {
	linux.ServeIfWorker()
	// What fails is printed, and no file is left behind.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
