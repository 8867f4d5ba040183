// Package trial says what is tried, and keeps what came of it.
//
// Its words:
//
//   - A [Trial] is one set-up: a lock, the start (the files that are there),
//     the clients with the workload of each, and the environment's budget.
//   - A client is one user of the lock. Clients live in processes: p0 is the
//     only client of its process, p1.a and p1.b share one.
//   - A [Step] is one step of a schedule: a thread's call with its answer, or
//     something the environment did (time passes, a process is killed).
//   - A [Case] is a trial, a schedule and a verdict in one text file.
package trial

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Path is the name of the lock file of every trial.
const Path = "l"

// A Trial is one set-up to be run under one schedule or many.
type Trial struct {
	Lock    lock.Entry
	Config  lock.Config
	Start   []sys.Entry // in the order in which they are made
	Clients []Client
	Budget  Budget
	Skew    time.Duration // how far the file server's clock is ahead of the clients'
}

// A Client is one user of the lock and what it does: the workload, with the
// trial's lock, or a program of its own.
type Client struct {
	Proc    int    // its process, from 0
	Letter  string // "a", "b", … among several clients of a process; else ""
	Work    Workload
	Program Command // nil: the workload
}

// Name returns p0, or p0.a where the process has several clients.
func (c Client) Name() string {
	if c.Letter == "" {
		return fmt.Sprintf("p%d", c.Proc)
	}
	return fmt.Sprintf("p%d.%s", c.Proc, c.Letter)
}

// Procs returns the number of processes.
func (t *Trial) Procs() int {
	n := 0
	for _, c := range t.Clients {
		n = max(n, c.Proc+1)
	}
	return n
}

// Forks returns how many processes the clients make, if all goes well: they are
// numbered behind the clients' own.
func (t *Trial) Forks() (n int) {
	for _, c := range t.Clients {
		n += c.Work.Forks()
	}
	return n
}

// Programs reports whether the clients are programs.
func (t *Trial) Programs() bool { return len(t.Clients) > 0 && t.Clients[0].Program != nil }

// Shared reports whether all clients live in one process.
func (t *Trial) Shared() bool { return t.Procs() == 1 && len(t.Clients) > 1 }

// ClientOf returns the index of the client that the thread belongs to: "p0.hb"
// is a thread of client p0. It returns -1 where there is none.
func (t *Trial) ClientOf(thread string) int {
	return slices.IndexFunc(t.Clients, func(c Client) bool {
		rest, ok := strings.CutPrefix(thread, c.Name())
		return ok && (rest == "" || rest[0] == '.')
	})
}

// Names returns the clients' names in their order.
func (t *Trial) Names() []string {
	names := make([]string, len(t.Clients))
	for i, c := range t.Clients {
		names[i] = c.Name()
	}
	return names
}

// Setup returns what a kernel needs to be booted for the trial.
func (t *Trial) Setup() sys.Setup {
	return sys.Setup{Procs: t.Procs(), Files: t.Start, Skew: t.Skew}
}

// Place numbers the clients' processes in their order: the first threads of
// them share p0, each of the others has a process of its own. 0 counts as 1.
func Place(works []Workload, threads int) []Client {
	clients := make([]Client, len(works))
	for i, w := range works {
		clients[i] = Client{Proc: max(0, i-max(threads-1, 0)), Work: w}
		if threads > 1 && i < threads {
			clients[i].Letter = string(rune('a' + i))
		}
	}
	return clients
}

// maxClients bounds a trial: history's judge keeps clients in 64 bits, and a
// process names its clients by one letter.
const maxClients = 26

// Validate says what is wrong with the trial.
func (t *Trial) Validate() error {
	if len(t.Clients) == 0 || len(t.Clients) > maxClients {
		return fmt.Errorf("found %d clients, wanted 1 to %d", len(t.Clients), maxClients)
	}
	seen := map[string]bool{}
	for _, c := range t.Clients {
		if seen[c.Name()] {
			return fmt.Errorf("found client %s twice", c.Name())
		}
		if alone := (Client{Proc: c.Proc}).Name(); c.Letter != "" && slices.Contains(t.Names(), alone) {
			return fmt.Errorf("found clients %s and %s, wanted letters for both as they share a process", alone, c.Name())
		}
		seen[c.Name()] = true
		if (c.Program != nil) != t.Programs() {
			return fmt.Errorf("found a program beside a workload, wanted one or the other of all clients")
		}
		if t.Programs() {
			if err := c.Program.validate(c); err != nil {
				return err
			}
			continue
		}
		if err := c.Work.Validate(); err != nil {
			return fmt.Errorf("workload of %s: %w", c.Name(), err)
		}
		if c.Letter != "" && c.Work.has(Daemon) {
			return fmt.Errorf("workload of %s: found daemon, wanted the client alone in its process: the others would end", c.Name())
		}
	}
	for p := range t.Procs() {
		if !slices.ContainsFunc(t.Clients, func(c Client) bool { return c.Proc == p }) {
			return fmt.Errorf("found a client in p%d and none in p%d", t.Procs()-1, p)
		}
	}
	if t.Programs() && t.Budget.Errors > 0 {
		return fmt.Errorf("found errors=%d for programs, wanted 0: their calls are not made to fail", t.Budget.Errors)
	}
	if t.Skew.Abs() > maxSkew {
		return fmt.Errorf("found skew=%s, wanted at most a day", formatSkew(t.Skew))
	}
	return t.Budget.Validate()
}

// maxSkew keeps mtimes in the years in which kernels tell them from their own.
const maxSkew = 24 * time.Hour

// Bound returns how long an acquire of that kind may take: its time-out, which is
// nothing for a try, and one poll. It is not bounded where the lock waits for
// ever.
func (t *Trial) Bound(f string) (bound time.Duration, bounded bool) {
	poll := max(t.Config.Poll, t.Config.PollMax)
	if f == history.TryLock || f == history.TryRLock || !t.Lock.Waits {
		return poll, true
	}
	return t.Config.Timeout + poll, t.Config.Timeout > 0
}
