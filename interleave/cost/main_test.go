//go:build linux && (amd64 || arm64)

package cost

import (
	"os"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

func TestMain(m *testing.M) {
	ServeIfWorker(findPlanted)
	if os.Getenv(coordinatorEnv) != "" {
		coordinate()
	}
	os.Exit(m.Run())
}

func entry(tb testing.TB, name string) lock.Entry {
	tb.Helper()
	e, err := findPlanted(name)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}
