package draw_test

import (
	"flag"
	"os"
	"testing"
)

// rapid keeps no fail files here: what fails is shrunk by ours and kept as a
// case, which says more and outlives a change of the generators.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
