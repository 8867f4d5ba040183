// Package sys is the seam between lock code and whatever carries its system
// calls out.
//
// Its words, as the rest of Ghostlock uses them:
//
//   - A [Call] is one system call as a value: an operation and its arguments.
//     Its answer is a [Ret]. Both are plain comparable structs, so tracing,
//     gating, failing and shipping a call to another process are each a few
//     lines. They print and parse in the style of strace(1).
//   - A [Kernel] carries calls out: "could this call return now?" and "do it".
//     Kernels keep no time. Every call is stamped with the [Instant] at which
//     it is made, so whoever schedules the calls owns the clocks.
//   - A process owns descriptors and runs one or more threads of lock code. A
//     [TID] names a thread.
//   - A [Proc] is what lock code is written against: one thread's typed
//     methods, with the usual names and errors. It turns each into a Call and
//     hands it to its [Host].
//
// Everything that could differ between two runs of the same lock code reaches
// it through its Proc: files, clocks, other threads. Lock code that keeps to
// that is a deterministic function of the Rets it was given.
package sys
