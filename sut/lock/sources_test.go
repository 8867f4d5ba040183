package lock_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules that make lock code a deterministic function of what its Proc
// answers, and a retry's attempts strangers to each other.
func TestSources(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "source.go" {
			continue // no lock's code
		}
		checked++
		for _, broken := range brokenRules(t, name, nil) {
			t.Error(broken)
		}
	}
	if checked < 8 {
		t.Errorf("found %d sources to check", checked)
	}
}

// The rules see what they are for.
func TestRules(t *testing.T) {
	for _, test := range []struct{ source, wanted string }{
		{`import "os"`, "imports os"},
		{`import "context"`, "imports context"},
		{`import "github.com/ghostlock/ghostlock/sut/sys/sim"`, "imports github.com/ghostlock/ghostlock/sut/sys/sim"},
		{`var c chan int`, "channel"},
		{`func f() { go f() }`, "go statement"},
		{`func f() { select {} }`, "select"},
		{`import "time"; var t = time.Now()`, "time.Now"},
		{`import x "time"; func f() { x.Sleep(1) }`, "another name"},
		{`import . "time"`, "another name"},
		{`var n int; func f() { n++ }`, "package's variable n"},
		{`var m map[int]int; func f() { m[1] = 2 }`, "package's variable m"},
		{`func f(p P) { n := 0; p.Retry(b, nil, func() error { n++; return nil }) }`, "captured n"},
		{`func f(p P) { var h H; p.Retry(b, nil, func() error { h, err := g(); h.x = 1; return err }) }`, ""},
		{`func f(p P) { var h H; p.Retry(b, nil, func() error { var err error; h, err = g(); return err }) }`, "captured h"},
		{`func f(p P) { var h H; p.Retry(b, nil, func() error { h.x.y = 1; return nil }) }`, "captured h"},
		{`func f(p P) { m := g(); p.Retry(b, nil, func() error { m[0] += 1; return nil }) }`, "captured m"},
		{`func f(p P) { h := g(); p.Retry(b, nil, func() error { *h = 1; return nil }) }`, "captured h"},
		{`func f(p P) { n := 0; p.Retry(b, nil, func() error { return g(&n) }) }`, "captured n"},
		{`func f(p P) { n := 0; p.Retry(b, nil, func() error { for n = range 3 {}; return nil }) }`, "captured n"},
		{`func f(p P) { n := 0; try := func() error { n++; return nil }; p.Retry(b, nil, try) }`, "captured n"},
		{`func f(p P) { n := 0; count := func(error) bool { n++; return n > 3 }; p.Retry(b, count, func() error { return nil }) }`, "captured n"},
		{`func f(p P) { n := 0; step := func() { n++ }; p.Retry(b, nil, func() error { step(); return nil }) }`, "captured n"},
		{`func f(p P) { n := 0; sys.Retry(p, b, nil, func() (int, error) { n = 1; return n, nil }) }`, "captured n"},
		{`func f(p P, try func() error) { p.Retry(b, nil, try) }`, "function literal"},
		{`func f(p P) { p.Retry(b, nil, attempt) }`, "function literal"},
		{`func f(p P) { p.Retry(b, nil, x.attempt) }`, "function literal"},
		{`func f(p P) { p.Retry(b, nil, func() error { n := 0; n++; return nil }) }`, ""},
		{`func f(p P) { n := 0; p.Repeat(func() bool { n++; return n < 3 }) }`, "captured n"},
		{`func f(p P) { p.Repeat(round) }`, "function literal"},
		{`func f(p P) { p.Repeat(func() bool { return p.Cancelled(d) }) }`, ""},
		{`func f(a, b S) bool { return sys.SameFile(a, b) }`, "looks at a stat by SameFile"},
		{`func f(a S) bool { return a.Nlink > 0 }`, "looks at a stat by Nlink"},
		{`func f(p P, a S) bool { return p.Nlink(a) > 0 && p.SameFile(a, a) }`, ""},
		{`func f(a, b S) bool { return a.Ino == b.Ino }`, "looks at a stat by Ino"},
		{`func f(a S) bool { return a.Mtime.At > 0 }`, "looks at a stat by At"},
		{`import "time"; const d = 3 * time.Second; func f(x time.Duration) {}`, ""},
	} {
		found := strings.Join(brokenRules(t, "test.go", "package lock; "+test.source), "; ")
		if test.wanted == "" && found != "" || !strings.Contains(found, test.wanted) {
			t.Errorf("%s\nfound %q, wanted %q", test.source, found, test.wanted)
		}
	}
}

var allowedImports = []string{
	"errors", "fmt", "io/fs", "slices", "strings", "time", "github.com/ghostlock/ghostlock/sut/sys",
}

var allowedOfTime = []string{
	"Duration", "ParseDuration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour",
}

// What a stat tells and a time is made of is asked of the Proc, so that whoever
// learns the code sees what it looks at.
var (
	hidden      = []string{"Ino", "Num", "Gen", "At", "Of", "Kind"}
	askedOfProc = []string{"SameFile", "Nlink", "Size", "KindOf"}
)

