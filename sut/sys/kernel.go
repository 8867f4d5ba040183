package sys

import "time"

// A TID names a thread: its process, and its number among that process's
// threads, both from 0.
type TID struct{ Proc, Thread uint8 }

// Outside is the thread that calls of the environment are made by: a cleaner
// that unlinks, say. It belongs to no process of the trial.
var Outside = TID{Proc: 255}

// An Instant is a moment of virtual time, told by both clocks as the time
// since the trial's start. Suspend moves Wall and leaves Mono.
type Instant struct{ Wall, Mono time.Duration }

// Add moves both clocks by d.
func (t Instant) Add(d time.Duration) Instant {
	return Instant{Wall: t.Wall + d, Mono: t.Mono + d}
}

// A Kernel carries calls out.
//
// The caller owes it two things: a call is done only when Ready says so, and
// each call is stamped (Call.At) with the instant at which it is made.
type Kernel interface {
	// Ready reports whether the call, made by the thread, could return now or
	// would change something by being asked (a lock conversion that has to
	// wait gives the old lock up first).
	Ready(TID, Call) bool

	// Do carries the call out. A Ret with Wait set says that the call was
	// asked and has not returned: it stays pending and is done again when it
	// is ready, or the thread makes an OpInterrupt and it is over. The error is the harness's, never the call's: a worker that
	// died, two kernels that disagree. The kernel is of no use after it.
	Do(TID, Call) (Ret, error)
}

// A Setup is what a trial finds when it begins.
type Setup struct {
	Procs int     // processes, numbered from 0
	Files []Entry // made in this order

	// Skew is how far the file server's clock is ahead of the clients': calls set
	// mtimes by the server's, and all else is told by the clients'. The ages of
	// the files are the server's, too.
	Skew time.Duration
}

// An Entry is one file of a Setup.
type Entry struct {
	Name    string // relative to the trial's directory
	Content string
	Age     time.Duration // of its mtime
	Kind    Kind          // of a symbolic link the content is its target
	Link    string        // the name of an entry before, whose file this is another name of
}

// A Machine makes kernels, one a trial.
type Machine interface {
	// Boot returns a kernel whose directory holds the setup's files and
	// nothing else. It ends the life of the kernel booted before it.
	Boot(Setup) (Kernel, error)

	// Profile names the file system whose rules the kernels follow: "ext4",
	// "tmpfs".
	Profile() string

	// Close ends every process and removes every file of the machine's.
	Close() error
}

// A Pinner is a machine that is faster when it shares a processor with the
// thread that uses it. Pin keeps both to one, the n-th at hand; the calling
// goroutine must be locked to its thread, and the thread is of no other use
// afterwards.
type Pinner interface {
	Pin(n int) error
}
