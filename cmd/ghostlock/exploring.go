package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// How the child that explores knows itself: this argument and this variable.
const (
	explorerArg = "explorer"
	explorerEnv = "GHOSTLOCK_EXPLORER"
)

// A finder knows locks by name.
type finder func(name string) (lock.Entry, error)

// serveIfExplorer belongs at the start of main. In the child that an explorer
// starts it does that child's work and never returns; elsewhere it returns at
// once.
func serveIfExplorer(find finder) {
	if len(os.Args) != 2 || os.Args[1] != explorerArg || os.Getenv(explorerEnv) == "" {
		return
	}
	// Lock code that calls itself for ever is to end soon, and say so.
	debug.SetMaxStack(64 << 20)
	s := &server{find: find, out: json.NewEncoder(os.Stdout)}
	for all := tasks(os.Stdin); ; {
		t := <-all
		s.do(&t)
	}
}

// tasks returns those that come in. The input's end means that nobody waits for
// an answer any more; so it ends the process, whatever lock code is doing.
func tasks(in io.Reader) <-chan task {
	c := make(chan task)
	go func() {
		for decode := json.NewDecoder(in); ; {
			var t task
			if err := decode.Decode(&t); err != nil {
				os.Exit(0)
			}
			c <- t
		}
	}()
	return c
}

// A server does tasks, in the child.
type server struct {
	find finder
	out  *json.Encoder
	code *explore.Code         // of the lock of the last task
	name string                // and its name and config
	done map[string]*exploring // trials of that lock, by all that makes them
}

// do answers the task. An answer that cannot be written has no reader, so that
// the input ends as well.
func (s *server) do(t *task) {
	debug.SetMemoryLimit(int64(t.Memory))
	ctx := context.Background()
	if t.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, t.Time, errTime)
		defer cancel()
	}
	a, err := s.answer(ctx, t)
	if err != nil {
		_ = s.out.Encode(message{Error: err.Error()})
		return
	}
	_ = s.out.Encode(message{Answer: a})
}

// answer explores the task's trials one after the other until one of them
// violates the property, or to the end where the task says so.
func (s *server) answer(ctx context.Context, t *task) (*answer, error) {
	entry, err := s.find(t.Lock)
	if err != nil {
		return nil, err
	}
	if name := t.Lock + " " + t.Config.String(); s.name != name {
		s.code, s.name, s.done = explore.NewCode(entry, t.Config), name, map[string]*exploring{}
	}
	all := &sum{task: t}
	for i, p := range t.Plans {
		e := &exploring{server: s, task: t, at: covered{Trial: i, Begun: true, Switches: -1}}
		if err := e.run(ctx, entry, p); err != nil {
			return nil, named(t.Lock, err)
		}
		all.add(e)
		if all.violated && !t.KeepGoing || ctx.Err() != nil {
			break
		}
	}
	return all.answer(s.code.Runs()), nil
}

// stored returns how much of the memory the states may take. The rest is for
// tables while they grow, and for garbage.
func stored(memory bytesize) int { return int(memory / 4 * 3) }

// named returns the error with the lock's name at its head.
func named(name string, err error) error {
	if strings.HasPrefix(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
