package sut_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ghostlock/ghostlock"

// floors say how high each package stands. Imports go strictly down.
var floors = map[string]int{
	"history":            0,
	"sut":                0,
	"sut/sys":            0,
	"model":              1,
	"sut/lock":           1,
	"sut/sys/sim":        1,
	"sut/sys/linux":      1,
	"sut/sys/twin":       2,
	"interleave/trial":   2,
	"interleave":         3,
	"interleave/table":   4,
	"interleave/stress":  4,
	"interleave/cost":    4,
	"interleave/explore": 4,
	"interleave/trace":   4,
	"interleave/scene":   5,
	"interleave/search":  5,
	"interleave/draw":    6,
	"interleave/digest":  6,
	"interleave/mutate":  6,
	"cmd/ghostlock":      7,

	"cmd/ghostlock/internal/quiet": 0,
	"interleave/internal/program":  3,
}

// outside says which packages may import what is neither ours nor Go's.
var outside = map[string][]string{
	"github.com/anishathalye/porcupine": {"model"},
	"golang.org/x/sys/unix":             {"sut/sys/linux", "interleave/trace"},
	"golang.org/x/tools/txtar":          {"interleave/trial"},
	"pgregory.net/rapid":                {"interleave/draw"},
	"github.com/spf13/cobra":            {"cmd/ghostlock"},
	"github.com/spf13/pflag":            {"cmd/ghostlock"},
}

// broken says which rules a package with these imports breaks.
func broken(pkg string, imports []string) []string {
	if _, ok := floors[pkg]; !ok {
		return []string{fmt.Sprintf("package %s has no floor", pkg)}
	}
	var rules []string
	for _, i := range imports {
		if rule := brokenBy(pkg, i); rule != "" {
			rules = append(rules, rule)
		}
	}
	return rules
}

func brokenBy(pkg, imported string) string {
	floor := floors[pkg]
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		below, known := floors[ours]
		switch {
		case !known:
			return fmt.Sprintf("%s imports %s, which has no floor", pkg, ours)
		case below >= floor:
			return fmt.Sprintf("%s (floor %d) imports %s (floor %d), wanted imports to go down", pkg, floor, ours, below)
		case pkg == "sut/lock" && ours != "sut/sys":
			return fmt.Sprintf("%s imports %s, wanted sut/sys alone", pkg, ours)
		}
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // Go's own
	}
	if allowed := outside[imported]; !slices.Contains(allowed, pkg) {
		return fmt.Sprintf("%s imports %s, which is for %q alone", pkg, imported, allowed)
	}
	return ""
}

// importsOf returns what a file imports.
func importsOf(name string, source any) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

// Every package has a floor, and imports what is below it and no other; of what
// is not ours each has its one place. Test files may import what they like.
func TestImportsGoDown(t *testing.T) {
	seen := map[string]bool{}
	used := map[string]bool{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		imports, err := importsOf(name, source)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		seen[pkg] = true
		for _, i := range imports {
			used[i] = true
		}
		for _, rule := range broken(pkg, imports) {
			t.Errorf("%s: %s", name, rule)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range floors {
		if !seen[pkg] {
			t.Errorf("found no package %s, but a floor for it", pkg)
		}
	}
	for i := range outside {
		if !used[i] {
			t.Errorf("found nobody who imports %s, but a place for it", i)
		}
	}
}

// The rules see what is wrong: here each file breaks one, and the last ones
// none.
func TestTheRulesSeeWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ pkg, source, wanted string }{
		{"interleave", `import "` + module + `/interleave/search"`,
			"interleave (floor 3) imports interleave/search (floor 5), wanted imports to go down"},
		{"sut/sys/sim", `import "` + module + `/sut/sys/linux"`,
			"sut/sys/sim (floor 1) imports sut/sys/linux (floor 1), wanted imports to go down"},
		{"sut/lock", `import "` + module + `/history"`, "sut/lock imports history, wanted sut/sys alone"},
		{"interleave", `import "` + module + `/util"`, "interleave imports util, which has no floor"},
		{"util", `import "fmt"`, "package util has no floor"},
		{"util", ``, "package util has no floor"},
		{"interleave/search", `import p "github.com/anishathalye/porcupine"`,
			`interleave/search imports github.com/anishathalye/porcupine, which is for ["model"] alone`},
		{"sut/sys/sim", `import _ "golang.org/x/sys/unix"`,
			`sut/sys/sim imports golang.org/x/sys/unix, which is for ["sut/sys/linux" "interleave/trace"] alone`},
		{"interleave", `import "pgregory.net/rapid"`, `interleave imports pgregory.net/rapid, which is for ["interleave/draw"] alone`},
		{"model", `import "github.com/spf13/cobra"`, `model imports github.com/spf13/cobra, which is for ["cmd/ghostlock"] alone`},
		{"model", `import "github.com/spf13/pflag"`, `model imports github.com/spf13/pflag, which is for ["cmd/ghostlock"] alone`},
		{"model", `import "example.com/left/pad"`, `model imports example.com/left/pad, which is for [] alone`},
		{"sut/lock", `import ("errors"; "` + module + `/sut/sys")`, ""},
		{"cmd/ghostlock", `import ("github.com/spf13/cobra"; "` + module + `/interleave/draw")`, ""},
	} {
		imports, err := importsOf("bad.go", "package bad\n"+c.source)
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(broken(c.pkg, imports), "\n"); found != c.wanted {
			t.Errorf("%s with %s: found %q, wanted %q", c.pkg, c.source, found, c.wanted)
		}
	}
}
