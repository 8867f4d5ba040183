package lock_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A process runs lock code against a script: its threads are coroutines, each
// of which stops at its next call until it is told the answer.
type process struct {
	t       *testing.T
	threads []*thread
}

// A thread is a sys.Host. Its name is "" for the one that acquires and
// releases.
type thread struct {
	process *process
	name    string
	number  int64 // as OpGo answered
	yield   func(sys.Call) bool
	next    func() (sys.Call, bool)
	stop    func()

	pending *sys.Call // what it waits for; nil before it has run
	ended   bool
	answer  sys.Ret
}

// stopped is what a thread panics with that is not run to its end.
type stopped struct{}

// start makes a thread of which nothing has run yet.
func (s *process) start(name string, number int64, body func(*sys.Proc)) *thread {
	th := &thread{process: s, name: name, number: number}
	th.next, th.stop = iter.Pull(func(yield func(sys.Call) bool) {
		th.yield = yield
		defer func() {
			if r := recover(); r != nil && r != (stopped{}) {
				panic(r)
			}
		}()
		body(sys.NewProc(th))
	})
	s.threads = append(s.threads, th)
	s.t.Cleanup(th.stop)
	return th
}

// Call announces the call and returns what the script answers.
func (th *thread) Call(c sys.Call) sys.Ret {
	if !th.yield(c) {
		panic(stopped{})
	}
	return th.answer
}

// Go starts the thread when the script has answered its call.
func (th *thread) Go(c sys.Call, body func(*sys.Proc)) sys.Ret {
	r := th.Call(c)
	th.process.start(c.Path, r.N, body)
	return r
}

// run lets the thread go on to its next call or its end.
func (th *thread) run() {
	c, ok := th.next()
	th.pending, th.ended = &c, !ok
}

// where says what the thread is about to do.
func (th *thread) where() string {
	if th.pending == nil {
		th.run()
	}
	if th.ended {
		return "its end"
	}
	return th.pending.String()
}

// step answers the thread's next call, which must be the one that is scripted.
func (th *thread) step(c sys.Call, r sys.Ret) error {
	if found := th.where(); found != c.String() {
		return fmt.Errorf("%sfound %s, wanted %s", label(th.name), found, c)
	}
	if c.Op == sys.OpJoin {
		if err := th.process.mustHaveEnded(c.N); err != nil {
			return err
		}
	}
	if r.Wait {
		return nil // asked and not answered: it stays where it is
	}
	th.answer = r
	th.run()
	return nil
}

func (s *process) mustHaveEnded(number int64) error {
	for _, th := range s.threads {
		if th.name != "" && th.number == number && th.where() != "its end" {
			return fmt.Errorf("joined #%d, which is at %s", number, th.where())
		}
	}
	return nil
}

// thread returns the youngest thread of that name.
func (s *process) thread(name string) (*thread, error) {
	for i := len(s.threads) - 1; i >= 0; i-- {
		if s.threads[i].name == name {
			return s.threads[i], nil
		}
	}
	return nil, fmt.Errorf("found a call of thread %q, but no such thread was started", name)
}

// allAtEnd reports the first thread that has calls left to make.
func (s *process) allAtEnd() error {
	for _, th := range s.threads {
		if at := th.where(); at != "its end" {
			return fmt.Errorf("%sfound %s, wanted its end", label(th.name), at)
		}
	}
	return nil
}

func label(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}
