// Package linux is the real kernel: it carries calls out on a directory of a
// real file system.
//
// There are three carriers:
//
//   - [Workers] has one real process, a worker, for each process of a trial.
//     A killed process is a killed worker, and what the kernel keeps for each
//     process apart is apart. It is the carrier that confirms.
//   - [Direct] makes the calls in this process, for trials of one process and
//     any number of threads. It costs little more than the calls themselves.
//   - [Free] makes the calls in this process from many goroutines at once and
//     in real time; its locks really block. It is for stress.
//
// All three perform a call in the same function, and only the first two hold
// time: whatever mtime a call has moved is set to the call's stamp before the
// answer is given.
//
// # Time
//
// A trial begins at a fixed instant of the year 2001. Setup files and whatever
// a call moves get mtimes counted from it, so a file whose mtime is later than
// 2015 was touched by the kernel and not yet seen to: that is how a moved
// mtime is told from one that stayed, and a created file from one that was
// there. A file system that keeps mtimes in whole seconds cuts virtual ones to them.
//
// # Processes
//
// The workers of a machine are made by its zygote: this binary, started again
// by OpenWorkers, doing nothing but clone workers, kill them and wait for
// them. Whoever calls OpenWorkers must therefore begin main (and TestMain)
// with [ServeIfWorker].
//
//	coordinator ── exec ──▶ zygote ── clone ──▶ worker p0
//	     │                                 └──▶ worker p1
//	     └──── a socket to each ────────────────┘
//
// A process that forks is a worker that clones itself, with its descriptors, as
// another child of the zygote's; the coordinator sends it the socket that the
// new worker is to serve. One that goes on as a daemon does that, ends itself, and
// its clone takes its place. One that runs a program runs this binary, which goes
// on serving the same socket.
//
// Nothing outlives its parent. The zygote sees the coordinator's death as the
// end of its control socket, kills the workers, removes the directory and
// exits; a worker exits when its own socket ends, and the kernel kills it when
// the zygote dies. Only where both coordinator and zygote are killed at once
// does the directory stay.
package linux
