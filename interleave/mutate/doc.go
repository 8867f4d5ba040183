// Package mutate asks whether the checker would see what it is there to see: it
// takes guards out of locks that hold, one at a time, and has each lock that is
// left explored.
//
// Its words:
//
//   - A guard is a call that a lock relies on, or what it does with an answer: a
//     flock, O_EXCL, a comparison of files, a look at an age, the unlink of a
//     release. Guards are found by running the lock's code and looking at the
//     calls that it makes.
//   - A site is where a guard is: the part of the lock's code (its acquire, its
//     release, a thread that it started), the call, and the file that it is about.
//   - A removal is a way to take a guard out: the call is not made, and answered
//     as if it had gone well; a question is answered as the lock would have it; a
//     flag is dropped. The table in removals.go has them all.
//   - A mutant is a lock without one of its guards. Its code is the lock's own:
//     a seam stands between the code and its host, and changes that one thing.
//   - A cell is what is asked about a lock: a property, in an environment, from a
//     start, with a shape, which is how many clients there are and how often each
//     acquires.
//   - A mutant is caught if it turns a cell: the lock holds there, and the mutant
//     is violated. Otherwise it is a survivor, and needs an explanation: why the
//     guard makes no difference, or what is not asked that would show one.
//   - The score is how many mutants were caught, of all.
//
// What guards against something that no trial has is no guard here: the check for
// a remote file system, O_NOFOLLOW, permissions, fsync. Nor is O_CLOEXEC, for a
// child has the descriptor until it execs, whatever the flag says; nor how a
// [lock.Guard] reads and writes its data.
package mutate
