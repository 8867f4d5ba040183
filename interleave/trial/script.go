package trial

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Script is a list of calls and what a kernel must answer to each. Every
// kernel must pass the same scripts, so that what one claims the others
// confirm. As a file:
//
//	# What it shows.
//	-- kernel --
//	ext4
//	-- start --
//	l age=31s content="123"
//	-- schedule --
//	p0 open("l", O_RDWR) = 3<A>
//	p1 open("l", O_RDWR) = 3<A>
//	p0 flock(3, LOCK_EX) = 0
//	p1 flock(3, LOCK_EX) = ?
//	time +30s
//	kill p0
//	p1 flock(3, LOCK_EX) = 0
//	unlink l (outside)
//	-- state --
//	(unlinked) -> A
//	p1 3<A> LOCK_EX
//
// The sections are those of a case, in this order, and only the schedule must
// be there. The kernel section names the file system on which the answers are
// right; without it they are right on any. The last section is the state at
// the end, for kernels that can print theirs.
//
// "= ?" says that the call is asked and cannot return yet. Its thread does
// nothing else until a line has the call return; the same line again says that
// it still waits.
type Script struct {
	Name    string // the file it was read from, for errors
	Comment string
	Profile string // the file system on which the answers are right, or AnyProfile
	Start   []sys.Entry
	Steps   []Step
	State   string // at the end; empty where the script tells none

	pos func(step int) string // file:line
}

// scriptSections are those of a case that a script has before its state.
var scriptSections = []string{"kernel", "start", "schedule"}

// ParseScript reads a script. Errors begin with name:line: and say what was
// found and what was wanted.
func ParseScript(name string, text []byte) (*Script, error) {
	if err := readable(name, text, "a script"); err != nil {
		return nil, err
	}
	a := txtar.Parse(text)
	c := &Case{Name: name}
	if err := c.parseComment(string(a.Comment), 0); err != nil {
		return nil, err
	}
	s := &Script{Name: name, Comment: c.Comment}
	line, wanted := 1+strings.Count(string(a.Comment), "\n"), append(scriptSections, "state")
	for _, f := range a.Files {
		at := indexOf(wanted, f.Name)
		if at < 0 {
			return nil, fmt.Errorf("%s:%d: found section %q, wanted %s", name, line, f.Name, orNone(wanted))
		}
		wanted = wanted[at+1:]
		if f.Name == "state" {
			s.State = string(f.Data)
		} else if err := c.parseSection(sectionNamed(f.Name), string(f.Data), line); err != nil {
			return nil, err
		}
		line += 1 + strings.Count(string(f.Data), "\n")
	}
	if len(c.Steps) == 0 {
		return nil, fmt.Errorf("%s:%d: found the file's end, wanted a section \"schedule\" with steps", name, line)
	}
	s.Profile, s.Start, s.Steps, s.pos = c.Profile, c.Trial.Start, c.Steps, c.Pos
	if s.Profile == "" {
		s.Profile = AnyProfile
	}
	return s, s.validate()
}

func indexOf(list []string, s string) int {
	for i := range list {
		if list[i] == s {
			return i
		}
	}
	return -1
}

func orNone(sections []string) string {
	if len(sections) == 0 {
		return "no more sections"
	}
	return "section " + strings.Join(sections, " or ")
}

func sectionNamed(name string) section {
	for _, s := range sections {
		if s.name == name {
			return s
		}
	}
	panic("trial: no section " + name)
}

// validate refuses steps that are no kernel's, and processes that nobody makes.
func (s *Script) validate() error {
	procs := s.procs()
	for i, step := range s.Steps {
		proc, err := actor(step)
		if err == nil && int(proc) >= procs {
			err = fmt.Errorf("found p%d, wanted a process that is there or forked before", proc)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.pos(i), err)
		}
		if forks(step) {
			procs++
		}
	}
	return nil
}

// actor returns the process that the step is of, or 0 where it is of none.
func actor(step Step) (uint8, error) {
	switch step.Env {
	case Time, Unlinked:
		return 0, nil
	case Kill:
		return processOf(fmt.Sprintf("p%d", step.Proc))
	case None:
		proc, err := processOf(step.Thread)
		if err == nil {
			err = scripted(step)
		}
		return proc, err
	}
	return 0, fmt.Errorf("found %q, wanted a call, time, kill or unlink", step)
}

