package explore_test

import (
	"flag"
	"os"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

func TestMain(m *testing.M) {
	linux.ServeIfWorker()
	// What fails is printed, and no file is left behind.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
