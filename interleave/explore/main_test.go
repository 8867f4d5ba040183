package explore_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave/internal/program"
)

func TestMain(m *testing.M) { program.Main(m) }
