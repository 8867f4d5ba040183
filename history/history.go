// Package history records what the clients of a lock asked and what they were told.
//
// Its words:
//
//   - A client is whoever asks: "p0", or "p1.a" and "p1.b" where two of them share a process.
//     A client has at most one pending operation.
//   - An operation is asked for by an invocation and answered by a response. An operation
//     without a response is pending.
//   - A response is ok (it took effect), fail (it certainly did not: the lock was busy, a
//     time limit passed, an error stopped it) or info (nobody knows whether it did).
//   - A kill ends a client, and the operation it may have pending. Nothing of that client follows.
//   - An event is an invocation, a response or a kill; a history is the events in their order.
//   - A position is the index of an event in its history. Positions are the order: event 3 came
//     before event 4, whatever clocks said. An operation that returned at a position lower than
//     that at which another was invoked precedes it.
//
// A history has two texts. The timeline (String, ParseTimeline) is for people and for testdata:
//
//	#   0     1  2        3    4       5
//	p0  lock--ok               unlock--ok
//	p1           trylock--busy
//
// JSON lines in Jepsen's operation form (WriteJSON, ReadJSON) are for other programs.
package history

import "fmt"

// What a client can ask for, the words of Event.F.
const (
	Lock     = "lock"     // hold exclusively, waiting
	TryLock  = "trylock"  // hold exclusively, or be told busy
	RLock    = "rlock"    // hold with other readers, waiting
	TryRLock = "tryrlock" // hold with other readers, or be told busy
	Unlock   = "unlock"   // give up what is held, either way
	Read     = "read"     // read the data that the lock guards
	Write    = "write"    // write it
	Update   = "update"   // read it, and write it changed
	Kill     = "kill"     // asked by nobody: the client was killed at this position

	Upgrade   = "upgrade"   // hold exclusively what was held with others, or be told busy
	Downgrade = "downgrade" // and the other way round
)

// The two errors with which a sound lock may refuse an acquire while others contend for it,
// and the one with which it tells a holder that it holds no more.
const (
	Busy    = "busy"    // a try found the lock held
	Timeout = "timeout" // a bounded acquire waited as long as it was told to
	Lost    = "lost"    // the lock was another's before it was released
)

// A Kind says what an event is to its operation. The zero Kind is no event's; as the
// outcome of an operation it means that the operation is pending.
type Kind uint8

// The kinds of events.
const (
	Invoke Kind = iota + 1 // the client asked
	Ok                     // it was told that the operation took effect
	Fail                   // it was told that the operation did not take effect
	Info                   // it was told neither, or was killed
)

var kindNames = [...]string{Invoke: "invoke", Ok: "ok", Fail: "fail", Info: "info"}

// String returns Jepsen's word for k: "invoke", "ok", "fail" or "info".
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// An Event is one invocation, response or kill.
type Event struct {
	Kind    Kind
	Process string // the client: "p0", "p1.a"
	F       string // what was asked: Lock, …; or Kill, with Kind Info
	Value   string // what was read or written; "" for nothing
	Error   string // of a fail or an info: Busy, Timeout, or the error's text
	Time    int64  // nanoseconds; 0 where not measured (gated runs use positions only)
}

// String returns e as a line of a listing: "p0 fail lock (busy)".
func (e Event) String() string {
	s := fmt.Sprintf("%s %s %s", e.Process, e.Kind, e.F)
	if e.Value != "" {
		s += "=" + e.Value
	}
	if e.Error != "" {
		s += " (" + e.Error + ")"
	}
	return s
}

// A History is the events of one run in order. The index of an event is its position.
type History []Event

// IsAcquire reports whether an f that is ok makes its client a holder.
func IsAcquire(f string) bool {
	return f == Lock || f == TryLock || IsShared(f)
}

// IsShared reports whether an f that is ok makes its client one of possibly many readers.
func IsShared(f string) bool {
	return f == RLock || f == TryRLock
}

// IsConversion reports whether an f is asked for by a client that holds the lock, which goes on
// holding it, if otherwise.
func IsConversion(f string) bool { return f == Upgrade || f == Downgrade }

// isOperation reports whether f is something that a client can ask for.
func isOperation(f string) bool {
	return IsAcquire(f) || IsConversion(f) || f == Unlock || f == Read || f == Write || f == Update
}
