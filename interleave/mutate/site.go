package mutate

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// What lock code asks its learner is a call like the others here.
const (
	opSame sys.Op = 220 + iota // SameFile
	opLook                     // Nlink, Size or KindOf
)

// The parts of a lock's code. A thread's part is its name.
const (
	acquiring  = "acquire"
	releasing  = "release"
	converting = "convert"
)

// A site is where a call is made.
type site struct {
	part string
	op   sys.Op
	kind string // of flock, fcntl and sleep: see kindOf
	path string // of the file, as a role: "l", "l.pN"; "" where it is not known
}

// The kinds of flock and fcntl, and of a sleep that is no pause of a loop.
const (
	locks   = "lock"
	unlocks = "unlock"
	looks   = "look"
	waits   = "wait"
)

// kindOf returns what the call does, where its operation does not say.
func kindOf(c sys.Call) string {
	switch c.Op {
	case sys.OpFlock:
		if c.Flags&sys.LOCK_UN != 0 {
			return unlocks
		}
		return locks
	case sys.OpFcntl:
		switch {
		case c.Flags == sys.F_GETLK || c.Flags == sys.F_OFD_GETLK:
			return looks
		case c.Record.Type == sys.F_UNLCK:
			return unlocks
		}
		return locks
	case sys.OpSleep:
		if c.Dur > 0 {
			return waits
		}
	}
	return ""
}

// pids are numbers of processes in the names of files.
var pids = regexp.MustCompile(`p\d+`)

// role returns the path as all processes write it.
func role(path string) string { return pids.ReplaceAllString(path, "pN") }

// roleOf returns the role of the file, or of the two, that the call is about.
func (m *memory) roleOf(c sys.Call) string {
	switch c.Op {
	case sys.OpRename, sys.OpLink:
		return role(c.Path) + "-" + role(c.Path2)
	}
	return role(m.pathOf(c))
}

// pathOf returns the path of the file that the call is about.
func (m *memory) pathOf(c sys.Call) string {
	if c.Path == "" && c.FD != 0 {
		return m.names[c.FD]
	}
	return c.Path
}

// named returns what the removal is called at this site: "no-flock",
// "release-no-unlink-l.pN".
func (at site) named(removal, lockFile string) string {
	var words []string
	if at.part != acquiring {
		words = append(words, at.part)
	}
	words = append(words, strings.ReplaceAll(removal, "%s", at.op.String()))
	if at.path != "" && at.path != lockFile {
		words = append(words, strings.ReplaceAll(at.path, "/", "_"))
	}
	return strings.Join(words, "-")
}

// order puts sites in the order in which mutants are shown.
func order(a, b site) int {
	rank := func(s site) int {
		switch s.part {
		case acquiring:
			return 0
		case releasing:
			return 2
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.part, b.part), cmp.Compare(a.op, b.op),
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.path, b.path))
}
