//go:build linux && (amd64 || arm64)

package linux

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// pin keeps machine and benchmark on the n-th processor. The benchmark's thread
// ends with its goroutine, which stays locked to it.
func pin(b *testing.B, w *Workers, n int) {
	runtime.LockOSThread()
	if err := w.Pin(n); err != nil {
		b.Fatal(err)
	}
}

var pinnings = map[string]func(*testing.B, *Workers){
	"roaming": func(*testing.B, *Workers) {},
	"pinned":  func(b *testing.B, w *Workers) { pin(b, w, 0) },
}

// A schedule of two processes: Boot and 18 calls.
func BenchmarkSchedule(b *testing.B) {
	for fs, dir := range dirs(b) {
		for name, pinning := range pinnings {
			b.Run(fs+"/"+name, func(b *testing.B) {
				w := openWorkers(b, dir)
				pinning(b, w)
				for b.Loop() {
					schedule(b, w, sys.Setup{Procs: 2})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
			})
		}
	}
}

// Machines share nothing: two on two processors do nearly twice as much.
func BenchmarkTwoMachines(b *testing.B) {
	for fs, dir := range dirs(b) {
		b.Run(fs, func(b *testing.B) {
			machines := []*Workers{openWorkers(b, dir), openWorkers(b, dir)}
			b.ResetTimer()
			var wg sync.WaitGroup
			for n, w := range machines {
				wg.Go(func() {
					pin(b, w, n)
					for range b.N {
						schedule(b, w, sys.Setup{Procs: 2})
					}
				})
			}
			wg.Wait()
			b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
		})
	}
}

// A call that the kernel refuses at once: what remains is the way there and
// back.
func BenchmarkRoundTrip(b *testing.B) {
	for name, pinning := range pinnings {
		b.Run(name, func(b *testing.B) {
			w := openWorkers(b, "")
			pinning(b, w)
			k := boot(b, w, 1)
			for b.Loop() {
				if _, err := k.Do(sys.TID{}, sys.Call{Op: sys.OpFsync, FD: firstFD}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a machine that makes the calls itself adds to them. Both are timed in
// turn and by their fastest rounds, so that a loaded machine slows both.
func BenchmarkDirect(b *testing.B) {
	for fs, dir := range dirs(b) {
		b.Run(fs, func(b *testing.B) {
			d := openDirect(b, dir)
			k := boot(b, d, 1)
			direct, bare := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for b.Loop() {
				begin := time.Now()
				for _, c := range lockCalls {
					if _, err := k.Do(sys.TID{}, c); err != nil {
						b.Fatal(err)
					}
				}
				middle := time.Now()
				bareCalls(b, d.room.path+"/l")
				direct, bare = min(direct, middle.Sub(begin)), min(bare, time.Since(middle))
			}
			b.ReportMetric(float64(bare)/float64(direct), "direct/bare")
			b.ReportMetric(float64(direct.Nanoseconds())/float64(len(lockCalls)), "ns/call")
		})
	}
}

// bareCalls makes lockCalls as a program without Ghostlock would.
func bareCalls(b *testing.B, path string) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	var st unix.Stat_t
	err = errors.Join(unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB), unix.Ftruncate(fd, 0))
	_, written := unix.Write(fd, []byte("17\n"))
	err = errors.Join(err, written,
		unix.Fstat(fd, &st), unix.Stat(path, &st), unix.Fstat(fd, &st),
		unix.Flock(fd, unix.LOCK_UN), unix.Close(fd))
	if err != nil {
		b.Fatal(err)
	}
}