// A source is one file under the rules.
type source struct {
	files  *token.FileSet
	file   *ast.File
	broken []string
	asked  []*ast.SelectorExpr // methods of a Proc that were seen to be called
}

// brokenRules parses the file, or src if there is one, and says what is
// against the rules in it.
func brokenRules(t *testing.T, name string, src any) []string {
	t.Helper()
	s := &source{files: token.NewFileSet()}
	var err error
	if s.file, err = parser.ParseFile(s.files, name, src, 0); err != nil {
		t.Fatal(err)
	}
	s.checkImports()
	ast.Inspect(s.file, func(n ast.Node) bool {
		s.checkNode(n)
		return true
	})
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			s.checkFunction(f)
		}
	}
	return s.broken
}

func (s *source) report(n ast.Node, format string, args ...any) {
	s.broken = append(s.broken, fmt.Sprintf("%s: %s", s.files.Position(n.Pos()), fmt.Sprintf(format, args...)))
}

func (s *source) checkImports() {
	for _, i := range s.file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if !slices.Contains(allowedImports, path) {
			s.report(i, "imports %s", path)
		}
		if i.Name != nil {
			s.report(i, "imports %s by another name", path)
		}
	}
}

func (s *source) checkNode(n ast.Node) {
	switch n := n.(type) {
	case *ast.ChanType:
		s.report(n, "has a channel")
	case *ast.GoStmt:
		s.report(n, "has a go statement")
	case *ast.SelectStmt:
		s.report(n, "has a select")
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(askedOfProc, f.Sel.Name) {
			if x, ok := f.X.(*ast.Ident); !ok || x.Name != "sys" {
				s.asked = append(s.asked, f)
			}
		}
	case *ast.SelectorExpr:
		if (slices.Contains(hidden, n.Sel.Name) || slices.Contains(askedOfProc, n.Sel.Name)) && !slices.Contains(s.asked, n) {
			s.report(n, "looks at a stat by %s, wanted a question to its Proc", n.Sel.Name)
		}
		if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && x.Obj == nil && !slices.Contains(allowedOfTime, n.Sel.Name) {
			s.report(n, "uses time.%s", n.Sel.Name)
		}
	}
}

// checkFunction holds a function to the rules of state: it writes to no
// variable of the package; and if it retries, no function literal in it writes
// to a variable that it captures, and what it retries is such a literal. That
// goes for all literals in it, as one may call another.
func (s *source) checkFunction(f *ast.FuncDecl) {
	s.eachWrite(f.Body, func(x *ast.Ident) {
		if x.Obj != nil && (x.Obj.Pos() < f.Pos() || x.Obj.Pos() > f.End()) || x.Obj == nil && x.Name != "_" {
			s.report(x, "writes to the package's variable %s", x.Name)
		}
	})
	retries := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && isRetry(call) {
			retries = true
			s.checkRetry(f, call)
		}
		return true
	})
	if !retries {
		return
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if literal, ok := n.(*ast.FuncLit); ok {
			s.eachWrite(literal.Body, func(x *ast.Ident) {
				if x.Obj != nil && (x.Obj.Pos() < literal.Pos() || x.Obj.Pos() > literal.End()) {
					s.report(x, "writes to captured %s in a function that retries", x.Name)
				}
			})
		}
		return true
	})
}

func isRetry(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (f.Sel.Name == "Retry" || f.Sel.Name == "Repeat")
}

// checkRetry wants the last two arguments of Retry, giveUp and attempt, and the
// one of Repeat to be literals, or variables of f's own, whose literals are then
// in f too.
func (s *source) checkRetry(f *ast.FuncDecl, call *ast.CallExpr) {
	for _, arg := range call.Args[max(0, len(call.Args)-2):] {
		switch arg := arg.(type) {
		case *ast.FuncLit:
			continue
		case *ast.Ident:
			if arg.Name == "nil" || arg.Obj != nil && arg.Obj.Pos() > f.Body.Pos() && arg.Obj.Pos() < f.Body.End() {
				continue
			}
		}
		s.report(arg, "retries something else than a function literal")
	}
}

// eachWrite calls report with the variable of each assignment, increment and
// address in the body. An address counts as a write: who has it may.
func (s *source) eachWrite(body ast.Node, report func(*ast.Ident)) {
	write := func(e ast.Expr) {
		if x := variable(e); x != nil {
			report(x)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				write(e)
			}
		case *ast.IncDecStmt:
			write(n.X)
		case *ast.RangeStmt:
			write(n.Key)
			write(n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				write(n.X)
			}
		}
		return true
	})
}

// variable returns the variable that x.f[i] or *x is a part of; nil for what
// is part of none, a literal or a call's result.
func variable(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return variable(e.X)
	case *ast.IndexExpr:
		return variable(e.X)
	case *ast.StarExpr:
		return variable(e.X)
	case *ast.ParenExpr:
		return variable(e.X)
	}
	return nil
}
