package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A cell is a place in a process's memory that its threads share: a text, a
// descriptor, or a mutex that is locked. What is empty or unlocked is not kept,
// so that it is the same as what never was.
type cell struct {
	kind cellKind
	name string
	text string // of a text
	fd   int    // of a descriptor
}

type cellKind byte

const (
	aText cellKind = iota
	aDescriptor
	aMutex
)

// find returns where the process's cell is, or where it would go, and whether
// it is there. Cells are in order, so that who was first does not show.
func (p *proc) find(kind cellKind, name string) (int, bool) {
	return slices.BinarySearchFunc(p.cells, cell{kind: kind, name: name}, func(a, b cell) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return strings.Compare(a.name, b.name)
	})
}

// keep puts the cell in the place of the one of that name; an empty one is taken
// out.
func (p *proc) keep(c cell) {
	at, there := p.find(c.kind, c.name)
	empty := c.kind != aMutex && c.text == "" && c.fd == 0
	switch {
	case empty && there:
		p.drop(at)
	case empty:
	case there:
		p.cells[at] = c
	default:
		p.cells = slices.Insert(p.cells, at, c)
	}
}

func (p *proc) drop(at int) { p.cells = slices.Delete(p.cells, at, at+1) }

func (s *State) gettid(id sys.TID, _ sys.Call) sys.Ret { return sys.Ret{N: int64(id.Thread)} }

// mutexReady reports whether the mutex is free.
func (s *State) mutexReady(id sys.TID, c sys.Call) bool {
	if id == sys.Outside {
		return true
	}
	_, locked := s.procs[id.Proc].find(aMutex, c.Path)
	return !locked
}

func (s *State) mutex(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	if !s.mutexReady(id, c) {
		return sys.Ret{Wait: true}
	}
	s.procs[id.Proc].keep(cell{kind: aMutex, name: c.Path})
	return sys.OK()
}

// unmutex unlocks a mutex, whichever thread locked it.
func (s *State) unmutex(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	p := &s.procs[id.Proc]
	at, locked := p.find(aMutex, c.Path)
	if !locked {
		return sys.Fail(sys.EPERM)
	}
	p.drop(at)
	return sys.OK()
}

func (s *State) swap(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	p := &s.procs[id.Proc]
	before := ""
	if at, there := p.find(aText, c.Path); there {
		before = p.cells[at].text
	}
	p.keep(cell{kind: aText, name: c.Path, text: c.Data})
	return sys.Ret{Data: before}
}

func (s *State) put(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	s.procs[id.Proc].keep(cell{kind: aDescriptor, name: c.Path, fd: c.FD})
	return sys.OK()
}

// get answers with the number that was put, whatever has become of the
// descriptor.
func (s *State) get(id sys.TID, c sys.Call) sys.Ret {
	if id == sys.Outside {
		return sys.Fail(sys.ENOSYS)
	}
	p := &s.procs[id.Proc]
	at, there := p.find(aDescriptor, c.Path)
	if !there {
		return sys.Fail(sys.ENOENT)
	}
	fd := p.cells[at].fd
	ino, _ := s.Name(id, fd)
	return sys.Ret{N: int64(fd), Ino: ino}
}

// String tells of the cell as String tells of all.
func (c cell) String() string {
	switch c.kind {
	case aText:
		return "cell " + strconv.Quote(c.name) + " holds " + strconv.Quote(c.text)
	case aDescriptor:
		return "cell " + strconv.Quote(c.name) + " holds " + strconv.Itoa(c.fd)
	}
	return c.name + " is locked"
}
