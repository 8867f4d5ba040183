package draw_test

import (
	"fmt"
	"runtime"
	"strings"
)

// listening is a rapid.TB that notes what it is told, and whether it failed.
type listening struct {
	name   string
	text   strings.Builder
	failed bool
}

func (l *listening) Helper()      {}
func (l *listening) Name() string { return l.name }
func (l *listening) Failed() bool { return l.failed }
func (l *listening) Fail()        { l.failed = true }

func (l *listening) FailNow() {
	l.failed = true
	runtime.Goexit()
}

func (l *listening) SkipNow()                     { runtime.Goexit() }
func (l *listening) Logf(f string, args ...any)   { fmt.Fprintf(&l.text, f+"\n", args...) }
func (l *listening) Log(args ...any)              { fmt.Fprintln(&l.text, args...) }
func (l *listening) Skipf(f string, args ...any)  { l.Logf(f, args...); l.SkipNow() }
func (l *listening) Skip(args ...any)             { l.Log(args...); l.SkipNow() }
func (l *listening) Errorf(f string, args ...any) { l.Logf(f, args...); l.Fail() }
func (l *listening) Error(args ...any)            { l.Log(args...); l.Fail() }
func (l *listening) Fatalf(f string, args ...any) { l.Logf(f, args...); l.FailNow() }
func (l *listening) Fatal(args ...any)            { l.Log(args...); l.FailNow() }
