//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A limit is where a call has its time-out.
type limit struct {
	at     int // which argument
	kind   timeKind
	sleeps bool // it does nothing else
	clock  int  // of a sleep whose first argument is a clock and whose second may say that the time is an instant
}

type timeKind uint8

const (
	timespec timeKind = iota + 1
	timeval
	milliseconds
	futexTime // of one command relative, of the other an instant
)

// shortest is the sleep that is a step. Shorter ones are left to the real clock.
const shortest = time.Millisecond

// nap sees to a task that is about to wait, and has said how long at most. It will
// wait without a limit, until the trial's clock is there; a sleep becomes a poll of
// nothing for that. So it waits truly: a signal reaches it, and is its end.
func (tr *tracer) nap(t *task) error {
	l := t.spec.limit
	until, instant, ok := tr.limitOf(t)
	switch {
	case !ok || background(t):
		return t.pass()
	case until-tr.now.Mono < shortest && !instant:
		return t.doze()
	}
	t.until, t.timed = until, true
	if l.sleeps {
		return t.sleep()
	}
	forEver := uint64(0)
	if l.kind == milliseconds {
		forEver = ^uint64(0)
	}
	if err := t.replace(l.at, forEver); err != nil {
		return err
	}
	return t.proceed()
}

// sleep lets it poll nothing, for ever.
func (t *task) sleep() error {
	t.meant, t.replaced = t.regs, true
	for i := range 5 {
		*t.regs.arg(i) = 0
	}
	if err := t.regs.renumber(t.tid, unix.SYS_PPOLL); err != nil {
		return err
	}
	if err := t.regs.write(t.tid); err != nil {
		return err
	}
	return t.proceed()
}

// maxNaps is how many short sleeps in a row are awaited before the task comes to
// something else. One that takes more waits for another task by looking, and would
// do so for ever if that is at a gate.
const maxNaps = 50

// doze lets the task sleep for a time that is not worth a step.
func (t *task) doze() error {
	if t.naps++; t.naps > maxNaps {
		return t.pass()
	}
	err := t.proceed()
	t.state = napping
	return err
}

// background reports whether the sleep is one of a language's runtime and not of
// its program's: Go's monitor, a thread that watches the others, calls nanosleep(2)
// without end, where C's libraries call clock_nanosleep(2).
func background(t *task) bool { return t.spec.name == "nanosleep" && len(t.threads()) > 1 }

// limitOf returns the instant by the monotonic clock at which the wait is over, and
// whether the call gives an instant. The kernel must not see that one: it is by the
// trial's clock.
func (tr *tracer) limitOf(t *task) (until time.Duration, instant, ok bool) {
	l := t.spec.limit
	arg := *t.regs.arg(l.at)
	if l.kind == milliseconds {
		return tr.now.Mono + time.Duration(int32(arg))*time.Millisecond, false, true
	}
	d, ok := t.duration(arg, l.kind)
	if !ok {
		return 0, false, false
	}
	wall := false
	switch {
	case l.kind == futexTime:
		op := *t.regs.arg(1)
		instant, wall = op&futexCommands == futexWaitBitset, op&futexClockRealtime != 0
	case l.clock > 0:
		instant, wall = *t.regs.arg(1)&unix.TIMER_ABSTIME != 0, wallClock(int(*t.regs.arg(0)))
	}
	switch {
	case instant && wall:
		return d - time.Duration(unix.TimespecToNsec(tr.place.Real(tr.now.Wall))) + tr.now.Mono, true, true
	case instant:
		return d - monotonicStart, true, true
	}
	return tr.now.Mono + d, false, true
}

// duration reads a time of that kind.
func (t *task) duration(at uint64, kind timeKind) (time.Duration, bool) {
	var buf [16]byte
	if t.read(at, buf[:]) != nil {
		return 0, false
	}
	sec, rest := int64(binary.NativeEndian.Uint64(buf[:])), int64(binary.NativeEndian.Uint64(buf[8:]))
	if kind == timeval {
		rest *= 1000
	}
	if sec < 0 || sec > int64(longest/time.Second) || rest < 0 || rest >= int64(time.Second) {
		return 0, false
	}
	return time.Duration(sec)*time.Second + time.Duration(rest), true
}

// longest is the longest wait that is one with a limit. Programs that wait for
// longer wait for something else.
const longest = 100 * 365 * 24 * time.Hour

// futexClockRealtime: the instant is by the wall clock, FUTEX_CLOCK_REALTIME.
const futexClockRealtime = 256

// wake ends the waits of the program whose time has come: each is told to stop in
// its call, and then finds there that its time is over.
func (tr *tracer) wake(p *program) error {
	for _, t := range p.tasks {
		if !t.timed || t.until > tr.now.Mono {
			continue
		}
		if err := unix.PtraceInterrupt(t.tid); err != nil && err != unix.ESRCH {
			return fmt.Errorf("wake process %d: %w", t.tid, err)
		}
	}
	return nil
}

// napped sees to a task that is behind a wait.
func (tr *tracer) napped(t *task) error {
	t.restore()
	if err := tr.outcome(t); err != nil {
		return err
	}
	t.timed = false
	if err := t.regs.write(t.tid); err != nil {
		return err
	}
	return t.pass()
}

// Answers that the kernel gives itself, to start a call again behind a signal.
const (
	restartSys     = 512
	restartNoIntr  = 513
	restartNoHand  = 514
	restartByBlock = 516
)

// outcome makes the answer of a wait that was interrupted what the program would
// have found.
func (tr *tracer) outcome(t *task) error {
	n := t.regs.result()
	switch -n {
	case restartSys, restartNoIntr, restartNoHand, restartByBlock, int64(unix.EINTR):
	default:
		return nil
	}
	if t.timed && t.until <= tr.now.Mono {
		t.clearSets()
		t.regs.answer(t.overdue())
		return t.regs.skip(t.tid)
	}
	if n == -restartByBlock || t.timed && t.spec.limit.sleeps {
		// The kernel would go on with the wait as it was replaced. It is to make the
		// call again, or to answer EINTR where there is a handler.
		t.regs.answer(-restartNoHand)
		tr.remains(t)
	}
	return nil
}

// remains tells an interrupted sleep how much of it is left, if it wants to know.
func (tr *tracer) remains(t *task) {
	l := t.spec.limit
	if !l.sleeps || *t.regs.arg(l.at + 1) == 0 || l.clock > 0 && *t.regs.arg(1)&unix.TIMER_ABSTIME != 0 {
		return
	}
	left := unix.NsecToTimespec(int64(t.until - tr.now.Mono))
	var buf [16]byte
	binary.NativeEndian.PutUint64(buf[:], uint64(left.Sec))
	binary.NativeEndian.PutUint64(buf[8:], uint64(left.Nsec))
	_ = t.put(*t.regs.arg(l.at + 1), buf[:]) // where it cannot be told, it is not
}

// overdue is what the call answers when its time is over.
func (t *task) overdue() int64 {
	if t.spec.limit.kind == futexTime {
		return -int64(unix.ETIMEDOUT)
	}
	return 0
}

// clearSets makes the sets of a select whose time is over empty, as the kernel does.
func (t *task) clearSets() {
	if t.spec.name != "select" && t.spec.name != "pselect" {
		return
	}
	bytes := (min(*t.regs.arg(0), maxText) + 63) / 64 * 8
	for i := 1; i <= 3 && bytes > 0; i++ {
		if at := *t.regs.arg(i); at != 0 {
			_ = t.put(at, make([]byte, bytes)) // it was there for the kernel a moment ago
		}
	}
}
