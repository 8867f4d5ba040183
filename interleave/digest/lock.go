package digest

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// Locks knows the source of package lock.
type Locks struct {
	declared map[string][]string // by a name of the package: the texts that declare it, methods with their type
	uses     map[string][]string // and the names that stand in them
	entries  map[string]entry
}

// An entry is a lock's literal in a registry: the names that stand in it, and the
// text of what makes the lock.
type entry struct {
	uses []string
	make string
}

// ReadLocks reads the source that this program was built from.
func ReadLocks() (*Locks, error) { return readLocks(lock.Source) }

func readLocks(source fs.FS) (*Locks, error) {
	l := &Locks{declared: map[string][]string{}, uses: map[string][]string{}, entries: map[string]entry{}}
	var failed error
	err := eachFile(source, func(name string, text []byte) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			failed = fmt.Errorf("digest: %w", err)
			return
		}
		at := func(n ast.Node) string {
			return string(text[set.Position(n.Pos()).Offset:set.Position(n.End()).Offset])
		}
		for _, d := range file.Decls {
			l.read(d, at)
		}
	})
	if err == nil {
		err = failed
	}
	return l, err
}

// read takes note of a declaration.
func (l *Locks) read(d ast.Decl, at func(ast.Node) string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		l.declare(nameOf(d), d, at)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				l.declare(spec.Name.Name, spec, at)
			case *ast.ValueSpec:
				l.readEntries(spec, at)
				for _, name := range spec.Names {
					l.declare(name.Name, spec, at)
				}
			}
		}
	}
}

// nameOf returns a function's name, and of a method its type's: whoever has the
// type has its methods.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return f.Name.Name
}

func (l *Locks) declare(name string, n ast.Node, at func(ast.Node) string) {
	l.declared[name] = append(l.declared[name], at(n))
	l.uses[name] = append(l.uses[name], namesIn(n)...)
}

func namesIn(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// readEntries takes note of the entries in a registry's literal.
func (l *Locks) readEntries(spec *ast.ValueSpec, at func(ast.Node) string) {
	ast.Inspect(spec, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		name, e := "", entry{}
		for _, x := range lit.Elts {
			kv, ok := x.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch key, _ := kv.Key.(*ast.Ident); {
			case key == nil:
			case key.Name == "Name":
				if text, ok := kv.Value.(*ast.BasicLit); ok {
					name, _ = strconv.Unquote(text.Value)
				}
			case key.Name == "New":
				e.make, e.uses = at(kv.Value), namesIn(kv.Value)
			}
		}
		if name != "" && e.make != "" {
			l.entries[name] = e
		}
		return true
	})
}

// Of returns the digest of the lock: of how it is made, its settings, and all
// that its code can reach.
func (l *Locks) Of(e lock.Entry) (string, error) {
	from, known := l.entries[e.Name]
	if !known {
		return "", fmt.Errorf("digest of lock %s: found no entry for it in the source of package lock", e.Name)
	}
	h := sha256.New()
	add(h, e.Name, fmt.Appendf(nil, "%s\n%v %v %+v %+v", from.make, e.Readers, e.Waits, e.Defaults, e.Setting))
	for _, name := range l.reached(from.uses) {
		for _, text := range l.declared[name] {
			add(h, name, []byte(text))
		}
	}
	return sum(h), nil
}

// reached returns the package's names that can be come to from the given ones.
func (l *Locks) reached(from []string) []string {
	seen := map[string]bool{}
	for len(from) > 0 {
		name := from[len(from)-1]
		from = from[:len(from)-1]
		if l.declared[name] != nil && !seen[name] {
			seen[name] = true
			from = append(from, l.uses[name]...)
		}
	}
	return sorted(seen)
}
