package main

import (
	"fmt"
	"io"
	"os"
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

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
