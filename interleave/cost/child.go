package cost

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A child is the bench's side of a worker, or of the keeper.
type child struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	orders  *gob.Encoder
	answers chan answer // closed when the process is gone
}

// startChild runs this binary again.
func startChild(arg, dir string) (*child, error) {
	cmd := exec.Command("/proc/self/exe", arg)
	// What the collector takes would be measured as the lock's.
	cmd.Env = append(os.Environ(), workerEnv+"="+dir, "GOGC=800", "GOMAXPROCS=2")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = apart()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	c := &child{cmd: cmd, stdin: stdin, orders: gob.NewEncoder(stdin), answers: make(chan answer, 2)}
	go c.read(gob.NewDecoder(stdout))
	return c, nil
}

func (c *child) read(from *gob.Decoder) {
	defer close(c.answers)
	for {
		var a answer
		if from.Decode(&a) != nil {
			return
		}
		c.answers <- a
	}
}

// greeted waits until a worker is up.
func (c *child) greeted() error {
	_, err := c.answer(context.Background(), &order{At: time.Now().UnixNano()}, 10*time.Second)
	return err
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// errStuck says that a worker does not answer: it waits in a call that nobody
// ends.
var errStuck = errors.New("it hangs in a call")

// answer waits for what came of the order, for so much longer than that says.
func (c *child) answer(ctx context.Context, o *order, grace time.Duration) (answer, error) {
	late := time.NewTimer(time.Until(time.Unix(0, o.At)) + o.For + grace)
	defer late.Stop()
	select {
	case a, ok := <-c.answers:
		if !ok {
			return answer{}, fmt.Errorf("worker %d has died: does main begin with cost.ServeIfWorker?", c.pid())
		}
		return a, nil
	case <-late.C:
		return answer{}, errStuck
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
}

// kill ends the process and returns when it is gone, and with it all it held.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended by itself
	c.wait()
}

func (c *child) wait() {
	for range c.answers { // Wait wants everything read
	}
	_ = c.cmd.Wait()
}
