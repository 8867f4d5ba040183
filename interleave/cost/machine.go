package cost

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strings"
)

// A Machine is what a result was measured on.
type Machine struct {
	CPU        string `json:"cpu"` // its model, "" where the kernel does not tell
	Processors int    `json:"processors"`
	Kernel     string `json:"kernel"` // its release
	Filesystem string `json:"filesystem"`
	Go         string `json:"go"`
}

func thisMachine(filesystem string) Machine {
	info, _ := os.ReadFile("/proc/cpuinfo") // it may be hidden from us
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return Machine{
		CPU:        modelOf(info),
		Processors: runtime.NumCPU(),
		Kernel:     strings.TrimSpace(string(release)),
		Filesystem: filesystem,
		Go:         runtime.Version() + " " + runtime.GOARCH,
	}
}

// modelOf returns the first processor's model in what /proc/cpuinfo tells.
func modelOf(info []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(info)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
