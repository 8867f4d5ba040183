package sys

import "time"

// An Op is an operation: what a call asks for.
type Op uint8

// The operations. The table in ops.go says how each prints.
const (
	OpOpen Op = iota + 1
	OpClose
	OpRead
	OpWrite
	OpFtruncate
	OpFstat
	OpStat
	OpLstat
	OpUnlink
	OpRename
	OpLink
	OpSymlink
	OpReadlink
	OpMkdir
	OpRmdir
	OpFsync
	OpFchmod
	OpFlock
	OpFcntl
	OpDup
	OpFork   // a new process, which has the same descriptors
	OpExec   // another program: descriptors with O_CLOEXEC are closed
	OpExit   // the process ends
	OpDaemon // the process goes on in a child, and ends itself
	OpGetpid
	OpAlive // is there a process with that number? kill(2) with signal 0
	OpStatfs
	OpUtimes // sets a file's mtime to the wall clock, plus a duration
	OpLocked // does anybody hold a flock on the file? /proc/locks
	OpLoad   // the counter that a lock guards: all that a file holds
	OpStore  // the same file, written anew in place

	// Clocks and time. They are answered from the call's stamp.
	OpDeadline // the monotonic clock, plus a duration
	OpExpired  // has the monotonic clock reached a deadline?
	OpOlder    // is the wall clock at least a duration past a time?
	OpSame     // are two times equal?
	OpSleep    // returns when the duration is over

	// Threads of one process and what they share.
	OpGo        // start a thread
	OpJoin      // wait for a thread's end
	OpCancel    // tell a thread to stop
	OpCancelled // wait to be told, at most for a duration

	// What the threads of a process share in its memory.
	OpMutex   // lock a mutex of the process
	OpUnmutex // unlock it
	OpSwap    // put a text into a cell, and be told the one before
	OpPut     // put a descriptor into a cell
	OpGet     // the descriptor that is in a cell
	OpGettid  // which thread of its process it is

	// Marks: steps of a client that no kernel sees.
	OpInside // inside the critical section

	// What programs do that locks here do not: Path is the call's name, Data what
	// it was asked.
	OpForeign

	// The environment's.
	OpInterrupt // a signal: the call that the thread waits in has returned EINTR
	OpKill      // the process ends at once: SIGKILL

	opEnd
)

// A Call is one system call as a value. Which fields an operation uses is told
// by the table in ops.go; the others are zero, so that equal calls are equal
// structs.
type Call struct {
	Op    Op
	FD    int           // a descriptor
	Flags int           // of open, flock, rename; fcntl's command
	Mode  uint32        // permission bits
	N     int64         // a size, a thread's number, a process
	Path  string        // relative to the trial's directory; or the name of a thread, a mutex, a cell
	Path2 string        // the new name of rename and link; a symlink's target
	Data  string        // what is written
	Dur   time.Duration // how long to sleep, how old
	T, U  Time          // times to compare

	Record Record // the lock that fcntl is about

	// At is when the call is made; for calls that last (sleep, cancelled) when
	// they were begun. It is a stamp, no argument: it is neither printed nor
	// compared.
	At Instant
}

// A Ret is a call's answer.
type Ret struct {
	Err   Errno // 0: the call succeeded
	Fault bool  // the environment made it fail; no kernel was asked
	Wait  bool  // asked, not answered: see Kernel.Do
	N     int64 // a descriptor, a count, a truth, a thread's number
	Ino   Ino   // the file that an opened descriptor leads to
	Stat  Stat
	Time  Time
	Data  string

	Record Record // what fcntl found in the way
}

// A Kind is the type of a file.
type Kind uint8

// The kinds of files.
const (
	Regular Kind = iota
	Directory
	Symlink
)

// A Stat is what stat(2) tells of a file, as far as locks look at it.
type Stat struct {
	Ino   Ino
	Kind  Kind
	Nlink int
	Size  int64
	Mtime Time
}

// SameFile reports whether both are of the same inode number, which is what
// os.SameFile compares on one device.
func SameFile(a, b Stat) bool { return a.Ino.Num == b.Ino.Num }

// An Ino is an inode of a trial: Num stands for the number that lock code
// compares, Gen counts the files that have carried it before. Inodes print as
// names: A, B, …; A' is another file with A's number.
type Ino struct {
	Num uint16 // from 1, in the order of creation; 0 is no inode
	Gen uint16
}

// A Time is an instant that lock code can keep, compare by [Proc.Older],
// [Proc.Same] and [Proc.Expired], and not look into. It tells where it is from
// so that a schedule can print it.
type Time struct {
	Of Ino           // the inode whose mtime it is; zero for a clock's
	At time.Duration // since the trial's start
}

// OK returns the answer of a call that succeeded and tells no more.
func OK() Ret { return Ret{} }

// Fail returns the answer of a call that failed.
func Fail(e Errno) Ret { return Ret{Err: e} }

// Bool returns the answer to a yes-or-no question.
func Bool(yes bool) Ret {
	if yes {
		return Ret{N: 1}
	}
	return Ret{}
}

// Yes is the answer of a call that asks a yes-or-no question.
func (r Ret) Yes() bool { return r.N != 0 }

// InMemory reports whether the operation is about the process's own memory,
// which no kernel sees.
func (op Op) InMemory() bool { return op >= OpMutex && op <= OpGettid }

// Lasts reports whether the operation takes time: its call is stamped with
// the instant at which it was begun, and returns when Call.Dur is over if not
// before.
func (op Op) Lasts() bool { return op == OpSleep || op == OpCancelled }
