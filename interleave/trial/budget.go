package trial

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Budget bounds what the environment may do, each kind in number. With none
// of it the environment is calm and time is timely: a clock never passes a
// deadline whose owner could run.
type Budget struct {
	Kills   int // processes killed
	Pauses  int // processes stopped for a while
	Jumps   int // times that the clocks jump while somebody could run
	Errors  int // calls that fail
	Unlinks int // times that somebody outside removes the lock file
	Walls   int // times that the wall clock jumps alone: the machine was suspended
}

func (b *Budget) fields() []budgetField {
	return []budgetField{
		{"kills", &b.Kills}, {"pauses", &b.Pauses}, {"jumps", &b.Jumps},
		{"errors", &b.Errors}, {"unlinks", &b.Unlinks}, {"walls", &b.Walls},
	}
}

type budgetField struct {
	name  string
	value *int
}

// Total returns the number of faults that the budget allows.
func (b Budget) Total() (n int) {
	for _, f := range b.fields() {
		n += *f.value
	}
	return n
}

// Of returns the budgets within b that allow n faults, those with the fewest kills
// first, then pauses and so on.
func (b Budget) Of(n int) []Budget {
	all := []Budget{{}}
	for i, f := range b.fields() {
		var more []Budget
		for _, one := range all {
			for k := range *f.value + 1 {
				next := one
				*next.fields()[i].value = k
				more = append(more, next)
			}
		}
		all = more
	}
	return slices.DeleteFunc(all, func(one Budget) bool { return one.Total() != n })
}

// Spent returns what the schedule's faults cost.
func Spent(steps []Step) (b Budget) {
	for _, s := range steps {
		if kind := b.kind(s); kind != nil {
			*kind++
		}
	}
	return b
}

// Plus returns what both budgets allow together.
func (b Budget) Plus(other Budget) Budget {
	more := other.fields()
	for i, f := range b.fields() {
		*f.value += *more[i].value
	}
	return b
}

// Within returns of the budget what the other allows as well.
func (b Budget) Within(other Budget) Budget {
	most := other.fields()
	for i, f := range b.fields() {
		*f.value = min(*f.value, *most[i].value)
	}
	return b
}

// maxBudget keeps a mistyped number from asking for a search without end.
const maxBudget = 99

// Validate says which number is out of bounds.
func (b Budget) Validate() error {
	for _, f := range b.fields() {
		if *f.value < 0 || *f.value > maxBudget {
			return fmt.Errorf("found %s=%d, wanted 0 to %d", f.name, *f.value, maxBudget)
		}
	}
	return nil
}

// String writes what is not 0, "kills=1 pauses=1", or "kills=0" for none.
func (b Budget) String() string {
	var words []string
	for _, f := range b.fields() {
		if *f.value != 0 {
			words = append(words, f.name+"="+strconv.Itoa(*f.value))
		}
	}
	if words == nil {
		return "kills=0"
	}
	return strings.Join(words, " ")
}

// ParseBudget reads what String writes.
func ParseBudget(text string) (Budget, error) {
	var b Budget
	seen := map[string]bool{}
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		f := b.field(name)
		n, err := strconv.Atoi(value)
		if f == nil || err != nil || seen[name] {
			return Budget{}, fmt.Errorf("found %q, wanted each of kills, pauses, jumps, errors, unlinks, walls at most once, as in kills=1", word)
		}
		*f, seen[name] = n, true
	}
	return b, b.Validate()
}

func (b *Budget) field(name string) *int {
	for _, f := range b.fields() {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// Spend takes from the budget what the step costs, and reports whether there
// was enough.
func (b *Budget) Spend(s Step) bool {
	kind := b.kind(s)
	if kind == nil {
		return true
	}
	*kind--
	return *kind >= 0
}

func (b *Budget) kind(s Step) *int {
	switch {
	case s.Env == Kill:
		return &b.Kills
	case s.Env == Pause:
		return &b.Pauses
	case s.Env == Jump:
		return &b.Jumps
	case s.Env == Unlinked:
		return &b.Unlinks
	case s.Env == Wall:
		return &b.Walls
	case s.Ret.Fault:
		return &b.Errors
	}
	return nil
}

// Interrupts reports whether a call that fails in that way, by the environment's
// making, may have been asked before, so that the kernel has to be told that it
// is over: one that waited, or an open that has looked whether there is a file.
func Interrupts(c sys.Call, fault sys.Errno) bool {
	return fault == sys.EINTR || fault != 0 && c.Op == sys.OpOpen && c.Flags&sys.O_EXCL != 0
}

// Faults returns the errors that the environment may make the call fail with:
// for each operation those of its man page that a lock file meets in practice.
func Faults(c sys.Call) []sys.Errno {
	switch c.Op {
	case sys.OpOpen:
		faults := []sys.Errno{sys.EACCES, sys.EMFILE}
		if c.Flags&sys.O_CREAT != 0 {
			faults = append(faults, sys.ENOSPC, sys.EROFS)
		}
		return faults
	case sys.OpDup:
		return []sys.Errno{sys.EMFILE}
	case sys.OpFlock:
		if c.Flags&(sys.LOCK_NB|sys.LOCK_UN) == 0 {
			return []sys.Errno{sys.EINTR, sys.ENOLCK}
		}
		return []sys.Errno{sys.ENOLCK}
	case sys.OpFcntl:
		switch c.Flags {
		case sys.F_GETLK, sys.F_OFD_GETLK:
			return nil
		case sys.F_SETLKW, sys.F_OFD_SETLKW:
			return []sys.Errno{sys.EINTR, sys.ENOLCK}
		}
		return []sys.Errno{sys.ENOLCK}
	case sys.OpWrite:
		return []sys.Errno{sys.ENOSPC, sys.EIO}
	case sys.OpRead, sys.OpFtruncate, sys.OpFsync, sys.OpClose:
		return []sys.Errno{sys.EIO}
	case sys.OpStat, sys.OpLstat, sys.OpRmdir, sys.OpUtimes:
		return []sys.Errno{sys.EACCES}
	case sys.OpUnlink, sys.OpRename:
		return []sys.Errno{sys.EACCES, sys.EROFS}
	case sys.OpMkdir:
		return []sys.Errno{sys.EACCES, sys.ENOSPC, sys.EROFS}
	case sys.OpLink, sys.OpSymlink:
		return []sys.Errno{sys.EACCES, sys.ENOSPC}
	}
	return nil
}
