package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// progressEvery is how often the line on the terminal is written anew.
const progressEvery = 200 * time.Millisecond

// progress shows on a line of the terminal, if standard error is one, what a
// search does: line says it. The function it returns ends that and clears the
// line.
func (a *app) progress(line func(elapsed time.Duration) string) (stop func()) {
	if !isTerminal(a.stderr) {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		begin := time.Now()
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				fmt.Fprint(a.stderr, "\r\x1b[K")
				return
			case <-tick.C:
				fmt.Fprint(a.stderr, "\r\x1b[K", line(time.Since(begin)))
			}
		}
	}()
	return func() { close(done); <-ended }
}

// counted shows, until it is stopped, how many of all verdicts were counted.
func (a *app) counted(what string, all int) (count, stop func()) {
	var n atomic.Int64
	return func() { n.Add(1) }, a.progress(func(elapsed time.Duration) string {
		return fmt.Sprintf("%d of %d verdicts %s after %.0f s", n.Load(), all, what, elapsed.Seconds())
	})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
