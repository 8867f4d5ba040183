package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

// Options say how a bench measures. The zero Options measure as the fields say.
type Options struct {
	Dir       string        // where the bench makes its directory; "": os.TempDir
	Budget    time.Duration // for a lock, about; 0: 1.2 s
	Rounds    int           // of each level, and kills; 0: 7. Fewer where they would take too long
	Processes []int         // the levels; nil: 1, 2, 4, 8
	Threshold time.Duration // what the longest duration is scaled down to for the recovery; 0: 200 ms

	// Progress, if it is set, is called before each round of a lock, with how
	// many are done of how many at most.
	Progress func(done, of int)

	// grace is how much later than ordered an answer may come; 0: 2 s. A machine
	// that is busy with other things may well stop a process for a while.
	grace time.Duration
}

// maxProcesses bounds a level: locks tell processes by 8 bits.
const maxProcesses = 64

func (o Options) filled() (Options, error) {
	if o.Budget == 0 {
		o.Budget = 1200 * time.Millisecond
	}
	if o.Rounds == 0 {
		o.Rounds = 7
	}
	if o.Processes == nil {
		o.Processes = []int{1, 2, 4, 8}
	}
	if o.Threshold == 0 {
		o.Threshold = 200 * time.Millisecond
	}
	if o.grace == 0 {
		o.grace = 2 * time.Second
	}
	for _, n := range o.Processes {
		if n < 1 || n > maxProcesses {
			return o, fmt.Errorf("found %d processes, wanted 1 to %d", n, maxProcesses)
		}
	}
	switch {
	case o.Rounds < 1 || o.Rounds > 100:
		return o, fmt.Errorf("found %d rounds, wanted 1 to 100", o.Rounds)
	case o.Budget < 0 || o.Threshold < 0:
		return o, fmt.Errorf("found a budget of %s and a threshold of %s, wanted more than nothing", o.Budget, o.Threshold)
	case len(o.Processes) == 0:
		return o, errors.New("found no number of processes, wanted one")
	}
	return o, nil
}

// A Bench measures locks, one after the other. It has a directory and processes
// of its own, which Close ends. It is for one goroutine.
type Bench struct {
	options  Options
	room     *linux.Free
	machine  Machine
	keeper   *child
	children []*child
	pids     []int // of all that were children since the lock's begin
}

// Open starts a bench's processes. They run this binary: main must begin with
// [ServeIfWorker].
func Open(o Options) (*Bench, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	room, err := linux.OpenFree(o.Dir)
	if err != nil {
		return nil, err
	}
	b := &Bench{options: o, room: room, machine: thisMachine(room.Profile())}
	if b.keeper, err = startChild(keeperArg, room.Dir()); err != nil {
		return nil, errors.Join(err, room.Close())
	}
	for range max(2, slices.Max(o.Processes)) { // the recovery needs two
		c, err := startChild(workerArg, room.Dir())
		if err != nil {
			return nil, errors.Join(err, b.Close())
		}
		b.children = append(b.children, c)
	}
	for _, c := range b.children {
		if err := c.greeted(); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// Machine tells what the bench measures on.
func (b *Bench) Machine() Machine { return b.machine }

// Close ends the processes and removes the directory, whatever they are at.
func (b *Bench) Close() error {
	for _, c := range b.children {
		c.kill()
	}
	b.children = nil
	err := b.room.Close()
	_ = b.keeper.stdin.Close() // and so it ends
	b.keeper.wait()
	return err
}

// enroll numbers the processes anew.
func (b *Bench) enroll() {
	b.pids = nil
	for _, c := range b.children {
		b.pids = append(b.pids, c.pid())
	}
}

// replace ends a child and starts another in its place.
func (b *Bench) replace(i int) error {
	b.children[i].kill()
	c, err := startChild(workerArg, b.room.Dir())
	if err != nil {
		return err
	}
	b.children[i] = c
	b.pids = append(b.pids, c.pid())
	return c.greeted()
}

// round empties the directory and has the first n children carry the order out.
func (b *Bench) round(ctx context.Context, n int, o order) ([]answer, error) {
	if _, err := b.room.Start(sys.Setup{}); err != nil {
		return nil, err
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return b.order(ctx, o, all...)
}

// start is how far ahead a round begins, a process: all shall have heard of it.
const start = 400 * time.Microsecond

// order has the children carry the order out, all at once. A child that hangs,
// or that a thread of the lock's is left in, is replaced.
func (b *Bench) order(ctx context.Context, o order, children ...int) ([]answer, error) {
	o.PIDs = b.pids
	o.At = time.Now().Add(start * time.Duration(len(children)+1)).UnixNano()
	for _, i := range children {
		if err := b.children[i].orders.Encode(o); err != nil {
			return nil, fmt.Errorf("worker %d: %w", b.children[i].pid(), err)
		}
	}
	var all []answer
	var hung error
	for _, i := range children {
		a, err := b.children[i].answer(ctx, &o, b.options.grace)
		if err != nil && !errors.Is(err, errStuck) {
			return nil, err
		}
		if err != nil {
			hung = unmeasured(fmt.Sprintf("one of %d processes does not come to the round's end: %v", len(children), err))
		}
		if a.Err != "" {
			hung = unmeasured(a.Err)
		}
		if err != nil || a.Left {
			if err := b.replace(i); err != nil {
				return nil, err
			}
		}
		all = append(all, a)
	}
	return all, hung
}
