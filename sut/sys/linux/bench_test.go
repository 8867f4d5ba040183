//go:build linux && (amd64 || arm64)

package linux

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// lockCalls is what one process of a typical trial does: nine calls.
var lockCalls = []sys.Call{
	{Op: sys.OpOpen, Path: "l", Flags: sys.O_RDWR | sys.O_CREAT, Mode: 0o600},
	{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_EX | sys.LOCK_NB},
	{Op: sys.OpFtruncate, FD: 3},
	{Op: sys.OpWrite, FD: 3, Data: "17\n"},
	{Op: sys.OpFstat, FD: 3},
	{Op: sys.OpStat, Path: "l"},
	{Op: sys.OpFstat, FD: 3},
	{Op: sys.OpFlock, FD: 3, Flags: sys.LOCK_UN},
	{Op: sys.OpClose, FD: 3},
}

func schedule(b *testing.B, m sys.Machine, setup sys.Setup) {
	k, err := m.Boot(setup)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range lockCalls {
		for p := range setup.Procs {
			if _, err := k.Do(sys.TID{Proc: uint8(p)}, c); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkSchedule(b *testing.B) {
	for name, dir := range map[string]string{"ext4": "", "tmpfs": "/dev/shm"} {
		b.Run(name, func(b *testing.B) {
			m, err := OpenWorkers(dir)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			for b.Loop() {
				schedule(b, m, sys.Setup{Procs: 2})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
		})
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	m, err := OpenWorkers("/dev/shm")
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	k, err := m.Boot(sys.Setup{Procs: 2})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpFsync, FD: 3}); err != nil {
			b.Fatal(err)
		}
	}
}
