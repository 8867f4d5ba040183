package trial

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// An Env is a kind of step of the environment's.
type Env uint8

// The environment's steps. None marks a thread's step.
const (
	None     Env = iota
	Time         // time passes because nobody could run
	Jump         // the clocks jump although somebody could
	Kill         // a process is killed
	Pause        // a process is stopped
	Resume       // and goes on
	Unlinked     // somebody outside removes the lock file
	Wall         // the wall clock jumps alone, as it does while the machine is suspended
)

// Passes reports whether the step is that a clock goes on.
func (e Env) Passes() bool { return e == Time || e == Jump || e == Wall }

// onProcess reports whether the step is done to a process.
func (e Env) onProcess() bool { return e == Kill || e == Pause || e == Resume }

// A Step is one step of a schedule.
type Step struct {
	Env Env

	Thread string // of a thread's step: "p0", "p1.a", "p0.hb"
	Call   sys.Call
	Ret    sys.Ret

	Proc int           // of Kill, Pause, Resume: the process
	Dur  time.Duration // of Time, Jump and Wall
}

// Head returns what was done, without what came of it: "p0 flock(3, LOCK_EX)".
func (s Step) Head() string {
	switch s.Env {
	case Time:
		return "time +" + sys.FormatDuration(s.Dur)
	case Jump:
		return "jump +" + sys.FormatDuration(s.Dur)
	case Wall:
		return "wall +" + sys.FormatDuration(s.Dur)
	case Kill:
		return fmt.Sprintf("kill p%d", s.Proc)
	case Pause:
		return fmt.Sprintf("pause p%d", s.Proc)
	case Resume:
		return fmt.Sprintf("resume p%d", s.Proc)
	case Unlinked:
		return "unlink " + Path + " (outside)"
	}
	return s.Thread + " " + s.Call.String()
}

// String writes the step as a case has it.
func (s Step) String() string {
	if s.Env != None {
		return s.Head()
	}
	return s.Head() + " = " + s.Ret.Format(s.Call.Op)
}

// ParseStep reads what String writes of a step of a lock's.
func ParseStep(text string) (Step, error) { return parseStep(text, sys.ParseCall) }

func parseStep(text string, parseCall func(string) (sys.Call, error)) (Step, error) {
	word, rest, _ := strings.Cut(text, " ")
	var s Step
	var err error
	switch word {
	case "time":
		s, err = timeStep(Time, rest)
	case "jump":
		s, err = timeStep(Jump, rest)
	case "wall":
		s, err = timeStep(Wall, rest)
	case "kill":
		s, err = procStep(Kill, rest)
	case "pause":
		s, err = procStep(Pause, rest)
	case "resume":
		s, err = procStep(Resume, rest)
	case "unlink":
		s = Step{Env: Unlinked}
	default:
		return threadStep(word, rest, parseCall)
	}
	if err == nil && s.String() != text {
		err = fmt.Errorf("found %q, wanted it written %q", text, s)
	}
	return s, err
}

func timeStep(env Env, rest string) (Step, error) {
	d, err := time.ParseDuration(strings.TrimPrefix(rest, "+"))
	if err != nil || d <= 0 {
		return Step{}, fmt.Errorf("found %q, wanted a duration such as +30s", rest)
	}
	return Step{Env: env, Dur: d}, nil
}

func procStep(env Env, rest string) (Step, error) {
	s := Step{Env: env}
	if _, err := fmt.Sscanf(rest, "p%d", &s.Proc); err != nil || s.Proc < 0 {
		return Step{}, fmt.Errorf("found %q, wanted a process such as p0", rest)
	}
	return s, nil
}

func threadStep(thread, rest string, parseCall func(string) (sys.Call, error)) (Step, error) {
	head, tail, ok := cutRet(rest)
	if !ok {
		return Step{}, fmt.Errorf("found %q, wanted a step such as: p0 close(3) = 0", thread+" "+rest)
	}
	c, err := parseCall(head)
	if err != nil {
		return Step{}, err
	}
	r, err := sys.ParseRet(c.Op, tail)
	return Step{Thread: thread, Call: c, Ret: r}, err
}

// cutRet cuts at the equals sign behind the call. Strings in the call or in
// the answer may contain the same characters, so quotes are minded.
func cutRet(s string) (head, tail string, ok bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(s[i:], ") = "):
			return s[:i+1], s[i+4:], true
		}
	}
	return "", "", false
}
