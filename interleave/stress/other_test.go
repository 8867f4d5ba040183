//go:build !linux || !(amd64 || arm64)

package stress_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

func TestEveryLockRunsOnTheRealKernel(t *testing.T) {
	_, err := linux.OpenFree("")
	t.Skipf("SKIPPED: %v", err)
}