// forks reports whether the step makes a process.
func forks(step Step) bool { return step.Call.Op == sys.OpFork && step.Ret.Err == 0 }

func scripted(step Step) error {
	switch {
	case step.Ret.Fault:
		return fmt.Errorf("found %q, wanted an answer that a kernel gives", step)
	case step.Call.Op > sys.OpStore && !step.Call.Op.InMemory():
		return fmt.Errorf("found %q, wanted a call that a kernel carries out", step.Head())
	}
	return nil
}

// processOf returns the process of a thread "p1" or "p1.a".
func processOf(thread string) (uint8, error) {
	name, letter, lettered := strings.Cut(thread, ".")
	n, err := strconv.Atoi(strings.TrimPrefix(name, "p"))
	if err != nil || n < 0 || n >= maxClients || name != fmt.Sprintf("p%d", n) || lettered && letter == "" {
		return 0, fmt.Errorf("found thread %q, wanted one such as p0 or p0.a", thread)
	}
	return uint8(n), nil
}

// Run carries the script out on a kernel that boot makes. The error begins
// with the file and the line at which the kernel answered otherwise.
func (s *Script) Run(boot func(sys.Setup) (sys.Kernel, error)) error {
	k, err := boot(sys.Setup{Procs: s.procs(), Files: s.Start})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	r := scriptRun{kernel: k, threads: map[string]sys.TID{}, waiting: map[string]sys.Call{}}
	for i, step := range s.Steps {
		if err := r.step(step); err != nil {
			return fmt.Errorf("%s: %w", s.pos(i), err)
		}
	}
	if told, ok := k.(fmt.Stringer); ok && s.State != "" && told.String() != s.State {
		return fmt.Errorf("%s: found the state\n%swanted\n%s", s.Name, told, s.State)
	}
	return nil
}

// procs returns how many processes there are at the beginning: the first that
// is forked has the next number.
func (s *Script) procs() int {
	n := 1
	for _, step := range s.Steps {
		p, _ := actor(step)
		n = max(n, int(p)+1)
		if forks(step) {
			return min(max(n, int(step.Ret.N)), maxClients)
		}
	}
	return n
}

type scriptRun struct {
	kernel  sys.Kernel
	now     sys.Instant
	threads map[string]sys.TID
	waiting map[string]sys.Call // what each thread is asking for
}

func (r *scriptRun) step(s Step) error {
	switch s.Env {
	case Time:
		r.now = r.now.Add(s.Dur)
		return nil
	case Kill:
		for thread, id := range r.threads {
			if int(id.Proc) == s.Proc {
				delete(r.waiting, thread)
			}
		}
		return r.do(sys.Outside, sys.Call{Op: sys.OpKill, N: int64(s.Proc)}, sys.OK())
	case Unlinked:
		return r.do(sys.Outside, sys.Call{Op: sys.OpUnlink, Path: Path}, sys.OK())
	}
	if asked, waits := r.waiting[s.Thread]; waits && asked != s.Call {
		return fmt.Errorf("found %q, but %s waits in %s", s.Head(), s.Thread, asked)
	}
	if delete(r.waiting, s.Thread); s.Ret.Wait {
		r.waiting[s.Thread] = s.Call
	}
	return r.do(r.thread(s.Thread), s.Call, s.Ret)
}

// thread numbers a process's threads in the order in which they are met.
func (r *scriptRun) thread(name string) sys.TID {
	id, met := r.threads[name]
	if !met {
		id.Proc, _ = processOf(name)
		for _, other := range r.threads {
			if other.Proc == id.Proc {
				id.Thread++
			}
		}
		r.threads[name] = id
	}
	return id
}

func (r *scriptRun) do(id sys.TID, c sys.Call, wanted sys.Ret) error {
	c.At = r.now
	found := sys.Ret{Wait: true}
	if r.kernel.Ready(id, c) {
		var err error
		if found, err = r.kernel.Do(id, c); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	if found, wanted := found.Format(c.Op), wanted.Format(c.Op); found != wanted {
		return fmt.Errorf("%s: found %s, wanted %s", c, found, wanted)
	}
	return nil
}
