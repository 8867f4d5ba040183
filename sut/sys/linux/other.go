//go:build !linux || !(amd64 || arm64)

package linux

import (
	"fmt"
	"runtime"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

func unsupported() error {
	return fmt.Errorf("the real kernel needs Linux on amd64 or arm64, found %s on %s", runtime.GOOS, runtime.GOARCH)
}

// ServeIfWorker returns: no process is a worker here.
func ServeIfWorker() {}

// Workers is not to be had on this system.
type Workers struct{ sys.Machine }

// OpenWorkers returns an error.
func OpenWorkers(string) (*Workers, error) { return nil, unsupported() }

// Direct is not to be had on this system.
type Direct struct{ sys.Machine }

// OpenDirect returns an error.
func OpenDirect(string) (*Direct, error) { return nil, unsupported() }

// Free is not to be had on this system.
type Free struct{ sys.Machine }

// Start returns an error.
func (*Free) Start(sys.Setup) (time.Time, error) { return time.Time{}, unsupported() }

// Do returns an error.
func (*Free) Do(sys.Call) (sys.Ret, error) { return sys.Ret{}, unsupported() }

// OpenFree returns an error.
func OpenFree(string) (*Free, error) { return nil, unsupported() }

// OpenShared returns an error.
func OpenShared(string) (*Free, error) { return nil, unsupported() }

// OpenHere returns what cannot be started.
func OpenHere() *Free { return &Free{} }

// Dir returns nothing.
func (*Free) Dir() string { return "" }

// Number does nothing.
func (*Free) Number([]int) {}

// Yield does nothing.
func Yield() {}

// Nap sleeps.
func Nap(d time.Duration) { time.Sleep(d) }
