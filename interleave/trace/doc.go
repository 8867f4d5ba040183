// Package trace runs unmodified programs as the processes of a trial.
//
// Its words:
//
//   - A program is one client of a trial. It may have many processes, of many
//     threads; they are its tasks. What it does on the trial's directory are its
//     steps, whichever task makes the call.
//   - A task is stopped by the kernel before each call that may be a step. Such a
//     stop is a gate where the call is about the trial's directory; where it is
//     not, the task goes on at once.
//   - A program is settled when each of its tasks is at a gate, or waits for
//     something: a timer, another task. Then it is known what it comes to.
//
// # How a program is held
//
// It is started under ptrace(2), which PTRACE_SEIZE takes over, and is given a
// seccomp(2) filter that stops it before the calls that matter; all others run at
// full speed. The plumbing is golang.org/x/sys/unix: the libraries there are for
// Go (strace of u-root, delve) stop at every call, or are debuggers, and none of
// them filters or seizes. Linux kills every task when the tracing thread ends
// (PTRACE_O_EXITKILL), so that no program outlives Ghostlock.
//
// The time that a program takes to start is spent once for a machine where that
// cannot be noticed: see origin. Each trial has copies, made by fork(2).
//
// A second filter, for calls on descriptors, is added behind the first open in the
// trial's directory: until then there is none that matters.
//
// A call that would wait for a lock (flock, F_SETLKW, F_OFD_SETLKW) is made
// without waiting in its place: the kernel's refusal is the account that it waits,
// and the call is made again when it can succeed, so that the chooser decides who
// of several that wait is next. EDEADLK is therefore not seen. A signal gets through
// to who waits; the call is then answered with EINTR in the schedule, also where
// the program's handler has asked for it to be started again.
//
// A program announces one step at a time: of several tasks at gates the one that
// was made first, and a wait for a lock only where no other task can go on. If one
// sleeps by a call that does nothing else, the sleep comes before that wait.
//
// # Time
//
// Clocks stand still while a program runs and move with the trial's. In the vDSO,
// in which programs ask for the time without a call, there is code of ours, which
// answers with the trial's time as it is written beside it; where there is none for
// the machine (arm64) the vDSO is hidden, and programs ask the kernel. In the
// trial's directory mtimes are set to virtual time after each step, and what stat(2)
// answers has ctime and atime by it too. A sleep of a millisecond or more, or a wait
// with such a time-out, is a step, and over as soon as the trial's clock has moved:
// it is made without a limit, and interrupted then. A shorter one is awaited, by the
// real clock.
//
// Not reached are: programs that read the processor's counter; timers that send
// signals or are files (setitimer, timerfd_create); and who looks at the clock in a
// loop, without sleeping, until it moves, which is an error after twenty seconds.
package trace
