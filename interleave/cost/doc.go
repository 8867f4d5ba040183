// Package cost measures what locks cost on the real kernel, in real time.
//
// Its words:
//
//   - A pair is one acquire and its release by one client.
//   - A level is so many processes that make pairs as fast as the lock lets
//     them: 1 is the lock alone, more contend. They are real processes, because
//     record locks do not keep the threads of one apart.
//   - A round is one short stretch of a level in an empty directory. Levels
//     take turns, so that whatever else the machine does meets all alike.
//   - An estimate is the median over the rounds, and an interval that the
//     true median lies in with the stated confidence, whatever the
//     distribution: the k-th smallest value and the k-th largest.
//   - Recovery is the time that a client needs for the lock when its holder
//     was killed; it asks as soon as the holder is dead.
//
// # What is measured
//
// A process calls the kernel for each call of the lock's code, and for nothing
// else: what the seam adds is a microsecond or less a call. A lock that waits is
// told to wait. One that never does, or that gave up, is asked again at once,
// after a sched_yield, and how often is told as tries. What a client does inside
// is nothing at all, so the levels show the worst contention there is.
//
// When a round ends whoever still asks is cut short, and that counts for nothing
// but the fairness: a round is too short to see how long a lock keeps
// somebody waiting.
//
// Durations are the lock's own, except in the recovery, where they are scaled
// down together: nobody could wait for 30 s in each of many rounds. What belongs
// to a lock's setting besides, a janitor say, is not there.
//
// Calls of a pair are counted in memory, where the count is exact. A call is one
// at the seam, that is one system call but for flock_held, which stands for a
// look into /proc/locks. Clocks, sleeps, threads and what is in the process's own
// memory are none.
//
// # Processes
//
// A [Bench] runs this binary again, so main (and TestMain) must begin with
// [ServeIfWorker]. Workers end when the pipe that their orders come by does, so
// none outlives its bench, and a last one, the keeper, then removes the
// directory, even if everybody else was killed.
package cost
