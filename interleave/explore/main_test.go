package explore_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// What fails is printed, and no file is left behind.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
