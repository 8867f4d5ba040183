package sys

import (
	"strconv"
	"strings"
	"time"
)

// A PID is the number of a process as lock files have it. A trial's processes
// are told by their names: the text of p1's is "p1".
type PID int

// String returns what is written into a lock file.
func (n PID) String() string { return "p" + itoa(int64(n)) }

// ParsePID reads what String writes. It reports false for anything else, an
// empty file's text included.
func ParsePID(text string) (PID, bool) {
	digits, marked := strings.CutPrefix(text, "p")
	n, err := strconv.ParseUint(digits, 10, 31)
	return PID(n), marked && err == nil && PID(n).String() == text
}

// Fork is fork(2): the child has the process's descriptors, and a copy of what
// is in its memory, and runs body in its one thread. The name is for people: the
// child "child" of p0 is shown as p0.child. A child whose body has returned lives
// on, and has open what it had.
//
// The variables of body are the parent's own, and no copy: neither side changes
// what the other looks at.
func (p *Proc) Fork(name string, body func(*Proc)) error {
	_, err := wrap(p.host.Go(Call{Op: OpFork, Path: name}, body), OpFork, name)
	return err
}

// Exec is execve(2) of a program that does nothing: descriptors with O_CLOEXEC
// are closed, memory is gone, and the process's other threads are ended.
func (p *Proc) Exec() error {
	_, err := wrap(p.host.Call(Call{Op: OpExec}), OpExec, "")
	return err
}

// Exit ends the process with all its threads. It does not return.
func (p *Proc) Exit() {
	p.host.Call(Call{Op: OpExit})
	panic("sys: a thread was answered by exit")
}

// Daemonize forks, and the parent ends at once: the thread goes on in the child.
// Descriptors stay, and with them flocks and locks of open file descriptions;
// record locks of the process and its other threads go. The process keeps its
// number in the trial.
func (p *Proc) Daemonize() error {
	_, err := wrap(p.host.Call(Call{Op: OpDaemon}), OpDaemon, "")
	return err
}

// Getpid returns the number of the thread's process.
func (p *Proc) Getpid() PID { return PID(p.host.Call(Call{Op: OpGetpid}).N) }

// Gettid returns what tells the thread from the others of its process, and so,
// with [Proc.Getpid], a name from all others: the thread's number, for a client's
// own one, where the real code has a thread's id or a random number.
func (p *Proc) Gettid() int { return int(p.host.Call(Call{Op: OpGettid}).N) }

// Alive reports whether there is a process with that number, as kill(2) with
// signal 0 tells: anything but ESRCH means that there is one.
func (p *Proc) Alive(n PID) bool { return p.host.Call(Call{Op: OpAlive, N: int64(n)}).Yes() }

// Utimes sets the file's mtime to the wall clock's time plus ahead.
func (p *Proc) Utimes(path string, ahead time.Duration) error {
	return p.op(Call{Op: OpUtimes, Path: path, Dur: ahead})
}

// FlockHeld reports whether somebody holds a flock on the file that the path
// leads to, as /proc/locks tells: anybody, a reader too. That there is no such
// file is an error.
func (p *Proc) FlockHeld(path string) (bool, error) {
	r, err := p.path(Call{Op: OpLocked, Path: path})
	return r.Yes(), err
}

// Load returns what the file holds, "" where there is none: the counter that
// clients keep in it is read in one step.
func (p *Proc) Load(path string) (string, error) {
	r, err := p.path(Call{Op: OpLoad, Path: path})
	return r.Data, err
}

// Store writes the text to the file in its place, in one step. A file that is
// not there is made.
func (p *Proc) Store(path, text string) error {
	return p.op(Call{Op: OpStore, Path: path, Data: text})
}
