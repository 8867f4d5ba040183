// Package explore covers every schedule of a trial without running each: it
// learns what the lock's code does, and then goes through the graph of all
// states that the code and the kernel of package sim can come to.
//
// Of the code:
//
//   - It is run by a puppet, on nothing but recorded answers. What it does next
//     depends on them alone; that this is so is checked, see pump.
//   - A token is a handle that it was given and can only hand back: a descriptor,
//     an inode to compare, a time. Its value is in the state, so that the code
//     need not be run again for each value.
//   - What the code tells its learner, and no kernel, is silent: a loop, a
//     comparison of files, the end of an operation. It is answered at once and is
//     no step of a schedule.
//   - A segment is a part of a client's workload, up to an unlock. Behind it the
//     client's history is forgotten, as it is with each round of a loop.
//   - A node is where a thread stands before a call: the answers that it was given
//     since its start, or since what was forgotten. The nodes of a thread's code
//     are a tree, and together they are a [Code].
//   - The automaton is that in its smallest form. A spot is one of its places: all
//     nodes from which the code does the same, answer by answer.
//   - A lesson is an answer that a thread was given at a spot where it is not known
//     what the code does with it. The real code is asked, and everything explored
//     again with a new automaton, until there are no more lessons.
//
// Of the graph:
//
//   - A state is all that the future depends on: the kernel, the spot of each
//     thread with the values of the tokens that are still needed there, and what
//     is left of the budget.
//   - An option is a step that could be taken from a state: a thread's call, or
//     something that the environment does. The options are those that
//     interleave.Run would offer.
//   - The canonical form of a state is the record that stands for it, and for all
//     states that differ from it only in what no code can notice: times are
//     written as ages, and processes that do the same in one order. States are
//     one if their records are equal.
//   - A shard is one goroutine's part of the graph: the states whose hash names
//     it. All shards go on level by level, a level being what so many steps lead
//     to and no fewer, so that the answer does not depend on how many there are.
//   - Reduction leaves schedules out: a step that concerns nobody else is taken at
//     once. The verdict stays the same, and nothing is counted; see reduce.go for
//     why.
//   - A [Cover] is a choice of schedules that make every call in every kernel's
//     state that was explored, to be run on another kernel and compared.
//
// An [Answer] covers every schedule that the [Question] is about, or shows one that
// violates the property, or is undecided and says why: a bound of the Question was
// reached, or there is no room for what the code does, a [Limit].
package explore
