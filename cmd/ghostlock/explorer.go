package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// An explorer explores in a child process, because nobody can tell what lock
// code does: it may never end, or take all the memory there is. The child lives
// on from task to task until it has to be killed. It is for one goroutine.
type explorer struct {
	// How long a child may say nothing: it speaks whenever the lock's code has
	// made a call.
	silence time.Duration

	child *child
}

// newExplorer returns an explorer, still without a child.
func newExplorer() *explorer { return &explorer{silence: 30 * time.Second} }

// close ends the child.
func (x *explorer) close() {
	if x.child != nil {
		x.child.kill()
		x.child = nil
	}
}

// A child is a process that explores.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	said   chan message  // closed where it says no more
	gone   chan struct{} // closed where nobody listens
	stderr head
}

// startChild runs this binary again. It has its own session, for a terminal's
// signals are the command's to handle; its standard input tells it when the
// command is no more.
func startChild() (*child, error) {
	c := &child{said: make(chan message), gone: make(chan struct{})}
	c.cmd = exec.Command(self())
	c.cmd.Args = []string{"ghostlock", explorerArg}
	c.cmd.Env = append(os.Environ(), explorerEnv+"=1")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.cmd.Stderr = &c.stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.listen(out)
	return c, nil
}

// self returns what to run to run this program again.
func self() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe" // whatever has become of the file
	}
	return os.Args[0]
}

// listen passes on what the child says.
func (c *child) listen(out io.Reader) {
	defer close(c.said)
	for decode := json.NewDecoder(bufio.NewReader(out)); ; {
		var m message
		if decode.Decode(&m) != nil {
			return
		}
		select {
		case c.said <- m:
		case <-c.gone:
			return
		}
	}
}

// kill ends the child and returns when it is gone.
func (c *child) kill() error {
	close(c.gone)
	_ = c.cmd.Process.Kill()
	for range c.said {
		// Wait closes the pipe, so all must be read by then.
	}
	return c.cmd.Wait()
}

// resident returns how much memory the child takes, where that can be told.
func (c *child) resident() bytesize {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var all, pages int
	if _, err := fmt.Sscan(string(text), &all, &pages); err != nil {
		return 0
	}
	return bytesize(pages * os.Getpagesize())
}

// A head keeps the first bytes that are written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), max(0, 4<<10-h.Len()))])
	return len(p), nil
}

// line returns the first line.
func (h *head) line() string {
	line, _, _ := strings.Cut(h.String(), "\n")
	return line
}

// A stopped is the error of a task whose child was killed before it answered,
// and says why. Nothing more should be asked about that lock.
type stopped struct{ why string }

func (e *stopped) Error() string { return e.why }

const (
	// lookEvery is how often the explorer looks after its child.
	lookEvery = 20 * time.Millisecond
	// slack is how much more memory than it should the child may take, which
	// has a program and a garbage collector besides, before it is killed.
	slack = bytesize(256 << 20)
	// grace is how much longer than it should the child may take.
	grace = time.Second
)

// ask lets the child do the task and returns its answer. How far the child is it
// tells as it goes on. The error is a *stopped where the child was killed for
// taking too much, the context's where that ended, and otherwise the harness's
// or that of lock code which cannot be explored.
func (x *explorer) ask(ctx context.Context, t *task, told func(covered)) (*answer, error) {
	if x.child == nil {
		c, err := startChild()
		if err != nil {
			return nil, fmt.Errorf("start a process that explores: %w", err)
		}
		x.child = c
	}
	// Where the child is gone this fails, and what it said last tells why.
	_ = json.NewEncoder(x.child.in).Encode(t)
	a, err := x.attend(ctx, t, told)
	if err != nil {
		x.close()
	}
	return a, err
}

// attend listens to the child and looks after it.
func (x *explorer) attend(ctx context.Context, t *task, told func(covered)) (*answer, error) {
	w := &watch{task: t, begun: time.Now(), heard: time.Now(), silence: x.silence}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look.C:
			if err := w.over(x.child.resident()); err != nil {
				return nil, err
			}
		case m, ok := <-x.child.said:
			w.heard = time.Now()
			switch {
			case !ok:
				return nil, x.died(t)
			case m.Told != nil:
				told(*m.Told)
			case m.Answer != nil:
				return m.Answer, nil
			default:
				return nil, errors.New(m.Error)
			}
		}
	}
}

// died says how a child ended that nobody has killed.
func (x *explorer) died(t *task) error {
	err := x.child.kill()
	line := x.child.stderr.line()
	x.child = nil
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() && line == "" {
		return &stopped{fmt.Sprintf("the process that explores was ended by somebody else (%s), perhaps for want of memory", err)}
	}
	return fmt.Errorf("%s: the process that explores ended: %v: %s", t.Lock, err, line)
}

// A watch is what is known of a child at work.
type watch struct {
	task         *task
	begun, heard time.Time
	silence      time.Duration
}

// over says why the child must be killed. A child that says nothing for long is
// in lock code that makes no call.
func (w *watch) over(resident bytesize) error {
	quiet := ""
	if time.Since(w.heard) >= min(grace, w.silence) {
		quiet = ", the last of it in lock code that makes no call and does not end"
	}
	switch {
	case resident > w.task.Memory+slack:
		return &stopped{memoryUsed(w.task.Memory) + quiet}
	case time.Since(w.heard) > w.silence:
		return &stopped{fmt.Sprintf("for %s its code has made no call, and did not end", w.silence)}
	case w.task.Time > 0 && time.Since(w.begun) > w.task.Time+grace:
		return &stopped{errTime.Error() + quiet}
	}
	return nil
}
