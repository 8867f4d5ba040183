package explore

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A token is a handle that lock code was given and can only hand back: its
// value is the state's, not the code's. Tokens are numbered along the history
// that is remembered: how many there are is bounded by nothing but memory.
type token int32

// A kind says what a token's value is, and so how it is stored.
type kind uint8

const (
	descriptor kind = iota
	inode           // a number; stat tells it, SameFile compares it
	instant         // of the wall clock: a file's mtime
	looks           // what else stat told of a file, packed
	deadline        // of the monotonic clock
	handle          // of a thread of the same process
	pause           // how long a loop sleeps next
)

// given returns the kinds of the tokens that an answer brings, in order.
func given(op sys.Op, r sys.Ret) []kind {
	if r.Err != 0 {
		return nil
	}
	switch op {
	case sys.OpOpen, sys.OpDup, sys.OpGet:
		return []kind{descriptor}
	case sys.OpStat, sys.OpLstat, sys.OpFstat:
		return []kind{inode, instant, looks}
	case sys.OpDeadline:
		return []kind{deadline}
	case sys.OpGo:
		return []kind{handle}
	case opLoop, opAgain:
		return []kind{pause}
	}
	return nil
}

// values returns the values of the tokens that an answer brings.
func values(op sys.Op, r sys.Ret) [3]int64 {
	switch op {
	case sys.OpStat, sys.OpLstat, sys.OpFstat:
		return [3]int64{int64(r.Stat.Ino.Num), int64(r.Stat.Mtime.At), pack(r.Stat)}
	case sys.OpDeadline, opLoop, opAgain:
		return [3]int64{int64(r.Time.At)}
	}
	return [3]int64{r.N}
}

// observed is what lock code learns from an answer: the answer without the
// values of its tokens, and without what the code cannot look at.
func observed(op sys.Op, r sys.Ret) sys.Ret {
	r.Ino, r.Time = sys.Ino{}, sys.Time{}
	if op != opLook {
		r.Stat = sys.Stat{}
	}
	switch op {
	case sys.OpOpen, sys.OpDup, sys.OpGet, sys.OpGo, sys.OpFork:
		r.N = 0 // 0 also where it failed
	}
	return r
}

// pack puts what Look tells of a file into one value.
func pack(s sys.Stat) int64 { return int64(s.Kind) | int64(s.Nlink)<<2 | s.Size<<16 }

func unpack(v int64) sys.Stat {
	return sys.Stat{Kind: sys.Kind(v & 3), Nlink: int(v >> 2 & (1<<14 - 1)), Size: v >> 16}
}

// An argument is a token in a call's argument.
type argument struct {
	field field
	token token
}

// maxArgs is how many tokens a call takes at most.
const maxArgs = 2

type field uint8

const (
	fieldFD field = iota
	fieldN
	fieldT
	fieldU
	fieldDur
)

// A symbol is what lock code announced, with tokens in place of values.
type symbol struct {
	call  sys.Call // arguments that are tokens are zero
	args  [maxArgs]argument
	nargs int
	ended bool // it announced nothing: it is at its end
}

// tokens follows the handles of one puppet by their serial numbers.
type tokens struct {
	kinds  []kind // of the tokens that are remembered
	serial []int  // of each serial number the token, or -1 where it is forgotten
}

// Serials begin where no descriptor does.
const firstSerial = 1000

func (t *tokens) clone() tokens {
	return tokens{kinds: slices.Clone(t.kinds), serial: slices.Clone(t.serial)}
}

// forget drops all tokens but those that are kept, the first ones.
func (t *tokens) forget(kept []kind) {
	t.kinds = t.kinds[:len(kept)]
	for i, token := range t.serial {
		if token >= len(kept) {
			t.serial[i] = -1
		}
	}
}

// lastInode is the last serial number that an inode can have.
const lastInode = math.MaxUint16

// give fills an answer's tokens with serial numbers. It returns a [Limit] where
// an inode cannot have the next one: cut off it would be another's.
func (t *tokens) give(op sys.Op, r sys.Ret) (sys.Ret, error) {
	for _, k := range given(op, r) {
		serial := firstSerial + len(t.serial)
		if k == inode && serial > lastInode {
			return r, &Limit{"the lock looks at files more often than can be followed"}
		}
		t.serial = append(t.serial, len(t.kinds))
		t.kinds = append(t.kinds, k)
		switch k {
		case descriptor, handle:
			r.N = int64(serial)
		case inode:
			r.Stat.Ino.Num = uint16(serial)
		case instant:
			r.Stat.Mtime.At = time.Duration(serial)
		case looks:
			r.Stat.Size = int64(serial)
		case deadline:
			r.Time.At = time.Duration(serial)
		case pause:
			r.Time.At = -time.Duration(serial) // no real duration is negative
		}
	}
	return r, nil
}

// symbolic puts tokens in the place of serial numbers.
func (t *tokens) symbolic(c sys.Call) (symbol, error) {
	s := symbol{call: c}
	for f := fieldFD; f <= fieldDur; f++ {
		value := f.of(&s.call)
		if !takes(c.Op, f) {
			continue
		}
		if value == 0 {
			if compared(c.Op, f) {
				return s, fmt.Errorf("lock code asks for %s with a time that no call gave it: that of a file that it was not told of", nameOf(c))
			}
			continue
		}
		if f == fieldDur {
			if value > 0 {
				continue // a duration of the code's own
			}
			value = -value
		}
		i := int(value) - firstSerial
		if i < 0 || i >= len(t.serial) {
			return s, fmt.Errorf("lock code asks for %s with a value that it made up, wanted one that a call gave it", nameOf(c))
		}
		if t.serial[i] < 0 {
			return s, fmt.Errorf("lock code asks for %s with a value that it should have forgotten: it was given in an earlier round or operation", nameOf(c))
		}
		s.args[s.nargs] = argument{f, token(t.serial[i])}
		s.nargs++
		f.set(&s.call, 0)
	}
	return s, nil
}

// nameOf returns what is called, for people.
func nameOf(c sys.Call) string {
	if silent(c.Op) {
		return announced(c)
	}
	return c.Op.String()
}

// compared reports whether the argument is a time of which it matters how long
// ago it is, so that there is none in its place. (The zero stat is one like any
// other: there is no file 0, and it has no links and no content.)
func compared(op sys.Op, f field) bool {
	return f == fieldT && (op == sys.OpOlder || op == sys.OpExpired || op == sys.OpSame) || f == fieldU && op == sys.OpSame
}

// takes reports whether the operation has a token in that argument.
func takes(op sys.Op, f field) bool {
	switch f {
	case fieldFD:
		return true
	case fieldN:
		return op == sys.OpJoin || op == sys.OpCancel
	case fieldDur:
		return op == sys.OpSleep || op == opAgain
	}
	return op == sys.OpOlder || op == sys.OpExpired || op == sys.OpSame || op == opSame || op == opLook
}

func (f field) of(c *sys.Call) int64 {
	switch f {
	case fieldFD:
		return int64(c.FD)
	case fieldN:
		return c.N
	case fieldT:
		return int64(c.T.At)
	case fieldU:
		return int64(c.U.At)
	}
	return int64(c.Dur)
}

func (f field) set(c *sys.Call, value int64) {
	switch f {
	case fieldFD:
		c.FD = int(value)
	case fieldN:
		c.N = value
	case fieldT:
		c.T.At = time.Duration(value)
	case fieldU:
		c.U.At = time.Duration(value)
	case fieldDur:
		c.Dur = time.Duration(value)
	}
}
