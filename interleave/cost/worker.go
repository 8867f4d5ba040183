package cost

import (
	"encoding/gob"
	"fmt"
	"os"
	"syscall"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// How a worker knows itself: one of these arguments, and this variable, whose
// value is the bench's directory.
const (
	workerArg = "cost"
	keeperArg = "cost-keeper"
	workerEnv = "GHOSTLOCK_COST"
)

// ServeIfWorker must be among the first things that main, and TestMain, does. In
// an ordinary process it returns at once. In those that a [Bench] starts it does
// their work, and never returns; find is how they find the locks.
func ServeIfWorker(find func(string) (lock.Entry, error)) {
	dir := os.Getenv(workerEnv)
	if len(os.Args) != 2 || dir == "" {
		return
	}
	switch os.Args[1] {
	case keeperArg:
		keep(dir)
	case workerArg:
		if err := serve(dir, find); err != nil {
			fmt.Fprintf(os.Stderr, "ghostlock: worker %d: %v\n", os.Getpid(), err)
			syscall.Exit(2)
		}
	default:
		return
	}
	syscall.Exit(0) // os.Exit sleeps for a second under the race detector
}

// keep waits for the bench's end and removes its directory, until it is gone:
// workers end at the same moment, and one may just make its last file.
func keep(dir string) {
	_, _ = os.Stdin.Read(make([]byte, 1)) // nothing is ever written
	for range 10_000 {
		if os.RemoveAll(dir) == nil {
			return
		}
		linux.Yield()
	}
}

// serve carries orders out until there are no more.
func serve(dir string, find func(string) (lock.Entry, error)) error {
	kernel, err := linux.OpenShared(dir)
	if err != nil {
		return err
	}
	out := gob.NewEncoder(os.Stdout)
	if err := out.Encode(answer{}); err != nil { // so the bench knows that it is up
		return err
	}
	for o := range orders() {
		if err := out.Encode(obey(o, kernel, find, out)); err != nil {
			return err
		}
	}
	return nil
}

// orders reads what the bench sends. When that ends the process does, whatever
// it is in the middle of.
func orders() <-chan order {
	all := make(chan order)
	go func() {
		for in := gob.NewDecoder(os.Stdin); ; {
			var o order
			if in.Decode(&o) != nil {
				syscall.Exit(0)
			}
			all <- o
		}
	}()
	return all
}

// obey carries an order out from no open file, and leaves none open: whoever
// else waits for what a cut client has locked gets it then.
func obey(o order, kernel *linux.Free, find func(string) (lock.Entry, error), out *gob.Encoder) answer {
	e, err := find(o.Lock)
	if err != nil {
		return answer{Err: err.Error()}
	}
	l, err := configured(e, o.Config)
	if err != nil {
		return answer{Err: err.Error()}
	}
	begin, err := kernel.Start(sys.Setup{})
	if err != nil {
		return answer{Err: err.Error()}
	}
	kernel.Number(o.PIDs)
	t := &turn{order: o, how: lock.How{Try: !e.Waits}, kernel: kernel, begin: begin, over: make(chan struct{})}
	a := t.run(l, func() {
		_ = out.Encode(t.answer)
		<-make(chan bool) // until it is killed
	})
	if _, err := kernel.Start(sys.Setup{}); err != nil && a.Err == "" {
		a.Err = err.Error()
	}
	return a
}
