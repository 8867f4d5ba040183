package mutate

import (
	"maps"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A memory is what a seam knows of one operation: what the lock's own code has
// done and was told since the acquire began. A release and a thread begin with a
// copy of what the acquire left, as the lock's code does.
type memory struct {
	names  map[int]string     // of each descriptor the path it was opened by
	wrote  map[string]string  // what was written to each path
	locked map[string]bool    // the files that a lock is held on
	first  map[string]sys.Ret // what each call of the part was answered first
}

func newMemory() *memory {
	return &memory{names: map[int]string{}, wrote: map[string]string{}, locked: map[string]bool{}, first: map[string]sys.Ret{}}
}

func (m *memory) clone() *memory {
	return &memory{names: maps.Clone(m.names), wrote: maps.Clone(m.wrote), locked: maps.Clone(m.locked), first: maps.Clone(m.first)}
}

// next returns the memory with which another part of the code begins.
func (m *memory) next() *memory {
	n := m.clone()
	clear(n.first)
	return n
}

// before returns what the same call of the same file was answered first.
func (m *memory) before(at site, c sys.Call) (sys.Ret, bool) {
	r, ok := m.first[m.key(at, c)]
	return r, ok
}

func (m *memory) key(at site, c sys.Call) string {
	return at.part + " " + at.op.String() + " " + at.kind + " " + m.pathOf(c)
}

// add takes a call and its answer in.
func (m *memory) add(at site, c sys.Call, r sys.Ret) {
	if key := m.key(at, c); r.Err == 0 {
		if _, known := m.first[key]; !known {
			m.first[key] = r
		}
	}
	if r.Err != 0 {
		return
	}
	path := m.pathOf(c)
	switch c.Op {
	case sys.OpOpen:
		m.names[int(r.N)] = c.Path
	case sys.OpDup:
		m.names[int(r.N)] = path
	case sys.OpGet:
		m.names[int(r.N)] = "cell-" + c.Path
	case sys.OpFlock, sys.OpFcntl:
		if at.kind != looks {
			m.locked[path] = at.kind == locks
		}
	case sys.OpWrite, sys.OpStore:
		m.wrote[path] = c.Data
	case sys.OpSymlink:
		m.wrote[path] = c.Path2
	case sys.OpLink, sys.OpRename:
		if data, known := m.wrote[c.Path]; known {
			m.wrote[c.Path2] = data
		}
	}
}
