package sys

import (
	"fmt"
	"strings"
)

// A Record is a record lock, or a wish for one: fcntl(2)'s struct flock. Start
// and Len are counted from the file's beginning (SEEK_SET); Len 0 reaches to
// the end, wherever that will be, and a negative one back from Start.
type Record struct {
	Type       int16 // F_RDLCK, F_WRLCK or F_UNLCK
	Start, Len int64

	// PID says who holds the lock that F_GETLK found: see PIDOf, or OFD. For
	// what is asked it is 0.
	PID int
}

// OFD is the PID of a lock that an open file description holds.
const OFD = -1

// PIDOf returns what F_GETLK says of locks that the process holds. Like real
// ones these numbers begin at 1, so that 0 is nobody's.
func PIDOf(proc int) int { return proc + 1 }

// FcntlFlock is fcntl(2) with one of the commands for record locks, as
// syscall.FcntlFlock: F_SETLK, F_SETLKW and F_GETLK are about locks of the
// process, and F_OFD_* about locks of f's open file description. The commands
// that end in W wait for their turn. Those that get put into r the first lock
// that stands in r's way, or set its Type to F_UNLCK.
//
// A process loses all its locks on a file by closing any descriptor of it.
func (p *Proc) FcntlFlock(f File, cmd int, r *Record) error {
	answer, err := wrap(p.host.Call(Call{Op: OpFcntl, FD: f.fd, Flags: cmd, Record: *r}), OpFcntl, f.name)
	if err == nil && (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		*r = answer.Record
	}
	return err
}

// String writes {F_WRLCK, start=0, len=0}, and at the end who holds it: p0, or
// ofd for an open file description.
func (r Record) String() string {
	holder := ""
	switch r.PID {
	case 0:
	case OFD:
		holder = ", ofd"
	default:
		holder = ", p" + itoa(int64(r.PID)-1)
	}
	return fmt.Sprintf("{%s, start=%d, len=%d%s}", recordTypes.format(int(r.Type)), r.Start, r.Len, holder)
}

// parseRecord reads what String writes. It takes more than that: the caller
// compares.
func parseRecord(text string) (Record, error) {
	words := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"), ", ")
	kind, err := recordTypes.parse(words[0])
	if err != nil {
		return Record{}, err
	}
	r := Record{Type: int16(kind)}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "start":
			r.Start, err = parseInt[int64](value, "an offset")
		case "len":
			r.Len, err = parseInt[int64](value, "a length")
		case "ofd":
			r.PID = OFD
		default:
			var proc int64
			proc, err = parseMarked(w, "p")
			r.PID = PIDOf(int(proc))
		}
		if err != nil {
			return Record{}, err
		}
	}
	return r, nil
}
