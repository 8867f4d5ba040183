package main

import (
	"fmt"
	"runtime"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
	"github.com/ghostlock/ghostlock/sut/sys/twin"
)

// A kernelFlag names a kernel and the directory whose file system it is to use.
type kernelFlag struct{ kernel, dir string }

// open returns a machine. profile says whose rules a simulated one follows.
// direct asks for the carrier that makes the calls in this process; it serves
// trials in which all clients are threads of one process that is not killed.
func (k kernelFlag) open(profile string, direct bool) (sys.Machine, error) {
	switch {
	case k.kernel == "sim":
		return sim.Machine{Rules: sim.RulesOf(profile)}, nil
	case k.kernel != "linux":
		return nil, fmt.Errorf("found --kernel %s, wanted linux or sim", k.kernel)
	case direct:
		m, err := linux.OpenDirect(k.dir)
		if err != nil {
			return nil, err
		}
		return twin.Machine{Real: m}, nil
	}
	m, err := linux.OpenWorkers(k.dir)
	if err != nil {
		return nil, err
	}
	return twin.Machine{Real: m}, nil
}

// openAll returns a machine for each processor.
func (k kernelFlag) openAll(direct bool) (machines, error) {
	var all machines
	for range runtime.NumCPU() {
		m, err := k.open("tmpfs", direct)
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

type machines []sys.Machine

func (all machines) close() error {
	var first error
	for _, m := range all {
		if err := m.Close(); first == nil {
			first = err
		}
	}
	return first
}

// describe says what a machine's kernel is, for people.
func (k kernelFlag) describe(m sys.Machine, direct bool) string {
	switch {
	case k.kernel == "sim":
		return "in memory"
	case direct:
		return "on Linux (" + m.Profile() + ", one process)"
	}
	return "on Linux (" + m.Profile() + ", a real process each)"
}
