//go:build !(linux && (amd64 || arm64))

package trace

import (
	"errors"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Machine runs programs as the processes of trials, on Linux alone.
type Machine struct{}

var errOther = errors.New("programs are traced on Linux on amd64 and arm64 alone")

// Open fails here.
func Open(string, []trial.Command) (*Machine, error) { return nil, errOther }

// Boot implements sys.Machine.
func (m *Machine) Boot(sys.Setup) (sys.Kernel, error) { return nil, errOther }

// Profile implements sys.Machine.
func (m *Machine) Profile() string { return "" }

// Close implements sys.Machine.
func (m *Machine) Close() error { return nil }

// Notes returns nothing here.
func (m *Machine) Notes() []string { return nil }
